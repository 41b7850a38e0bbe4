"""How long did the job take to recover from a fault, and what did a reader see of it?"""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from evaluation.fault_record import FaultRecord
from evaluation.history import History, Sends
from evaluation.judges.base import Findings, Judge, Outcome
from evaluation.outage import Receipts, outage, receipts
from evaluation.promised import promised_records
from evaluation.thresholds import Thresholds

_VIEWS: Final = ("uncommitted", "committed")
_PERCENTILES: Final = ((50, "p50"), (99, "p99"))


class Recovery(Judge):
    """How long did the job take to recover from a fault, and what did a reader see of it?

    Measures
    --------
    For each fault: the longest time without a new decision at a committed and at an uncommitted
    reader, beside the longest in the calm before; the phases of the recovery: from the fault until
    Flink noticed, until all tasks were deployed, until they had restored their state, until all ran
    (seen from outside), and until no more was on its way than before (catch-up); latency from the
    intended send before, during and after. Records in the open transaction and since the last
    checkpoint at that moment, and decisions that this checkpoint had promised and nobody had
    committed.

    Verdict
    -------
    None of its own: an outage is as long as it is. Inconclusive where something was not recorded,
    or the job did not catch up before the run ended or the next fault came.

    References
    ----------
    Phases as Flink names the states of a task (SCHEDULED, DEPLOYING, INITIALIZING, RUNNING).
    Latency during an outage counts from the intended send, so that it is not omitted (Tene, "How
    NOT to Measure Latency", 2013).
    """

    name: ClassVar[str] = "recovery"

    def judge(self, history: History, thresholds: Thresholds) -> Outcome:  # noqa: ARG002
        """Measure each fault's recovery."""
        findings = Findings()
        faults = {
            number: fault
            for number, fault in enumerate(history.facts.faults, 1)
            if fault.invoked_monotonic_ns
        }
        if not history.facts.faults:
            findings.state("pass", "")
            return Outcome(findings.result(self.name, "nothing was broken on purpose"), {})
        if history.sends is None or not history.sends.delivered.any():
            findings.unknown(["what was sent is unknown (sends.parquet)"])
            return Outcome(findings.result(self.name, ""), {})
        if not faults:
            findings.unknown(["no fault was brought about: faults.json says why"])
            return Outcome(findings.result(self.name, ""), {})
        seen = {view: receipts(history, history.sends, view) for view in _VIEWS}
        _each(findings, history, history.sends, faults, seen)
        if not findings.verdicts:
            findings.state("pass", "")
        return Outcome(findings.result(self.name, "caught up after each fault"), {})


def _each(
    findings: Findings,
    history: History,
    sends: Sends,
    faults: dict[int, FaultRecord],
    seen: dict[str, Receipts],
) -> None:
    calm_ns = int(sends.intended_ns.min()) + int(history.facts.warm_up_ms * 1e6)
    last_ns = max(int(each.received_ns.max()) for each in seen.values())
    later = [fault.invoked_monotonic_ns for fault in faults.values()][1:]
    ends = [*later, last_ns + 1]
    alone = len(history.facts.faults) == 1
    for (number, fault), until_ns in zip(faults.items(), ends, strict=True):
        prefix = f"{fault.fault}_" if alone else f"{number}_{fault.fault}_"
        caught_up_ns = _outages(findings, prefix, fault, seen, calm_ns, until_ns)
        _phases(findings, prefix, fault, caught_up_ns)
        spans = (calm_ns, caught_up_ns, until_ns)
        _latencies(findings, prefix, fault, seen, spans, followed=until_ns in later)
        findings.report(f"{prefix}open_records", fault.open_transaction_records, "records")
        findings.report(
            f"{prefix}uncheckpointed_records",
            fault.uncheckpointed_records,
            "records",
            "on swipes, covered by no completed checkpoint",
        )
        findings.report(
            f"{prefix}promised_records",
            promised_records(history, fault),
            "records",
            "decisions that the last checkpoint before it had promised, committed after it",
        )
        calm_ns = until_ns if caught_up_ns is None else caught_up_ns


