"""Does a change make exactly the rules it says, and a refused one none?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.contracts import Decision, RuleChange, RuleRecord, Snooze, rule_record_key
from job.engine.intake import Unreadable
from job.engine.rule_set import SNOOZE_LIMIT, RuleSet
from job.engine.window_engine import EntityState, WindowEngine
from job.rules.discovery import rule_classes
from job.rules.example import example_swipe
from job.rules.parameters import DEFAULT_FILE, load_rules, read_tables
from tests.job.engine.conftest import KEY, Bench

TABLES = read_tables(DEFAULT_FILE)
FILE = RuleSet(TABLES)
SIGNED: dict[str, Any] = {"author": "somebody", "changed_ms": 1}


def change(rule: str = "velocity", version: int = 1, **fields: Any) -> RuleChange:
    return RuleChange(rule=rule, version=version, change_id=f"c{version}", **SIGNED, **fields)


def snooze(entity_type: Any = "card", entity_id: str = KEY, **fields: Any) -> Snooze:
    named = {"version": 1, "change_id": "z", "until_ms": 10_000, **fields}
    return Snooze(entity_type=entity_type, entity_id=entity_id, **SIGNED, **named)


def after(rules: RuleSet, *records: RuleRecord) -> RuleSet:
    for record in records:
        rules = rules.with_record(rule_record_key(record), msgspec.json.encode(record))
    return rules


def refusal(rules: RuleSet, record: RuleRecord) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        after(rules, record)
    return refused.value


def parameters(rules: RuleSet, name: str) -> Any:
    return next(rule.parameters for rule in rules.every_rule if rule.name == name)


def names(rules: RuleSet) -> set[str]:
    return {rule.name for rule in rules.in_force.rules}


# Without changes


def test_without_changes_the_rules_are_those_of_the_parameter_file() -> None:
    assert [r.name for r in FILE.in_force.rules] == [r.name for r in load_rules()]
    assert [r.parameters for r in FILE.in_force.rules] == [r.parameters for r in load_rules()]


def test_without_changes_no_decision_names_a_version() -> None:
    assert FILE.in_force.version == ""


# A change


def test_what_a_change_leaves_out_has_the_files_value_not_the_changes_before() -> None:
    first = after(FILE, change(parameters={"swipes": 9, "window_ms": 1_000}))
    second = after(first, change(version=2, parameters={"swipes": 9}))
    assert parameters(first, "velocity").window_ms == 1_000
    assert parameters(second, "velocity").window_ms == TABLES["velocity"]["window_ms"]


@pytest.mark.parametrize(
    ("mode", "enabled", "shadow"),
    [("active", True, False), ("shadow", True, True), ("paused", False, False)],
)
def test_a_mode_says_whether_a_rule_judges_and_acts(mode: Any, enabled: bool, shadow: bool) -> None:
    changed = parameters(after(FILE, change(mode=mode)), "velocity")
    assert (changed.enabled, changed.shadow) == (enabled, shadow)


def test_a_rule_that_is_off_in_the_file_can_be_activated() -> None:
    off = RuleSet({"velocity": {"enabled": False}})
    assert "velocity" not in names(off)
    assert "velocity" in names(after(off, change(mode="active")))


def test_a_record_without_value_takes_the_rule_back_to_the_file() -> None:
    rules = after(FILE, change(parameters={"swipes": 9})).with_record("velocity", b"")
    assert rules == FILE
    assert rules.version == FILE.version


def test_a_paused_rule_does_not_shorten_what_is_remembered_of_a_card() -> None:
    paused = FILE
    for name in rule_classes():
        paused = after(paused, change(name, mode="paused"))
    assert paused.in_force.rules == ()
    assert paused.in_force.lookback_ms == FILE.in_force.lookback_ms


def test_the_version_tells_two_sets_apart_and_the_same_rules_alike() -> None:
    first = after(FILE, change(parameters={"swipes": 9}))
    assert first.version != FILE.version
    assert first.in_force.version == first.version
    same = after(FILE, change(version=7, parameters={"swipes": 9}, note="again"))
    assert same.version == first.version


# What is refused


@pytest.mark.parametrize(
    ("wrong", "reason", "said"),
    [
        (change(parameters={"swipes": 1}), "rule_change", "velocity.swipes: Expected `int` >= 2"),
        (change(parameters={"swipe": 9}), "rule_change", "unknown field `swipe`"),
        (change(parameters={"swipes": "9"}), "rule_change", "velocity.swipes: Expected `int`"),
        (change(parameters={"shadow": True}), "rule_change", "velocity.shadow: is said by mode"),
        (change("velocit"), "rule_change", "did you mean 'velocity'?"),
        (
            change("bin_attack", parameters={"window_ms": 1_000}),
            "rule_change",
            "bin_attack.window_ms: cannot change while the job runs",
        ),
    ],
)
def test_a_wrong_change_is_refused_with_its_field(
    wrong: RuleChange, reason: str, said: str
) -> None:
    refused = refusal(FILE, wrong)
    assert refused.reason == reason
    assert said in refused.detail


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "not_json"),
        (b"\xff", "not_utf8"),
        (b"{}", "contract"),
        (b'{"record":"rule","v":2}', "unknown_version"),
        (msgspec.json.encode(change("bin_attack")), "key_mismatch"),
    ],
)
def test_what_is_no_record_of_its_key_is_refused(value: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        FILE.with_record("velocity", value)
    assert refused.value.reason == reason


def test_an_older_change_is_refused_and_the_same_again_is_nothing() -> None:
    newest = change(version=2, parameters={"swipes": 9})
    rules = after(FILE, newest)
    assert "version: 1 is not above 2" in refusal(rules, change(version=1)).detail
    assert after(rules, newest) is rules


def test_there_is_a_limit_to_snoozes_and_not_to_their_renewal() -> None:
    full = RuleSet(TABLES, snoozed={f"snooze|card|{n}": snooze() for n in range(SNOOZE_LIMIT - 1)})
    full = after(full, snooze())
    assert "snoozes stand already" in refusal(full, snooze(entity_id="more")).detail
    after(full, snooze(version=2, change_id="later", until_ms=20_000))


CHANGES = st.builds(
    change,
    rule=st.sampled_from([*rule_classes(), "no_rule"]),
    version=st.integers(1, 4),
    mode=st.sampled_from(["active", "shadow", "paused"]),
    parameters=st.dictionaries(
        st.sampled_from(["weight", "swipes", "window_ms", "z", "cards", "enabled"]),
        st.integers(-1, 100) | st.floats(0, 1) | st.text(max_size=3),
        max_size=3,
    ),
)
SNOOZES = st.builds(
    snooze,
    entity_type=st.sampled_from(["card", "merchant"]),
    entity_id=st.sampled_from(["a", "b"]),
    version=st.integers(1, 4),
)
RECORDS = st.one_of(CHANGES, SNOOZES).map(lambda r: (rule_record_key(r), msgspec.json.encode(r)))
WITHDRAWN = st.sampled_from(["velocity", "bin_attack", "snooze|card|a"]).map(lambda k: (k, b""))
ANYTHING = st.tuples(st.sampled_from(["velocity", "x"]), st.binary(max_size=40))


@settings(deadline=None)
@given(st.lists(RECORDS | WITHDRAWN | ANYTHING, max_size=20))
def test_a_restart_finds_the_rules_that_the_accepted_records_had_made(
    stream: list[tuple[str, bytes]],
) -> None:
    """And what is refused changes nothing: the broadcast state holds the accepted ones alone."""
    rules, accepted = FILE, {}
    for key, value in stream:
        before = rules
        try:
            rules = rules.with_record(key, value)
        except Unreadable:
            assert rules is before
            continue
        if rules is not before:
            accepted[key] = value
    restored, refused = FILE.restored((key, value) for key, value in accepted.items() if value)
    assert refused == {}
    assert restored == rules
    assert restored.version == rules.version
    assert restored.in_force.snoozed_until_ms == rules.in_force.snoozed_until_ms


def test_what_a_restarted_job_no_longer_allows_is_named_and_the_rest_stands() -> None:
    good, bad = change("amount_outlier", parameters={"z": 5.0}), change(parameters={"swipes": 1})
    records = [(each.rule, msgspec.json.encode(each)) for each in (good, bad)]
    rules, refused = FILE.restored(records)
    assert parameters(rules, "amount_outlier").z == 5.0
    assert set(refused) == {"velocity"}


# In the engine


def last_decision(bench: Bench, first_ms: int = 0) -> tuple[Decision, int]:
    """Six swipes within six seconds: the sixth's decision, and its alerts."""
    outputs = []
    for number in range(6):
        time_ms = first_ms + 1_000 * number
        swipe = example_swipe(swipe_id=f"s{time_ms}", event_time_ms=time_ms)
        outputs = bench.send(msgspec.json.encode(swipe), time_ms)
    decision = msgspec.json.decode(outputs[0].value, type=Decision)
    return decision, sum(output.topic == "alerts" for output in outputs)


