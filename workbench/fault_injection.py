"""How is the system broken in the middle of a run, and what shows that it was?

A fault counts only if it hit something: at least one checkpoint completed before it and one after,
and enough records stood in the open transaction at that moment. All of that is recorded beside the
history; a run whose fault proves nothing is inconclusive.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from confluent_kafka import KafkaException

from evaluation.fault_record import OPEN_RECORDS_MIN, FaultRecord, write_faults
from evaluation.offsets import open_transaction_records
from generator.kafka_client import KafkaRefused, KafkaUnreachable
from stack.faults import Fault, by_name
from stack.initialization import last_initialization
from stack.process import StackError
from workbench import moves
from workbench.commit_progress import CommitProgress
from workbench.fault_plan import MOVES, Moment
from workbench.job_watch import JobWatch
from workbench.live import LiveJob, read_progress
from workbench.restart_phases import restart_phases

#: Longest wait for a moment at which the transaction holds enough records, seconds: several
#: checkpoints. What is then there is taken as it is.
_FULL_TRANSACTION_S: Final = 5.0
#: So often the counts before a fault are taken anew where a checkpoint completed between them. A
#: choice: a second interval is mostly long enough.
_COUNTS: Final = 4
#: So often a fault that can be taken back strikes again where a commit left it too few records. A
#: choice.
_MORE_STRIKES: Final = 3
#: Longest wait for the job to run again, and for a checkpoint after that, seconds: with a large
#: state both take minutes.
_RECOVERED_S: Final = 900.0
_CHECKPOINT_S: Final = 300.0
_POLL_S: Final = 0.01
_CHECKPOINT_POLL_S: Final = 0.1


class FaultInjection:
    """Brings faults about while swipes are sent, one after the other; a context for the sending.

    Parameters
    ----------
    moments
        Which, and when.
    live
        The run.
    watch
        Counts the job's checkpoints, through whatever happens to its JobManager.
    transactional
        Whether the job's sink writes in transactions.
    on_over
        Told of each fault when it is over: its number, of how many, and what was seen.

    Attributes
    ----------
    records
        What was done and seen, by fault.
    """

    def __init__(
        self,
        moments: Sequence[Moment],
        live: LiveJob,
        watch: JobWatch,
        *,
        transactional: bool,
        on_over: Callable[[int, int, FaultRecord], None] = lambda _number, _of, _record: None,
    ) -> None:
        self._live = live
        self._watch = watch
        self._moments = moments
        self._on_over = on_over
        self._stop = threading.Event()
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="faults")
        self._bootstrap = live.stack.settings.kafka_address
        self.records = [
            FaultRecord(
                fault=moment.fault,
                transactional=transactional,
                needs_open_records=moment.fault in MOVES
                or not by_name(moment.fault).chooses_its_moment,
            )
            for moment in moments
        ]

    def __enter__(self) -> Self:
        """Arm them."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait until the one that is under way is undone; of a broken run no longer than that."""
        self._stop.set()
        if kind is not None:
            self._given_up.set()
        interrupted: KeyboardInterrupt | None = None
        while self._thread.is_alive():
            try:
                self._thread.join()
            except KeyboardInterrupt as again:
                # However often: a system that was left broken would outlive this process.
                self._given_up.set()
                interrupted = again
        if interrupted is not None and kind is None:
            raise interrupted

    def _run(self) -> None:
        for number, (moment, record) in enumerate(zip(self._moments, self.records, strict=True), 1):
            try:
                if self._await_moment(moment, record):
                    self._break(self._fault(moment.fault), record)
                else:
                    record.failure = "the sending ended before its moment came"
            except Exception as error:  # a failed fault must not end the run: it is reported
                record.failure = f"{type(error).__name__}: {error}"[:500]
            self._on_over(number, len(self.records), record)

    def _fault(self, name: str) -> Fault:
        live = self._live
        if name in MOVES:
            return moves.discover()[name](live.stack, live.job)
        return by_name(name)(live.stack, live.job_id)

    def _await_moment(self, moment: Moment, record: FaultRecord) -> bool:
        while not self._stop.is_set():
            progress = read_progress(self._live.folder)
            if progress is not None and progress.sent >= moment.at_share * progress.records:
                record.sent_before = progress.sent
                return True
            time.sleep(_POLL_S)
        return False

    def _break(self, fault: Fault, record: FaultRecord) -> None:
        with fault:
            record.checkpoints_before = self._watch.completed()
            self._strike(fault, record)
            for _ in range(_MORE_STRIKES):
                if record.met_enough or not fault.leaves_transaction_open or not fault.take_back():
                    break
                self._strike(fault, record)
            landing = fault.landed()
            record.landed, record.noticed_ms = landing.landed, landing.noticed_ms
            record.evidence = list(landing.evidence)
            if fault.job_comes_back_alone:
                self._await_running(record)
        record.undone_ms = time.time_ns() // 1_000_000
        if not fault.job_comes_back_alone:
            self._await_running(record)
        has_moved = self._live.job_id != fault.job_id
        if record.noticed_ms is not None or has_moved:
            self._take_phases(record)
        record.checkpoints_after = self._await_checkpoint(record.checkpoints_before)
        self._look_again(fault, record)

    def _strike(self, fault: Fault, record: FaultRecord) -> None:
        """Invoke it, and note its moment and what it met."""
        self._count_before(fault, record)
        record.invoked_monotonic_ns = time.monotonic_ns()
        record.invoked_ms = time.time_ns() // 1_000_000
        fault.invoke()
        if fault.chooses_its_moment:
            # It waited; what it did came just now.
            record.invoked_monotonic_ns = time.monotonic_ns()
            record.invoked_ms = time.time_ns() // 1_000_000
        # Those that completed while it waited for its moment came before it, too.
        record.checkpoints_before = max(record.checkpoints_before, self._watch.completed())
        if fault.leaves_transaction_open:
            # What stands open now was open then: where it hit, nobody is left to commit it. A
            # commit that was under way has gone through meanwhile.
            record.open_transaction_records = self._open_records()
            record.uncheckpointed_records = self._uncheckpointed()

    def _look_again(self, fault: Fault, record: FaultRecord) -> None:
        """A job may fail only after the fault has proved that it landed."""
        if record.noticed_ms is not None or not fault.invoked_ms:
            return
        failure = fault.first_failure()
        if failure is None:
            return
        record.noticed_ms = failure.timestamp_ms
        record.evidence.append(f"later {fault.failure_words(failure)}")
        self._await_running(record)
        self._take_phases(record)
        record.checkpoints_after = self._await_checkpoint(self._watch.completed())

    def _count_before(self, fault: Fault, record: FaultRecord) -> None:
        """What a fault will hit, the open records last: they must be those of its moment."""
        for _ in range(_COUNTS):
            completed = self._watch.completed()
            if not fault.leaves_transaction_open:
                record.uncheckpointed_records = self._uncheckpointed()
            if not fault.chooses_its_moment:
                record.open_transaction_records = self._await_open_records(record)
            if self._watch.completed() == completed:
                return

    def _take_phases(self, record: FaultRecord) -> None:
        """How long the restart took, by Flink's own clocks."""
        stack, job_id = self._live.stack, self._live.job_id
        record.deploy_ms, record.restore_ms = restart_phases(stack.rest, job_id)
        started = last_initialization(stack.settings, job_id, record.invoked_ms)
        if started is not None:
            record.download_ms, record.load_ms = started.download_ms, started.load_ms
            record.remote_bytes = started.remote_bytes
            record.local_bytes = started.local_bytes

    def _await_running(self, record: FaultRecord) -> None:
        stack = self._live.stack
        try:
            stack.rest.wait_running(self._live.job_id, _RECOVERED_S, self._is_hopeless)
        except StackError:
            stack.require_jobmanager()  # of two reasons the one that explains the other
            raise
        record.running_ms = time.time_ns() // 1_000_000
        record.running_monotonic_ns = time.monotonic_ns()

    def _is_hopeless(self) -> bool:
        if self._given_up.is_set():
            return True
        try:
            self._live.stack.require_jobmanager()
        except StackError:
            return True
        return False

    def _await_open_records(self, record: FaultRecord) -> int:
        """Wait for a moment at which a fault would hit enough records, and say how many."""
        deadline_s = time.monotonic() + _FULL_TRANSACTION_S
        while True:
            count = self._open_records()
            enough = count >= OPEN_RECORDS_MIN or not record.transactional
            if enough or time.monotonic() > deadline_s:
                return count

    def _open_records(self) -> int:
        return open_transaction_records(self._bootstrap, self._live.topics.outputs())

    def _uncheckpointed(self) -> int | None:
        live = self._live
        try:
            progress = CommitProgress(
                self._bootstrap, live.group_id, live.topics.swipes, live.partitions
            )
            return progress.total - progress.covered()
        except (KafkaException, KafkaRefused, KafkaUnreachable, TimeoutError):
            return None

    def _await_checkpoint(self, before: int) -> int:
        """Wait for a checkpoint since the fault; how many there are."""
        deadline_s = time.monotonic() + _CHECKPOINT_S
        while (count := self._watch.completed() - before) < 1 and time.monotonic() < deadline_s:
            if self._given_up.wait(_CHECKPOINT_POLL_S):
                break
        return count

    def finish(self, file: Path) -> str | None:
        """Take the last figures, at the end of the run, and write them.

        Returns
        -------
        str or None
            Why the run proves nothing about its faults; None if it does.
        """
        self._count_later_checkpoints()
        write_faults(file, self.records)
        reasons = [record.proves_nothing_because() for record in self.records]
        return next((reason for reason in reasons if reason is not None), None)

    def _count_later_checkpoints(self) -> None:
        """Of each fault those until the next one; of the last one those until the end."""
        now = self._watch.completed()
        ends = [record.checkpoints_before for record in self.records[1:]] + [now]
        for record, end in zip(self.records, ends, strict=True):
            since = end - record.checkpoints_before
            record.checkpoints_after = max(record.checkpoints_after, since)
