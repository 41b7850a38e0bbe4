"""A state that counts otherwise than the replay is noticed, and nothing else is taken for one."""

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.card_ledger import card_ledger
from evaluation.history import load_history
from evaluation.judges.delivery import Delivery
from evaluation.thresholds import load_thresholds
from job.contracts import Decision

BOTH = ("uncommitted", "committed")
THRESHOLDS = load_thresholds()


@pytest.fixture
def small(record):
    return record(60)


def judged(recording):
    return Delivery().judge(load_history(recording.write()), THRESHOLDS).result


def figures(result):
    return {figure.name: figure.value for figure in result.figures}


def counts_of(recording, card):
    """Index among the decisions, and count, of each judged decision of a card."""
    said = [msgspec.json.decode(r["value"], type=Decision) for r in decisions(recording)]
    return [(i, d.card_count) for i, d in enumerate(said) if d.card_token == card and d.card_count]


def decisions(recording):
    return recording.rows("decisions", "committed")


def count(recording, index, value):
    """Let one decision have another count; None for none at all."""
    row = decisions(recording)[index]
    said = msgspec.json.decode(row["value"], type=Decision)
    changed = msgspec.structs.replace(said, card_count=value)
    recording.change("decisions", index, msgspec.json.encode(changed))


def leave_out_counts(rows):
    for row in rows:
        if row["topic"] == "decisions":
            said = msgspec.json.decode(row["value"])
            said.pop("card_count", None)
            row["value"] = msgspec.json.encode(said)


def test_counts_that_are_those_of_the_replay_pass_with_what_that_proves(small):
    result = judged(small)
    assert result.verdict == "pass"
    assert result.reason.endswith("the ledger right of all 5 cards, 5 of which swiped again")
    found = figures(result)
    assert (found["ledger_cards"], found["ledger_wrong"], found["ledger_miscounted"]) == (5, 0, 0)
    assert result.figure("ledger_wrong").note == "0 of 5; the true share is below 6.0e-01 (95%)"


@pytest.mark.parametrize(("by", "how"), [(-1, "lost"), (1, "doubled")])
def test_an_update_that_the_state_lost_or_doubled_is_noticed_by_the_ledger_alone(small, by, how):
    own = counts_of(small, "card1")
    for index, value in own[5:]:
        count(small, index, value + by)
    result = judged(small)
    assert result.verdict == "fail"
    assert result.reason == "the counts of 1 of 5 cards are not those of the replay"
    found = figures(result)
    assert (found["ledger_wrong"], found["ledger_miscounted"]) == (1, len(own) - 5)
    assert [found[n] for n in ("missing", "repeated", "unexpected", "different")] == [0] * 4


def test_the_example_shows_the_counts_where_they_leave_the_replay(small):
    own = counts_of(small, "card1")
    for index, value in own[5:]:
        count(small, index, value - 1)
    history = load_history(small.write())
    (fault,) = card_ledger(history, history.expected).faults
    assert (fault.kind, fault.key) == ("ledger", "card1")
    first = msgspec.json.decode(decisions(small)[own[5][0]]["value"], type=Decision)
    assert (fault.source_partition, fault.source_offset) == (first.partition, first.offset)
    assert fault.detail.endswith(f"1 2 3 4 5 5 6 7 8 9 10 11; owed 1 to {len(own)}")


def test_cards_in_which_a_lost_update_could_show_are_counted_apart(record):
    found = figures(judged(record(7)))
    assert (found["ledger_cards"], found["ledger_cards_again"]) == (5, 2)


def test_a_state_that_began_anew_is_noticed(small):
    for index, value in counts_of(small, "card3")[4:]:
        count(small, index, value - 4)
    assert figures(judged(small))["ledger_wrong"] == 1


def test_a_decision_that_is_lost_leaves_a_gap_and_the_state_no_worse(small):
    small.drop("decisions", counts_of(small, "card1")[5][0], BOTH)
    found = figures(judged(small))
    assert (found["ledger_wrong"], found["ledger_miscounted"]) == (1, 0)


def test_the_last_decision_of_a_card_is_missed_too(small):
    small.drop("decisions", counts_of(small, "card1")[-1][0], BOTH)
    assert figures(judged(small))["ledger_wrong"] == 1


def test_a_card_without_any_decision_has_no_ledger(small):
    own = [index for index, _ in counts_of(small, "card1")]
    for index in reversed(own):
        small.drop("decisions", index, BOTH)
    found = figures(judged(small))
    assert (found["ledger_cards"], found["ledger_wrong"]) == (5, 1)


def test_a_decision_that_came_twice_has_its_count_twice(small):
    row = decisions(small)[counts_of(small, "card1")[5][0]]
    small.emit("decisions", row["value"], row["partition"])
    found = figures(judged(small))
    assert (found["ledger_wrong"], found["ledger_miscounted"]) == (1, 0)


def test_what_only_an_uncommitted_reader_saw_is_in_no_ledger(small):
    row = decisions(small)[counts_of(small, "card1")[5][0]]
    small.emit("decisions", row["value"], row["partition"], views=("uncommitted",))
    assert figures(judged(small))["ledger_wrong"] == 0


