"""What does each rule find alone, what does only it find, and what does it cost?"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from evaluation.attribution import FALSE
from evaluation.board.curves import Curve, curve
from evaluation.board.rows import RuleRow
from evaluation.board.sample import Sample
from evaluation.board.study import Judged, Study


def rule_rows(study: Study, alone: list[Judged]) -> list[RuleRow]:
    """A row for each rule.

    Parameters
    ----------
    alone
        What each rule's alerts alone found, in the order of the sample's rules.
    """
    only = _only(study.job)
    return [_row(study, judged, only, bit) for bit, judged in enumerate(alone)]


def curves_table(sample: Sample) -> Any:
    """Points of the curves of the score and of each rule's value (table ``curves``)."""
    values = {"score": sample.score}
    values |= {rule.name: value for rule, value in zip(sample.rules, sample.values, strict=True)}
    fraud = sample.fraud[sample.scored]
    parts = [_points(name, curve(v[sample.scored], fraud)) for name, v in values.items()]
    return pa.concat_tables(parts)


def _points(name: str, whole: Curve) -> Any:
    thin = whole.thinned()
    total = max(whole.hits[-1], 1.0) if len(whole.hits) else 1.0
    swipes = whole.flagged[-1] if len(whole.flagged) else 1.0
    return pa.table(
        {
            "curve": pa.array([name] * len(thin.threshold), pa.string()),
            "threshold": thin.threshold,
            "flagged": thin.flagged,
            "precision": thin.hits / thin.flagged,
            "recall": thin.hits / total,
            "alert_rate": thin.flagged / swipes,
        }
    )


def _row(study: Study, judged: Judged, only: dict[str, tuple[int, int, int]], bit: int) -> RuleRow:
    sample, rule = study.sample, study.sample.rules[bit]
    rows, scored = judged.system.rows, sample.scored
    hits, fraud = int(sample.fraud[rows].sum()), int((sample.fraud & scored).sum())
    caught = int(pc.sum(judged.attacks.column("caught")).as_py() or 0)
    attacks = len(judged.attacks)
    only_incidents, false_alerts, only_false = only.get(rule.name, (0, 0, 0))
    return RuleRow(
        rule=rule.name,
        threshold=rule.threshold,
        unit=rule.unit,
        shadow=rule.shadow,
        across_cards=rule.name in sample.across_cards,
        fired=len(rows),
        fired_fraud=hits,
        precision=hits / len(rows) if len(rows) else None,
        recall=hits / fraud if fraud else None,
        average_precision=curve(sample.values[bit][scored], sample.fraud[scored]).average_precision,
        caught=caught,
        incident_recall=caught / attacks if attacks else None,
        false_alerts=false_alerts,
        only_incidents=only_incidents,
        only_false_alerts=only_false,
        precision_eea=_precision_at(study, judged, "eea"),
        precision_ecommerce_worldline=_precision_at(study, judged, "ecommerce_worldline"),
    )


def _precision_at(study: Study, judged: Judged, prevalence: str) -> float | None:
    weights, rows = study.weights[prevalence], judged.system.rows
    if weights is None:
        return None
    flagged = float(weights.of_swipes[rows].sum())
    hits = float((weights.of_swipes[rows] * study.sample.fraud[rows]).sum())
    return hits / flagged if flagged else None


def _only(job: Judged) -> dict[str, tuple[int, int, int]]:
    """Of each rule: attacks in whose alerts only it fired, false alerts with it, and only it."""
    scored = set(job.attacks.column("incident_id").to_pylist())
    of_incident: dict[str, set[str]] = {}
    false: dict[str, int] = {}
    only_false: dict[str, int] = {}
    for alert in job.alerts.select(["incident_id", "kind", "rules"]).to_pylist():
        if alert["incident_id"] in scored:
            of_incident.setdefault(alert["incident_id"], set()).update(alert["rules"])
        if alert["kind"] == FALSE:
            for rule in alert["rules"]:
                false[rule] = false.get(rule, 0) + 1
            if len(alert["rules"]) == 1:
                only_false[alert["rules"][0]] = only_false.get(alert["rules"][0], 0) + 1
    alone = [next(iter(rules)) for rules in of_incident.values() if len(rules) == 1]
    names = {*false, *alone}
    return {
        name: (alone.count(name), false.get(name, 0), only_false.get(name, 0)) for name in names
    }