def test_a_pause_counts_from_the_next_swipe_on(bench: Bench) -> None:
    assert last_decision(bench)[0].rules == ["velocity"]
    paused = after(FILE, change(mode="paused"))
    bench.engine.use(paused.in_force)
    decision, alerts = last_decision(bench, first_ms=10_000)
    assert (decision.rules, alerts) == ([], 0)
    assert decision.rules_version == paused.version
    bench.engine.use(FILE.in_force)
    # The card's swipes were remembered meanwhile.
    assert last_decision(bench, first_ms=20_000)[0].rules == ["velocity"]


@pytest.mark.parametrize("quiet", [snooze(), snooze("merchant", "example-shop")])
def test_a_snooze_holds_alerts_back_until_its_event_time_and_counts_them(
    bench: Bench, quiet: Snooze
) -> None:
    bench.engine.use(after(FILE, quiet).in_force)
    decision, alerts = last_decision(bench)
    assert (decision.rules, decision.action, decision.snoozed) == (["velocity"], "clear", True)
    assert decision.score > 0
    assert alerts == 0
    assert bench.engine.detector.snoozed_alerts == 1
    decision, alerts = last_decision(bench, first_ms=quiet.until_ms - 5_000)
    assert (decision.snoozed, alerts) == (False, 1)