def _outages(
    findings: Findings,
    prefix: str,
    fault: FaultRecord,
    seen: dict[str, Receipts],
    calm_ns: int,
    until_ns: int,
) -> int | None:
    """Report what each view saw; when the committed one had caught up."""
    caught_up_ns: int | None = None
    for view in _VIEWS:
        found = outage(seen[view], calm_ns, fault, until_ns)
        before = "unknown" if found.gap_before_ms is None else f"{found.gap_before_ms:,.0f} ms"
        findings.report(
            f"{prefix}{view}_outage", found.gap_ms, "ms", f"longest in the calm before: {before}"
        )
        findings.report(
            f"{prefix}{view}_calm", found.gap_before_ms, "ms", "longest without a decision before"
        )
        caught_up_ns = found.caught_up_ns
    if caught_up_ns is None:
        findings.unknown([f"the job did not catch up after {fault.fault}, as far as was recorded"])
    return caught_up_ns


def _phases(findings: Findings, prefix: str, fault: FaultRecord, caught_up_ns: int | None) -> None:
    noticed = fault.noticed_ms
    detection = None if noticed is None else noticed - fault.invoked_ms
    note = "the job did not fail" if noticed is None else "until Flink noticed"
    findings.report(f"{prefix}detection", detection, "ms", note)
    findings.report(f"{prefix}deploy", fault.deploy_ms, "ms", "the slowest task, by Flink's clock")
    findings.report(
        f"{prefix}restore", fault.restore_ms, "ms", "the slowest task, by Flink's clock"
    )
    _state(findings, prefix, fault)
    if fault.running_ms is not None and (noticed is not None or fault.restore_ms is not None):
        findings.report(
            f"{prefix}running", fault.running_ms - fault.invoked_ms, "ms", "until all tasks ran"
        )
    total = None if caught_up_ns is None else (caught_up_ns - fault.invoked_monotonic_ns) / 1e6
    findings.report(f"{prefix}recovery", total, "ms", "until no more was on its way than before")


def _state(findings: Findings, prefix: str, fault: FaultRecord) -> None:
    """Report what of the restore was the state itself."""
    parts = (fault.download_ms, fault.load_ms, fault.remote_bytes, fault.local_bytes)
    download_ms, load_ms, remote_bytes, local_bytes = (part or 0 for part in parts)
    known = fault.download_ms is not None
    note = (
        f"fetched in {download_ms:,} ms, opened in {load_ms:,} ms; {remote_bytes / 1e6:,.1f} MB "
        f"from the store, {local_bytes / 1e6:,.1f} MB from local copies"
    )
    findings.report(
        f"{prefix}state",
        download_ms + load_ms if known else None,
        "ms",
        note if known else "Flink did not say",
    )


def _latencies(
    findings: Findings,
    prefix: str,
    fault: FaultRecord,
    seen: dict[str, Receipts],
    bounds: tuple[int, int | None, int],
    *,
    followed: bool,
) -> None:
    calm_ns, caught_up_ns, until_ns = bounds
    invoked_ns = fault.invoked_monotonic_ns
    back_ns = until_ns if caught_up_ns is None else caught_up_ns
    for view in _VIEWS:
        spans = seen[view].spans(calm_ns, invoked_ns, back_ns, until_ns, followed=followed)
        for name, chosen in spans.items():
            latencies = seen[view].latencies_ms(chosen)
            for percent, word in _PERCENTILES:
                value = None
                if len(latencies):
                    # Of the values themselves: between a number and infinity lies nothing.
                    value = float(np.percentile(latencies, percent, method="inverted_cdf"))
                note = f"{len(latencies):,} swipes"
                findings.report(f"{prefix}{view}_{word}_{name}", value, "ms", note)
