"""Do window results stand once that were written before a kill and around it, and would we notice?

Four minutes of event time in a second: windows of every kind close all the time.

time ------ swipes at a constant rate ------------------------------------------------>
            windows close, results committed   checkpoint  | kill -9        restored
                                                 [ results ]   [ the same results again ]
committed reader:  sees each once; those of the open transaction are aborted, and come again
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow.parquet as pq
import pytest

from evaluation.fault_record import OPEN_RECORDS_MIN
from evaluation.offsets import Ends, partitions_of, read_ends
from evaluation.window_parity import WINDOW_TOPICS
from generator.kafka_client import require_broker
from job.contracts import WINDOW_KINDS
from stack.faults.taskmanager_kill import TaskmanagerKill
from tests.e2e.test_parity_with_oracle import NOTHING_WRONG, delivery_figures
from workbench.intervention import Intervention
from workbench.live import LiveJob, read_progress
from workbench.plan import JobPlan

pytestmark = [pytest.mark.stack, pytest.mark.slow]

#: Of 100 minutes of event time the kill comes after some 55: hours and sessions have closed before
#: it, and most hours after it hold minutes that were closed before. Latency means nothing at a
#: speedup, and no judge but that of delivery is asked.
REPLAY: Final = {
    "rate_per_min": 24_000,
    "duration_s": 20,
    "warm_up_s": 5,
    "speedup": 240,
    "swipes_per_card_day": 20,
}
#: Long enough that no checkpoint comes between the results that are waited for and the kill.
CHECKPOINT_INTERVAL_MS: Final = 3_000
_DEADLINE_S: Final = 60.0
_RECOVERED_S: Final = 300.0
_POLL_S: Final = 0.01


class KillBehindResults(Intervention):
    """Kills the TaskManager when many window results stand behind the last checkpoint.

    Attributes
    ----------
    killed_ns
        When, on the clock of the history; 0 while it has not.
    open_results
        Window results that no committed reader could see then, commit markers included.
    landed
        Whether the job failed for it.
    """

    def __init__(self) -> None:
        self.killed_ns = 0
        self.open_results = 0
        self.landed = False

    @contextmanager
    def while_sending(self, live: LiveJob, _collector: Any) -> Iterator[None]:
        """Kill it beside the sending, and tell what went wrong."""
        with ThreadPoolExecutor(1) as beside:
            killed = beside.submit(self._kill, live)
            yield
            killed.result()

    def _kill(self, live: LiveJob) -> None:
        admin = require_broker(live.stack.settings.kafka_address)
        topics = list(live.topics.windows().values())
        places = partitions_of(admin, topics)

        def ends() -> Ends:
            return read_ends(admin, places)

        def completed() -> int:
            return live.stack.rest.checkpoints(live.job_id).counts.completed

        with TaskmanagerKill(live.stack, live.job_id) as fault:
            _await(lambda: _half_is_sent(live), "half of the swipes to be sent")
            before = completed()
            _await(lambda: completed() > before, "a checkpoint")
            written = sum(ends().end.values())
            _await(
                lambda: sum(ends().end.values()) >= written + OPEN_RECORDS_MIN,
                "window results behind a checkpoint",
            )
            self.killed_ns = time.monotonic_ns()
            fault.invoke()
            # What stands open now was open then: nobody is left to commit it.
            self.open_results = ends().open_records(topics)
            self.landed = fault.landed().landed
        live.stack.rest.wait_running(live.job_id, _RECOVERED_S)


def _half_is_sent(live: LiveJob) -> bool:
    progress = read_progress(live.folder)
    return progress is not None and 2 * progress.sent >= progress.records


def _await(reached: Callable[[], bool], what: str) -> None:
    deadline_s = time.monotonic() + _DEADLINE_S
    while not reached():
        assert time.monotonic() < deadline_s, f"waited in vain for {what}"
        time.sleep(_POLL_S)


class Results(NamedTuple):
    """Window results by topic."""

    #: That a committed reader had before the kill.
    before: Counter[str]
    #: That only an uncommitted reader ever had.
    aborted: Counter[str]


def results(run: Path, killed_ns: int) -> Results:
    rows = pq.read_table(
        run / "history" / "observed.parquet",
        columns=["view", "topic", "partition", "offset", "received_ns"],
        filters=[("topic", "in", WINDOW_TOPICS)],
    ).to_pylist()
    seen = {
        view: {
            (row["topic"], row["partition"], row["offset"]): row["received_ns"]
            for row in rows
            if row["view"] == view
        }
        for view in ("committed", "uncommitted")
    }
    committed = seen["committed"]
    return Results(
        before=Counter(place[0] for place, ns in committed.items() if ns < killed_ns),
        aborted=Counter(place[0] for place in seen["uncommitted"].keys() - committed.keys()),
    )


def killed_run(run_it: Any, **job: Any) -> tuple[Any, Results, KillBehindResults]:
    kill = KillBehindResults()
    plan = JobPlan(
        checkpoint_interval_ms=CHECKPOINT_INTERVAL_MS, windows=",".join(WINDOW_KINDS), **job
    )
    run, evaluation = run_it(job=plan, intervention=kill, **REPLAY)
    found = results(run, kill.killed_ns)
    # Else the run proves nothing.
    assert kill.landed
    assert set(found.before) == set(WINDOW_TOPICS), found.before
    return evaluation, found, kill


def test_results_of_every_kind_are_neither_lost_nor_repeated(run_it: Any) -> None:
    evaluation, found, kill = killed_run(run_it)
    # Results stood in the open transaction, and it was aborted.
    assert kill.open_results > 0
    assert found.aborted.total() > 0
    figures = delivery_figures(evaluation)
    assert figures["expected_windows"] > found.before.total()
    assert {name: figures[f"windows_{name}"] for name in NOTHING_WRONG} == NOTHING_WRONG
    assert {name: figures[name] for name in NOTHING_WRONG} == NOTHING_WRONG
    assert evaluation.judge("delivery").verdict == "pass", evaluation.judge("delivery").reason


def test_an_at_least_once_sink_is_seen_to_repeat_results(run_it: Any) -> None:
    """The negative control: were it not for the transactions, the judge would say so."""
    evaluation, _, _ = killed_run(run_it, sink_guarantee="at-least-once")
    figures = delivery_figures(evaluation)
    assert figures["windows_missing"] == 0
    assert figures["windows_repeated"] > 0
    assert evaluation.judge("delivery").verdict == "fail"