def test_a_snooze_of_another_card_is_none_of_this_ones(bench: Bench) -> None:
    bench.engine.use(after(FILE, snooze(entity_id="another")).in_force)
    assert last_decision(bench)[1] == 1


def attacked(engine: WindowEngine, cards: range, entity: EntityState) -> list[Any]:
    written = []
    for card in cards:
        swipe = example_swipe(swipe_id=f"s{card}", entry_mode="ecommerce", response_code="14")
        rule = load_rules()[[r.name for r in load_rules()].index("bin_attack")]
        observation = rule.observe(msgspec.structs.replace(swipe, card_token=f"c{card}"))  # type: ignore[attr-defined]
        written += engine.process(observation, -1, entity)
    return written


def test_a_rule_across_cards_takes_a_threshold_over_into_its_open_windows(bench: Bench) -> None:
    engine = WindowEngine(load_rules(), bench.engine.settings, bench.engine.topics)
    entity = EntityState()
    assert attacked(engine, range(4), entity) == []
    engine.use(after(FILE, change("bin_attack", parameters={"cards": 5})).in_force)
    (alert,) = attacked(engine, range(4, 6), entity)
    assert msgspec.json.decode(alert.value)["findings"][0]["value"] == 5


def test_a_paused_rule_across_cards_drops_what_is_under_way(bench: Bench) -> None:
    engine = WindowEngine(load_rules(), bench.engine.settings, bench.engine.topics)
    engine.use(after(FILE, change("bin_attack", mode="paused")).in_force)
    assert attacked(engine, range(20), EntityState()) == []
    assert engine.counts["unasked"] == 20


def test_a_snoozed_merchant_is_not_alerted_on_across_cards(bench: Bench) -> None:
    engine = WindowEngine(load_rules(), bench.engine.settings, bench.engine.topics)
    engine.use(after(FILE, snooze("merchant", "example-shop")).in_force)
    assert attacked(engine, range(20), EntityState()) == []
    assert engine.counts["snoozed_alert"] == 1
