"""What was broken on purpose in a run, and what shows that it hit something?

`faults.json` beside the history: written by who brought the faults about, read by the judges.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

#: Beside the history of a run with faults.
FAULTS_FILE: Final = "faults.json"
#: Fewer records in the open transaction prove nothing. A choice.
OPEN_RECORDS_MIN: Final = 100


class FaultRecord(msgspec.Struct, kw_only=True):
    """One fault.

    Attributes
    ----------
    fault
        Its name.
    landed
        Whether the proof was found, with ``evidence`` in sentences.
    invoked_ms, noticed_ms, undone_ms, running_ms
        Wall time: of the fault; when the job left RUNNING, None if it never did; when what was
        broken was whole again; when all the job's tasks ran, seen after that.
    invoked_monotonic_ns, running_monotonic_ns
        Of the same moments, on the clock of the history.
    deploy_ms, restore_ms
        Of the restart that followed: the longest time that one task took from its scheduling to
        its initialisation, and from there until it ran (it restores its state). None where no
        restart followed or Flink does not say.
    download_ms, load_ms
        Of that restart: fetching the state from where it is kept, and opening it in the state
        backend; the slowest task. None where Flink does not say.
    remote_bytes, local_bytes
        State that came from the checkpoints' store, and from copies on a TaskManager's own disk.
    sent_before
        Swipes sent when it came.
    checkpoints_before, checkpoints_after
        Completed when it came; completed from then until the next fault or the end of the run.
    transactional
        Whether the sink writes in transactions.
    open_transaction_records
        Output records that no committed reader could see at that moment.
    uncheckpointed_records
        Records on ``swipes`` at that moment that no completed checkpoint covered.
    needs_open_records
        Whether it proves nothing with few records in the open transaction.
    may_restart
        Whether the job may restart for it; no input may make it.
    failure
        Why the fault could not be brought about; None if it was.
    """

    fault: str
    landed: bool = False
    evidence: list[str] = []
    invoked_ms: int = 0
    noticed_ms: int | None = None
    undone_ms: int | None = None
    running_ms: int | None = None
    invoked_monotonic_ns: int = 0
    running_monotonic_ns: int | None = None
    deploy_ms: int | None = None
    restore_ms: int | None = None
    download_ms: int | None = None
    load_ms: int | None = None
    remote_bytes: int | None = None
    local_bytes: int | None = None
    sent_before: int = 0
    checkpoints_before: int = 0
    checkpoints_after: int = 0
    transactional: bool = True
    open_transaction_records: int = 0
    uncheckpointed_records: int | None = None
    needs_open_records: bool = True
    may_restart: bool = True
    failure: str | None = None

    @property
    def is_flood(self) -> bool:
        """Whether it lay in the input: nothing of the system was broken."""
        return not self.may_restart

    @property
    def met_enough(self) -> bool:
        """Whether enough records stood in the open transaction, where that is asked."""
        asked = self.transactional and self.needs_open_records
        return not asked or self.open_transaction_records >= OPEN_RECORDS_MIN

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
        if not self.met_enough:
            return (
                f"{self.open_transaction_records} records stood in the open transaction when "
                f"{self.fault} came; {OPEN_RECORDS_MIN} are needed"
            )
        return None

    def hit_nothing_because(self, promised_records: int | None) -> str | None:
        """Why a fault that chose its moment shows nothing, once it is known what it met there.

        Parameters
        ----------
        promised_records
            Decisions that a checkpoint had promised and nobody had committed (:mod:`.promised`).
        """
        met = max(promised_records or 0, self.open_transaction_records)
        chose_its_moment = self.transactional and not (self.needs_open_records or self.is_flood)
        if not chose_its_moment or met >= OPEN_RECORDS_MIN:
            return None
        return (
            f"{self.fault} hit no commit: {promised_records or 0} promised records waited for one, "
            f"and {self.open_transaction_records} stood in the open transaction; "
            f"{OPEN_RECORDS_MIN} of either are needed"
        )


def write_faults(file: Path, faults: list[FaultRecord]) -> None:
    """Write the faults of a run, in the order in which they came."""
    file.write_bytes(msgspec.json.format(msgspec.json.encode(faults), indent=2))


def read_faults(file: Path) -> list[FaultRecord]:
    """The faults of a run, none where the file is not there.

    Raises
    ------
    msgspec.DecodeError
        If it is damaged.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[FaultRecord])
    except FileNotFoundError:
        return []
