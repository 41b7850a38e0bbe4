"""What did the alerts find, and what did they raise for nothing?"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from evaluation.attribution import FALSE, RIGHT_CARD, TRUE, Attribution, attribute
from evaluation.cases import count_cases
from evaluation.detection_tables import by_rule, by_scenario, by_swipe
from evaluation.history import History
from evaluation.intervals import wilson
from evaluation.judges.base import Findings, Judge, Outcome
from evaluation.thresholds import DetectionThresholds, Thresholds
from evaluation.verdict import Figure, Value


class Detection(Judge):
    """What did the alerts find, and what did they raise for nothing?

    Measures
    --------
    Committed alerts against the labels (the truth, not what an issuer would have known by then),
    by swipe, case (one card within 24 h) and incident, by scenario and by rule: precision, recall,
    false alerts per 1,000 swipes, and for each attack the fraudulent swipes and the approved money
    that went through before its first alert. Shares carry 95% intervals. Amounts are summed as they
    are, in minor units, whatever their currency.

    Verdict
    -------
    Inconclusive where an attack (by scenario and difficulty) has fewer incidents than the
    threshold. Without targets a pass means: measured. With targets it fails below the recall or
    above the false alerts.

    References
    ----------
    Wilson (1927) for the intervals. Dal Pozzolo et al., "Credit card fraud detection: a realistic
    modeling and a novel learning strategy" (2018), for judging by card and alert.
    """

    name: ClassVar[str] = "detection"

    def judge(self, history: History, thresholds: Thresholds) -> Outcome:
        """Judge the committed alerts."""
        reasons = []
        if not history.writes("alerts"):
            reasons.append("alerts are not written by this job, or were not recorded")
        if history.labels is None or history.incidents is None:
            reasons.append("the labels cannot be read (labels.parquet, incidents.parquet)")
        if reasons or history.labels is None or history.incidents is None:
            findings = Findings()
            findings.unknown(reasons)
            return Outcome(findings.result(self.name, ""), {})
        written = history.outputs["alerts"]
        alerts = [a for a, c in zip(written.records, written.committed, strict=True) if c and a]
        decisions = history.outputs.get("decisions")
        fired = [] if decisions is None else decisions.records
        return judge_alerts(
            alerts,
            fired,
            history.labels,
            history.incidents,
            thresholds.detection,
            history.facts.blind_rules,
        )


def judge_alerts(
    alerts: Sequence[Any],
    decisions: Sequence[Any],
    labels: pa.Table,
    incidents: pa.Table,
    bounds: DetectionThresholds,
    blind: Collection[str] = (),
) -> Outcome:
    """Judge alerts against labels; needs no Kafka.

    Parameters
    ----------
    alerts
        Decoded.
    decisions
        Decoded, for the rules that fired without raising an alert; None where damaged.
    labels, incidents
        The replay's tables.
    bounds
        The thresholds.
    blind
        Rules that cannot judge this data; an alert that rests on nothing else does not count.
    """
    seeing = [alert for alert in alerts if {each.rule for each in alert.findings} - set(blind)]
    found = attribute(seeing, labels, incidents)
    findings = Findings()
    if blind:
        note = f"left out: {', '.join(sorted(blind))} cannot judge this data"
        findings.report("alerts_of_blind_rules", len(alerts) - len(seeing), "alerts", note)
    _enough(findings, found, incidents, bounds)
    _incidents(findings, found, bounds)
    _alerts(findings, found, labels, bounds)
    _cases(findings, found, labels)
    swipes = by_swipe(found.alerts, labels)
    _share(findings, "swipe_precision", swipes.flagged_fraud, swipes.flagged)
    _share(findings, "swipe_recall", swipes.flagged_fraud, swipes.fraud)
    tables = {
        "detection_incidents": found.attacks,
        "detection_alerts": found.alerts,
        "detection_by_scenario": by_scenario(found, labels, incidents),
        "detection_by_rule": by_rule(found, decisions, labels),
    }
    caught = int(np.sum(found.attacks.column("caught").to_numpy(zero_copy_only=False)))
    held = f"measured: {caught:,} of {len(found.attacks):,} attacks caught"
    return Outcome(findings.result(Detection.name, held), tables)


def _enough(
    findings: Findings, found: Attribution, incidents: pa.Table, bounds: DetectionThresholds
) -> None:
    role = "attack" if len(found.attacks) else "look_alike"
    groups: dict[str, int] = {}
    for incident in incidents.to_pylist():
        if incident["role"] == role:
            name = f"{incident['scenario']} ({incident['difficulty'] or 'any difficulty'})"
            groups[name] = groups.get(name, 0) + 1
    if not groups:
        findings.unknown(["there is no incident in this replay"])
        return
    few = {name: count for name, count in groups.items() if count < bounds.incidents}
    if not few:
        findings.state("pass", "")
    findings.unknown(
        f"{count:,} incidents of {name}, a verdict needs {bounds.incidents:,} "
        "(more event time or seeds)"
        for name, count in sorted(few.items())
    )


def _share(
    findings: Findings, name: str, part: int, whole: int, minimum: float | None = None
) -> None:
    if not whole:
        findings.report(name, None, "1", "of none")
        return
    low, high = wilson(part, whole)
    note = f"{part:,} of {whole:,}, 95% interval {low:.3f} to {high:.3f}"
    value: Value | None = None
    if minimum is not None:
        value = "pass" if part / whole >= minimum else "fail"
    findings.bound(
        Figure(name, part / whole, "1", minimum, value, note),
        f"{name} is {part / whole:.3f}, below {minimum}",
    )


def _incidents(findings: Findings, found: Attribution, bounds: DetectionThresholds) -> None:
    attacks = found.attacks.to_pylist()
    caught = [attack for attack in attacks if attack["caught"]]
    findings.report("incidents", len(attacks), "attacks")
    findings.report("incidents_caught", len(caught), "attacks")
    _share(findings, "incident_recall", len(caught), len(attacks), bounds.incident_recall_min)
    delays = [attack["delay_swipes"] for attack in caught]
    for percentile in (50, 90):
        delay = float(np.percentile(delays, percentile)) if delays else None
        note = "fraudulent swipes before the first alert, of the attacks caught"
        findings.report(f"delay_swipes_p{percentile}", delay, "swipes", note)
    lost = sum(attack["lost_minor"] or 0 for attack in attacks)
    stake = sum(attack["at_stake_minor"] or 0 for attack in attacks)
    findings.report(
        "lost_before_alert", lost, "minor units", f"of {stake:,} attempted and approved"
    )
    findings.report("lost_share", lost / stake if stake else None, "1")


def _alerts(
    findings: Findings, found: Attribution, labels: pa.Table, bounds: DetectionThresholds
) -> None:
    kinds = found.alerts.column("kind").to_pylist()
    counts = {kind: kinds.count(kind) for kind in (TRUE, RIGHT_CARD, FALSE)}
    findings.report("alerts", len(kinds), "alerts")
    for kind, count in counts.items():
        findings.report(f"alerts_{kind}", count, "alerts")
    _share(findings, "alert_precision", counts[TRUE] + counts[RIGHT_CARD], len(kinds))
    swipes, limit = len(labels), bounds.false_alerts_per_1000_max
    if not swipes:
        findings.report("false_alerts_per_1000", None, "1/1000 swipes", "no swipes")
        return
    rate = 1000 * counts[FALSE] / swipes
    low, high = wilson(min(counts[FALSE], swipes), swipes)
    value: Value | None = None if limit is None else ("pass" if rate <= limit else "fail")
    note = f"95% interval {1000 * low:.2f} to {1000 * high:.2f}"
    findings.bound(
        Figure("false_alerts_per_1000", rate, "1/1000 swipes", limit, value, note),
        f"{rate:.2f} false alerts per 1,000 swipes, over {limit}",
    )


def _cases(findings: Findings, found: Attribution, labels: pa.Table) -> None:
    counts = count_cases(found.alerts, labels)
    findings.report("cases", counts.opened, "cases")
    _share(findings, "case_precision", counts.right, counts.opened)
    _share(findings, "case_recall", counts.fraud_caught, counts.fraud)