@pytest.mark.parametrize(("harm", "verdict"), [("missing", "inconclusive"), ("state", "fail")])
def test_a_run_cut_short_excuses_what_has_not_come_and_no_wrong_count(small, harm, verdict):
    small.job["complete"] = False
    last, value = counts_of(small, "card1")[-1]
    if harm == "missing":
        small.drop("decisions", last, BOTH)
    else:
        count(small, last, value - 1)
    assert judged(small).figure("ledger_wrong").verdict == verdict


def test_a_job_of_ours_that_leaves_out_its_counts_is_inconclusive(small):
    leave_out_counts(small.observed)
    result = judged(small)
    assert result.verdict == "inconclusive"
    assert "decisions have no card_count" in result.reason


@pytest.mark.parametrize("whose", ["another's", "recorded before"])
def test_where_no_counts_are_owed_the_ledger_says_that_nobody_looked(small, whose):
    leave_out_counts(small.observed)
    if whose == "another's":
        small.job["external"] = True
    else:
        leave_out_counts(small.expected)
    result = judged(small)
    assert result.verdict == "pass"
    assert result.reason.endswith("the card ledger not checked")
    figure = result.figure("ledger_wrong")
    assert (figure.value, figure.verdict) == (None, "inconclusive")
    assert figure.note.startswith("not checked")


def test_counts_are_checked_from_where_an_older_job_was_replaced(small):
    """Its state had the count, its decisions did not."""
    for index, _ in counts_of(small, "card1")[:5] + counts_of(small, "card2"):
        count(small, index, None)
    found = figures(judged(small))
    assert (found["ledger_cards"], found["ledger_wrong"]) == (4, 0)
    assert found["ledger_uncounted"] == 5 + len(counts_of(small, "card0")) - 1
    count(small, counts_of(small, "card1")[0][0], 1)
    assert figures(judged(small))["ledger_wrong"] == 1


def test_a_job_that_leaves_out_source_positions_is_checked_all_the_same(small):
    for row in small.rows("decisions"):
        said = msgspec.json.decode(row["value"])
        del said["partition"], said["offset"]
        row["value"] = msgspec.json.encode(said)
    found = figures(judged(small))
    assert (found["ledger_cards"], found["ledger_wrong"], found["ledger_miscounted"]) == (5, 0, 0)


def test_a_repeat_of_a_job_that_leaves_out_the_fate_is_in_no_ledger(small):
    for row in small.rows("decisions"):
        said = msgspec.json.decode(row["value"])
        del said["fate"]
        row["value"] = msgspec.json.encode(said)
    found = figures(judged(small))
    assert (found["ledger_cards"], found["ledger_wrong"]) == (5, 0)
    assert "ledger_uncounted" not in found


def test_a_judgement_of_what_was_no_swipe_to_judge_is_a_miscount(small):
    """As of a state that forgot an id and takes its repeat for a new swipe."""
    repeat = next(i for i, r in enumerate(decisions(small)) if b'"repeat"' in r["value"])
    said = msgspec.json.decode(decisions(small)[repeat]["value"], type=Decision)
    changed = msgspec.structs.replace(said, fate="judged", card_count=2)
    small.change("decisions", repeat, msgspec.json.encode(changed))
    found = figures(judged(small))
    assert (found["ledger_wrong"], found["ledger_miscounted"] > 0) == (1, True)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    changed=st.dictionaries(st.integers(0, 27), st.integers(1, 8), max_size=4),
    dropped=st.sets(st.integers(0, 27), max_size=3),
    doubled=st.sets(st.integers(0, 27), max_size=3),
)
def test_a_card_is_wrong_exactly_where_its_counts_are_not_1_to_n(record, changed, dropped, doubled):
    recording = record(30)
    owed = {card: len(counts_of(recording, card)) for card in map("card{}".format, range(5))}
    for index, value in changed.items():
        if b'"repeat"' not in decisions(recording)[index]["value"]:
            count(recording, index, value)
    rows = decisions(recording)
    for index in doubled:
        recording.emit("decisions", rows[index]["value"], rows[index]["partition"])
    gone = {(rows[index]["partition"], rows[index]["offset"]) for index in dropped}
    recording.observed = [
        row
        for row in recording.observed
        if row["topic"] != "decisions" or (row["partition"], row["offset"]) not in gone
    ]
    # By hand: as a reader of the topic would keep the ledger.
    read = {card: [] for card in owed}
    for row in sorted(decisions(recording), key=lambda r: (r["partition"], r["offset"])):
        said = msgspec.json.decode(row["value"], type=Decision)
        if said.fate == "judged":
            read[said.card_token].append(said.card_count)
    wrong = sum(read[card] != list(range(1, n + 1)) for card, n in owed.items())
    history = load_history(recording.write())
    ledger = card_ledger(history, history.expected)
    assert (ledger.cards, ledger.wrong) == (5, wrong)
    assert ledger.behind <= ledger.wrong
