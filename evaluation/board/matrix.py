"""Which rule sees which scenario, and what does each rule find that no other does?"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

from evaluation.attribution import FALSE, Attribution
from evaluation.board.shards import Exam


def scenario_by_rule(exam: Exam) -> pa.Table:
    """Share of each scenario's incidents in which each rule fired on one of its swipes.

    A row for each scenario, difficulty and rule: ``incidents``, ``fired``, ``share``.
    """
    ids = exam.labels.column("incident_id").combine_chunks().dictionary_encode()
    codes = np.asarray(ids.indices.fill_null(-1).to_numpy(), dtype=np.int64)
    rows = np.flatnonzero(codes >= 0)
    bits = np.zeros(len(ids.dictionary), dtype=np.int64)
    np.bitwise_or.at(bits, codes[rows], exam.fired[rows].astype(np.int64))
    by_id = dict(zip(ids.dictionary.to_pylist(), bits.tolist(), strict=True))
    counts: Counter[tuple[str, str, str]] = Counter()
    fired: Counter[tuple[str, str, str, str]] = Counter()
    for incident in exam.incidents.to_pylist():
        kind = (incident["role"], incident["scenario"], incident["difficulty"])
        counts[kind] += 1
        seen = by_id.get(incident["incident_id"], 0)
        for bit, rule in enumerate(exam.rules):
            fired[(*kind, rule.name)] += seen >> bit & 1
    found: list[dict[str, Any]] = [
        {
            "role": role,
            "scenario": scenario,
            "difficulty": difficulty,
            "rule": rule.name,
            "incidents": count,
            "fired": fired[(role, scenario, difficulty, rule.name)],
            "share": fired[(role, scenario, difficulty, rule.name)] / count,
        }
        for (role, scenario, difficulty), count in sorted(counts.items())
        for rule in exam.rules
    ]
    return pa.Table.from_pylist(found)


def by_rule(exam: Exam, found: Attribution) -> list[dict[str, Any]]:
    """For each rule: what it caught, what it alone caught, and what that costs.

    ``only_caught`` are incidents all of whose alerts name this rule and no other, ``only_false``
    false alerts that name it alone: without the rule they would be gone.
    """
    naming: dict[str, set[str]] = {}
    false_with: Counter[str] = Counter()
    false_only: Counter[str] = Counter()
    alerts: Counter[str] = Counter()
    for rules, kind, incident in zip(
        found.alerts.column("rules").to_pylist(),
        found.alerts.column("kind").to_pylist(),
        found.alerts.column("incident_id").to_pylist(),
        strict=True,
    ):
        alerts.update(rules)
        if incident is not None:
            naming.setdefault(incident, set()).update(rules)
        if kind == FALSE:
            false_with.update(rules)
            if len(rules) == 1:
                false_only.update(rules)
    caught: Counter[str] = Counter()
    only: Counter[str] = Counter()
    for rules in naming.values():
        caught.update(rules)
        if len(rules) == 1:
            only.update(rules)
    return [
        {
            "rule": rule.name,
            "threshold": rule.threshold,
            "unit": rule.unit,
            "shadow": rule.shadow,
            "swipes_fired": int((exam.fired >> bit & 1).sum()),
            "alerts": alerts[rule.name],
            "incidents_caught": caught[rule.name],
            "only_caught": only[rule.name],
            "false_alerts": false_with[rule.name],
            "only_false": false_only[rule.name],
        }
        for bit, rule in enumerate(exam.rules)
    ]
