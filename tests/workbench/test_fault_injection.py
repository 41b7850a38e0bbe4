"""Is a fault undone before anything else ends, however a run is broken off?"""

from __future__ import annotations

import itertools
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from evaluation.fault_record import FaultRecord
from stack.faults import Landing
from stack.flink_answers import JobException
from stack.flink_rest import FlinkRest
from stack.process import StackError
from workbench import fault_injection as module
from workbench.fault_injection import FaultInjection
from workbench.fault_plan import Moment


class Stuck:
    """A fault that lands when it is let go, and whose job does not come back."""

    job_id = "job"
    chooses_its_moment = True
    leaves_transaction_open = False
    job_comes_back_alone = False

    def __init__(self) -> None:
        self.struck, self.let_go, self.undone = (threading.Event() for _ in range(3))

    def __enter__(self) -> Stuck:
        return self

    def __exit__(self, *_: object) -> None:
        self.undone.set()

    def invoke(self) -> None:
        self.struck.set()

    def landed(self) -> Landing:
        assert self.let_go.wait(10)
        return Landing(True, 1, None, ("gone",))


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Stuck:
    found = Stuck()
    monkeypatch.setattr(FaultInjection, "_fault", lambda *_: found)
    monkeypatch.setattr(FaultInjection, "_uncheckpointed", lambda _self: 0)
    monkeypatch.setattr(
        module, "read_progress", lambda _folder: SimpleNamespace(sent=50, records=100)
    )
    return found


@pytest.fixture
def told() -> list[tuple[int, int, FaultRecord]]:
    return []


@pytest.fixture
def injection(told: list[Any]) -> FaultInjection:
    rest = FlinkRest("http://127.0.0.1:1")
    detail = SimpleNamespace(name="detection", state="RESTARTING", all_tasks_running=False)
    rest.job = lambda _job_id: detail  # type: ignore[method-assign,assignment]
    rest.exceptions = lambda _job_id: ()  # type: ignore[method-assign]
    settings = SimpleNamespace(kafka_address="nowhere")
    stack = SimpleNamespace(settings=settings, rest=rest, require_jobmanager=lambda: None)
    live: Any = SimpleNamespace(stack=stack, job_id="job", folder=None)
    watch: Any = SimpleNamespace(completed=lambda: 1)
    return FaultInjection(
        [Moment("kafka_kill", 0.5)],
        live,
        watch,
        transactional=True,
        on_over=lambda *what: told.append(what),
    )


def test_a_run_that_breaks_waits_for_the_undoing_and_not_for_the_recovery(
    injection: FaultInjection, fault: Stuck, told: list[Any]
) -> None:
    injection.__enter__()
    assert fault.struck.wait(10)
    threading.Timer(0.2, fault.let_go.set).start()
    injection.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert fault.undone.is_set()
    ((number, count, record),) = told
    assert (number, count, record.landed) == (1, 1, True)
    assert "is not running after" in record.failure


