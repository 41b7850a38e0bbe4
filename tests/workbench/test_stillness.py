"""When is another job taken for done, and when not?"""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from confluent_kafka import KafkaException

from evaluation.collect import STATUS_FILE
from evaluation.collect_status import CollectStatus, ViewStatus
from workbench import stillness

VIEW = ViewStatus(records=10, by_topic={"decisions": 10}, last_received_ns=1, behind=0)


def write_status(history: Path, **changes: Any) -> None:
    status = CollectStatus(
        phase="collecting",
        complete=True,
        # As if it were said a while after the last swipe.
        time_ns=time.monotonic_ns() + 60 * 10**9,
        views={"uncommitted": VIEW, "committed": VIEW},
        ends={},
        stable={},
        open_transaction_records=0,
        still_for_ms=60_000,
        swipes_end=10,
        round_trips=0,
        problems=[],
        cpu_s=0.0,
    )
    status = msgspec.structs.replace(status, **changes)
    (history / STATUS_FILE).write_bytes(msgspec.json.encode(status))


def wait(history: Path, progress: Any = None, timeout_s: float = 0.6) -> Any:
    bar: Any = SimpleNamespace(update=lambda *_: None)
    collector: Any = SimpleNamespace(require_alive=lambda: None)
    return stillness.await_stillness(
        history, collector, progress, bar, still_s=5.0, timeout_s=timeout_s
    )


def test_outputs_at_rest_complete_a_run(tmp_path):
    write_status(tmp_path)
    assert wait(tmp_path).complete


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"still_for_ms": 4_000}, "the outputs were not at rest for 5 s"),
        ({"open_transaction_records": 2}, "a transaction of the job was still open"),
        ({"complete": False}, "the outputs had not been read to their end"),
        (
            {"views": {"uncommitted": msgspec.structs.replace(VIEW, records=0)}},
            "the job had written nothing",
        ),
    ],
)
def test_what_is_not_at_rest_is_not_complete_and_says_why(tmp_path, changes, because):
    write_status(tmp_path, **changes)
    found = wait(tmp_path)
    assert not found.complete
    assert found.reason.startswith(because)


def test_rest_from_before_the_last_swipe_does_not_count(tmp_path):
    write_status(tmp_path, time_ns=time.monotonic_ns() + 10**9)
    assert not wait(tmp_path).complete


def test_a_consumer_group_that_is_behind_holds_the_end_back(tmp_path):
    write_status(tmp_path)
    found = wait(tmp_path, SimpleNamespace(total=10, covered=lambda: 7))
    assert not found.complete
    assert found.reason.startswith("the job's consumer group had not read 3 records of swipes")


def test_a_broker_that_does_not_answer_is_asked_again(tmp_path):
    answers = [KafkaException("away"), 10]

    def covered() -> int:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    write_status(tmp_path)
    assert wait(tmp_path, SimpleNamespace(total=10, covered=covered), 5.0).complete


def test_profiles_that_nobody_reads_are_not_waited_for():
    bar: Any = SimpleNamespace(update=lambda *_: None)
    still: Any = SimpleNamespace(total=10, covered=lambda: 0)
    assert not stillness.await_taken_in(still, bar, patience_s=0.3)
    done: Any = SimpleNamespace(total=10, covered=lambda: 10)
    assert stillness.await_taken_in(done, bar)
