"""What is said of a fault as soon as it is over?

What is known by then; how long readers were without decisions the judges say at the end of the run.
"""

from __future__ import annotations

from evaluation.fault_record import FaultRecord


def fault_line(number: int, count: int, record: FaultRecord) -> str:
    """One line.

    Parameters
    ----------
    number, count
        Which of how many in this run, from 1.
    record
        What was done and seen.

    Examples
    --------
    >>> hit = FaultRecord(fault="kafka_kill", landed=True, sent_before=9_000, invoked_ms=1_000)
    >>> hit.noticed_ms, hit.running_ms, hit.open_transaction_records = 1_250, 4_500, 512
    >>> fault_line(2, 3, hit)
    '2 of 3, after 9,000 swipes: landed, noticed 0.25 s, running 3.50 s, 512 records open'
    """
    where = f"{number} of {count}, after {record.sent_before:,} swipes"
    if record.failure is not None:
        return f"{where}: was not brought about: {record.failure.partition(chr(10))[0]}"
    said = ["landed" if record.landed else "did not land"]
    for name, moment_ms in (("noticed", record.noticed_ms), ("running", record.running_ms)):
        if moment_ms is not None:
            said.append(f"{name} {(moment_ms - record.invoked_ms) / 1e3:.2f} s")
    if record.needs_open_records:
        said.append(f"{record.open_transaction_records:,} records open")
    return f"{where}: {', '.join(said)}"
