"""Did the job run through, and did all its transactions commit?"""

from __future__ import annotations

from typing import ClassVar

from evaluation.history import History
from evaluation.judges.base import Findings, Judge, Outcome
from evaluation.thresholds import StabilityThresholds, Thresholds
from evaluation.verdict import Figure, Value


class Stability(Judge):
    """Did the job run through, and did all its transactions commit?

    Measures
    --------
    Restarts of the job during the run, transactions that could not be committed (the sum of the
    committers' ``failedCommittables``), checkpoints completed and failed.

    Verdict
    -------
    Fails on a failed commit: its records are gone although the job goes on. Fails on a restart;
    where a fault was brought about on purpose, on more of them than that fault can cause; where the
    job was scaled while it ran, on more than it was scaled.
    Inconclusive when it was not recorded. Failed checkpoints are reported: a later one covers them.
    So are failed commits where the job was made to restart: what it had committed when it died, it
    may commit again when it is restored; Kafka refuses, and Flink counts that, too.

    References
    ----------
    Flink's Kafka sink drops a transaction that the broker no longer knows (expired, fenced) and
    counts it; the metric's meaning follows FLIP-371.
    """

    name: ClassVar[str] = "stability"

    def judge(self, history: History, thresholds: Thresholds) -> Outcome:
        """Judge restarts and commits."""
        findings = Findings()
        job, bounds = history.facts.job, thresholds.stability
        if job.external:
            findings.unknown(
                [
                    "another cluster: its restarts, failed commits, checkpoints, backpressure and "
                    "CPU cannot be read from here"
                ]
            )
            return Outcome(findings.result(self.name, ""), {})
        if job.restarts is None:
            findings.unknown(["restarts of the job were not recorded (job.json)"])
        else:
            most = _restarts_allowed(history, bounds)
            _bound(findings, "restarts", job.restarts, "restarts", most)
        if _restarts_on_purpose(history):
            note = "a restored job may commit again what was committed; delivery says what is lost"
            findings.report("failed_commits", job.failed_commits, "transactions", note)
        elif job.failed_commits is None:
            findings.unknown(["failed commits were not recorded (job.json)"])
        else:
            name = "failed_commits"
            _bound(findings, name, job.failed_commits, "transactions", bounds.failed_commits)
        for status in ("completed", "failed"):
            count = job.checkpoint_counts.get(status)
            findings.report(f"checkpoints_{status}", count, "checkpoints")
        return Outcome(findings.result(self.name, "no restart, no failed commit"), {})


def _restarts_on_purpose(history: History) -> bool:
    facts = history.facts
    broken = facts.fault is not None and any(f.may_restart for f in facts.faults)
    return broken or facts.rescalings > 0


def _restarts_allowed(history: History, bounds: StabilityThresholds) -> int:
    """For each fault that may cause some its number; what comes in by the topic may cause none."""
    facts = history.facts
    if facts.fault is None:
        return bounds.restarts + facts.rescalings
    if not facts.faults:
        return bounds.fault_restarts
    return max(bounds.restarts, bounds.fault_restarts * sum(f.may_restart for f in facts.faults))


def _bound(findings: Findings, name: str, value: int, unit: str, most: int) -> None:
    verdict: Value = "pass" if value <= most else "fail"
    figure = Figure(name, value, unit, threshold=most, verdict=verdict)
    findings.bound(figure, f"{value} {name.replace('_', ' ')}, at most {most}")