@pytest.mark.parametrize("broken", [False, True])
def test_however_often_ctrl_c_comes_the_system_is_not_left_broken(
    injection: FaultInjection, fault: Stuck, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    join, times = injection._thread.join, iter(range(3))

    def interrupted() -> None:
        if next(times, None) is not None:
            raise KeyboardInterrupt
        fault.let_go.set()
        join()

    injection.__enter__()
    assert fault.struck.wait(10)
    monkeypatch.setattr(injection._thread, "join", interrupted)
    if broken:  # what broke the run goes on by itself
        injection.__exit__(RuntimeError, RuntimeError(), None)
    else:
        with pytest.raises(KeyboardInterrupt):
            injection.__exit__(None, None, None)
    assert fault.undone.is_set()
    assert not injection._thread.is_alive()


def test_nobody_waits_for_a_job_whose_jobmanagers_are_all_gone(
    injection: FaultInjection, fault: Stuck, told: list[Any]
) -> None:
    def gone() -> None:
        raise StackError("no JobManager lives any more")

    injection._live.stack.require_jobmanager = gone  # type: ignore[method-assign]
    fault.let_go.set()
    injection.__enter__()
    for _ in range(100):
        if told:
            break
        fault.undone.wait(0.1)
        threading.Event().wait(0.1)
    injection.__exit__(None, None, None)
    assert "no JobManager lives any more" in told[0][2].failure


def test_waiting_for_a_job_can_be_given_up(injection: FaultInjection) -> None:
    rest = injection._live.stack.rest
    with pytest.raises(StackError, match=r"is not running after .* but RESTARTING"):
        rest.wait_running("job", 60.0, lambda: True)


class Struck:
    """A fault that leaves the transaction open; notes what was done to it."""

    job_id = "job"
    invoked_ms = 0
    chooses_its_moment = False
    leaves_transaction_open = True
    job_comes_back_alone = False

    def __init__(self, *, can_be_taken_back: bool) -> None:
        self.can_be_taken_back = can_be_taken_back
        self.done: list[str] = []

    def __enter__(self) -> Struck:
        return self

    def __exit__(self, *_: object) -> None:
        self.done.append("undone")

    def invoke(self) -> None:
        self.done.append("struck")

    def take_back(self) -> bool:
        if self.can_be_taken_back:
            self.done.append("taken back")
        return self.can_be_taken_back

    def landed(self) -> Landing:
        self.done.append("landed")
        return Landing(True, 1, 1, ("hit",))


class Late:
    """A fault that lands at once, and that the job fails of only later."""

    job_id = "job"
    invoked_ms = 1
    chooses_its_moment = False
    leaves_transaction_open = False
    job_comes_back_alone = False

    def __enter__(self) -> Late:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def invoke(self) -> None:
        pass

    def landed(self) -> Landing:
        return Landing(True, 1, None, ("the job noted no failure since",))

    def first_failure(self) -> JobException:
        return JobException("Gone", "Gone: the broker", 701)

    def failure_words(self, failure: JobException) -> str:
        return f"the job failed {failure.timestamp_ms - 1} ms after it"


@pytest.fixture
def late(injection: FaultInjection, monkeypatch: pytest.MonkeyPatch) -> FaultInjection:
    monkeypatch.setattr(FaultInjection, "_uncheckpointed", lambda _self: 0)
    monkeypatch.setattr(FaultInjection, "_await_running", lambda *_: None)
    monkeypatch.setattr(FaultInjection, "_take_phases", lambda *_: None)
    monkeypatch.setattr(FaultInjection, "_open_records", lambda _self: 200)
    completed = itertools.count(1)
    injection._watch.completed = lambda: next(completed)  # type: ignore[method-assign]
    return injection


def test_a_failure_that_comes_after_the_proof_is_noticed(late: FaultInjection) -> None:
    record = late.records[0]
    late._break(Late(), record)  # type: ignore[arg-type]
    assert record.noticed_ms == 701
    assert record.evidence[-1] == "later the job failed 700 ms after it"


def test_what_is_counted_before_a_fault_lies_between_the_same_two_checkpoints(
    late: FaultInjection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that completes in between has committed what was counted as open."""
    completed = iter([7, 8, 8, 8, 8, 9, 10, 10, 10, 10])
    late._watch.completed = lambda: next(completed)  # type: ignore[method-assign]
    opened = iter([500, 120])
    monkeypatch.setattr(FaultInjection, "_open_records", lambda _self: next(opened))
    late._count_before(Late(), late.records[0])  # type: ignore[arg-type]
    assert late.records[0].open_transaction_records == 120


def test_a_checkpoint_from_before_the_blow_is_none_after_it(
    late: FaultInjection, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = iter([4, 4, 5, 5, 6, 6, 6])
    late._watch.completed = lambda: next(counts)  # type: ignore[method-assign]
    monkeypatch.setattr(Late, "first_failure", lambda _self: None)
    record = late.records[0]
    record.fault = "kill_during_commit"
    monkeypatch.setattr(FaultInjection, "_count_before", lambda *_: None)
    late._break(Late(), record)  # type: ignore[arg-type]
    assert (record.checkpoints_before, record.checkpoints_after) == (4, 1)


@pytest.mark.parametrize(
    ("can_be_taken_back", "left_open", "done"),
    [
        (True, [40, 250], ["struck", "taken back", "struck", "landed", "undone"]),
        (False, [40], ["struck", "landed", "undone"]),
        # However unlucky: what is proven in the end must have been done.
        (True, [40, 41, 42, 43], [*["struck", "taken back"] * 3, "struck", "landed", "undone"]),
    ],
)
def test_a_stop_that_met_a_commit_is_taken_back_and_strikes_again(
    late: FaultInjection,
    monkeypatch: pytest.MonkeyPatch,
    can_be_taken_back: bool,
    left_open: list[int],
    done: list[str],
) -> None:
    opened = iter(left_open)
    monkeypatch.setattr(FaultInjection, "_count_before", lambda *_: None)
    monkeypatch.setattr(FaultInjection, "_open_records", lambda _self: next(opened))
    fault, record = Struck(can_be_taken_back=can_be_taken_back), late.records[0]
    late._break(fault, record)  # type: ignore[arg-type]
    assert fault.done == done
    assert record.open_transaction_records == left_open[-1]
