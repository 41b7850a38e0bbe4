"""How is the system broken in the middle of a run, and what shows that it was?

A fault counts only if it hit something: at least one checkpoint completed before it and one after,
and enough records stood in the open transaction at that moment. All of that is recorded beside the
history; a run whose fault proves nothing is inconclusive.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from evaluation.offsets import open_transaction_records
from stack.faults import Fault, by_name
from stack.flink_rest import RestError
from workbench.live import LiveJob, read_progress

#: Share of the records that are sent when the fault comes. A choice: both sides get their part.
AT_SHARE: Final = 0.5
#: Fewer records in the open transaction prove nothing. A choice.
OPEN_RECORDS_MIN: Final = 100
_POLL_S: Final = 0.01


class FaultRecord(msgspec.Struct, kw_only=True):
    """Content of ``fault.json``.

    Attributes
    ----------
    fault
        Its name.
    landed
        Whether the proof was found, with ``evidence`` in sentences.
    invoked_ms, noticed_ms, running_ms
        Wall time: of the fault; when the job left RUNNING; when all its tasks ran again.
    invoked_monotonic_ns
        Of the fault, on the clock of the history.
    sent_before
        Swipes sent when it came.
    checkpoints_before, checkpoints_after
        Completed when it came; completed since, by the end of the run.
    transactional
        Whether the sink writes in transactions.
    open_transaction_records
        Output records that no committed reader could see at that moment.
    failure
        Why the fault could not be brought about; None if it was.
    """

    fault: str
    landed: bool = False
    evidence: list[str] = []
    invoked_ms: int = 0
    noticed_ms: int | None = None
    running_ms: int | None = None
    invoked_monotonic_ns: int = 0
    sent_before: int = 0
    checkpoints_before: int = 0
    checkpoints_after: int = 0
    transactional: bool = True
    open_transaction_records: int = 0
    failure: str | None = None

    def proves_nothing_because(self) -> str | None:
        """Why a run with this fault says nothing about it; None if it does."""
        if self.failure is not None:
            return f"{self.fault} was not brought about: {self.failure}"
        if not self.landed:
            return f"{self.fault} did not land: {'; '.join(self.evidence)}"
        if not self.checkpoints_before or not self.checkpoints_after:
            return (
                f"{self.checkpoints_before} checkpoints completed before {self.fault} and "
                f"{self.checkpoints_after} after it; both need one"
            )
        if self.transactional and self.open_transaction_records < OPEN_RECORDS_MIN:
            return (
                f"{self.open_transaction_records} records stood in the open transaction when "
                f"{self.fault} came; {OPEN_RECORDS_MIN} are needed"
            )
        return None


class FaultInjection:
    """Brings one fault about while swipes are sent; a context around the sending.

    Parameters
    ----------
    name
        Of the fault.
    live
        The run.
    transactional
        Whether the job's sink writes in transactions.

    Attributes
    ----------
    record
        What was done and seen.
    """

    def __init__(self, name: str, live: LiveJob, *, transactional: bool) -> None:
        self._live = live
        self._fault: Fault = by_name(name)(live.stack, live.job_id)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fault")
        self.record = FaultRecord(fault=name, transactional=transactional)

    def __enter__(self) -> Self:
        """Arm it."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait until it is undone."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            if not self._await_moment():
                self.record.failure = "the sending ended before its moment came"
                return
            self._break()
        except Exception as error:  # a failed fault must not end the run: it is reported
            self.record.failure = f"{type(error).__name__}: {error}"[:500]

    def _await_moment(self) -> bool:
        while not self._stop.is_set():
            progress = read_progress(self._live.folder)
            if progress is not None and progress.sent >= AT_SHARE * progress.records:
                self.record.sent_before = progress.sent
                return True
            time.sleep(_POLL_S)
        return False

    def _break(self) -> None:
        rest, record = self._live.stack.rest, self.record
        with self._fault as fault:
            record.checkpoints_before = rest.checkpoints(self._live.job_id).counts.completed
            record.invoked_monotonic_ns = time.monotonic_ns()
            record.invoked_ms = time.time_ns() // 1_000_000
            fault.invoke()
            # After it: what stands open now was open then, for nobody is left to commit it.
            record.open_transaction_records = open_transaction_records(
                self._live.stack.settings.kafka_address, self._live.topics.outputs()
            )
            landing = fault.landed()
            record.landed, record.noticed_ms = landing.landed, landing.noticed_ms
            record.evidence = list(landing.evidence)
        rest.wait_running(self._live.job_id, 120.0)
        record.running_ms = time.time_ns() // 1_000_000

    def finish(self, file: Path) -> None:
        """Take the last figures, at the end of the run, and write ``fault.json``."""
        try:
            completed = self._live.stack.rest.checkpoints(self._live.job_id).counts.completed
        except RestError as error:
            self.record.failure = self.record.failure or str(error)
        else:
            before = self.record.checkpoints_before
            # Another JobManager that took the job up has counted from zero.
            self.record.checkpoints_after = completed - before if completed >= before else completed
        file.write_bytes(msgspec.json.format(msgspec.json.encode(self.record), indent=2))
