"""Is what the sender's client wrote twice told from what somebody else wrote?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from evaluation.fault_record import FAULTS_FILE, FaultRecord
from evaluation.history import load_history
from evaluation.judges.delivery import Delivery
from evaluation.thresholds import load_thresholds
from tests.evaluation.conftest import REPEAT, REPEATED


@pytest.fixture
def small(record):
    """A run; of the second writing of one swipe nobody reported the delivery."""
    recording = record(60)
    (place,) = (row for row in recording.sends if row["index"] == REPEAT)
    recording.sends.remove(place)
    recording.place = (place["partition"], place["offset"])
    (recording.original,) = (row for row in recording.sends if row["index"] == REPEATED)
    return recording


def judged(
    recording: Any, *broken: tuple[str, bool], after_ns: int = 0, for_ns: int = 10**9
) -> Any:
    """By the judge, with faults of a name that landed or did not, so long after the original."""
    folder = recording.write()
    invoked_ns = recording.original["actual_ns"] + after_ns
    faults = [
        FaultRecord(
            fault=name,
            landed=landed,
            invoked_monotonic_ns=invoked_ns,
            running_monotonic_ns=invoked_ns + for_ns,
        )
        for name, landed in broken
    ]
    (folder / "history" / FAULTS_FILE).write_bytes(msgspec.json.encode(faults))
    return Delivery().judge(load_history(folder), load_thresholds())


def figures(outcome: Any) -> dict[str, Any]:
    return {figure.name: figure.value for figure in outcome.result.figures}


@pytest.mark.parametrize("fault", ["kafka_kill", "kafka_pause"])
def test_while_the_broker_was_away_it_is_the_client_s_and_the_job_is_judged_on_it(small, fault):
    outcome = judged(small, ("taskmanager_kill", True), (fault, True))
    assert outcome.result.verdict == "pass", outcome.result.reason
    found = figures(outcome)
    assert (found["sent_again"], found["on_topic_not_delivered"]) == (1, 0)
    assert (found["sent"], found["fate_repeat"]) == (60, 1)


def test_that_the_job_did_not_answer_it_is_a_fail(small):
    rows = small.rows("decisions", "committed")
    repeat = next(n for n, row in enumerate(rows) if b'"repeat"' in row["value"])
    small.drop("decisions", repeat, ("uncommitted", "committed"))
    assert judged(small, ("kafka_kill", True)).result.verdict == "fail"


@pytest.mark.parametrize("broken", [(), (("kafka_kill", False),), (("taskmanager_kill", True),)])
def test_without_such_a_fault_it_is_inconclusive(small, broken):
    outcome = judged(small, *broken)
    assert outcome.result.verdict == "inconclusive"
    assert "1 on it were not reported as delivered" in outcome.result.reason
    assert figures(outcome)["sent_again"] == 0


def test_what_is_no_copy_is_somebody_else_s(small):
    for row in small.sent:
        if (row["partition"], row["offset"]) == small.place:
            row["value"] += b" "
    outcome = judged(small, ("kafka_kill", True))
    assert outcome.result.verdict == "inconclusive"
    assert (figures(outcome)["sent_again"], figures(outcome)["on_topic_not_delivered"]) == (0, 1)


@pytest.mark.parametrize(
    "moments",
    [
        # It was confirmed 2 ms after it was sent, before the broker went away.
        {"after_ns": 3_000_000},
        # It was sent when all ran again.
        {"after_ns": -(10**9), "for_ns": 10**9 - 1},
    ],
)
def test_a_copy_of_what_was_not_on_its_way_then_is_somebody_else_s(small, moments):
    assert judged(small, ("kafka_kill", True), **moments).result.verdict == "inconclusive"


def test_a_record_excuses_one_copy_of_itself(small):
    other = next(row for row in small.sends if row["index"] not in (REPEAT, REPEATED))
    small.sends.remove(other)
    original = next(
        row["value"] for row in small.sent if (row["partition"], row["offset"]) == small.place
    )
    for row in small.sent:
        if (row["partition"], row["offset"]) == (other["partition"], other["offset"]):
            row["value"] = original
    found = figures(judged(small, ("kafka_kill", True)))
    assert (found["sent_again"], found["on_topic_not_delivered"]) == (1, 1)
