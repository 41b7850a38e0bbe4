"""Which cases did the alerts open, and which were opened for nothing?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.attribution import FALSE
from evaluation.board.prevalence import Weights
from evaluation.board.sample import BLOCK, NONE, Bools, Sample
from evaluation.board.study import Judged, Study
from evaluation.cases import case_numbers
from generator.mixing import F64, I64


@dataclass(frozen=True)
class OpenedCases:
    """Cases (a card within 24 h), each with the alerts in it.

    Attributes
    ----------
    row
        Swipe of the first alert.
    right
        Whether an alert in it credits an attack.
    incident
        The attack first credited; where none, the look-alike that a swipe alerted comes with;
        else ``NONE``.
    alerts
        Rows of the alerts in each.
    """

    row: I64
    right: Bools
    incident: I64
    alerts: list[I64]

    def weights(self, weights: Weights) -> F64:
        """What each case stands for: its attack's weight if right, else its first swipe's."""
        of_incident = (
            weights.of_incidents[np.maximum(self.incident, 0)]
            if len(weights.of_incidents)
            else np.zeros(len(self.row))
        )
        attack = self.right & (self.incident != NONE)
        return np.where(attack, of_incident, weights.of_swipes[self.row])


def opened_cases(study: Study) -> OpenedCases:
    """The cases that the job's card alerts opened."""
    sample, alerts = study.sample, _card_alerts(study.job)
    rows = alerts.column("row").to_numpy()
    credited = pc.fill_null(alerts.column("incident_id").cast(pa.int64()), NONE).to_numpy()
    right = np.array([kind != FALSE for kind in alerts.column("kind").to_pylist()], dtype=np.bool_)
    order = np.lexsort((rows, sample.time_ms[rows], sample.card[rows]))
    events = [(f"{sample.card[row]:09d}", int(sample.time_ms[row])) for row in rows[order]]
    numbers = np.array(case_numbers(events), dtype=np.int64)
    found: tuple[list[int], list[bool], list[int], list[I64]] = ([], [], [], [])
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    for of_case in np.split(order, starts[1:]) if len(order) else []:
        is_right = bool(right[of_case].any())
        incidents = credited[of_case] if is_right else study.owner[rows[of_case]]
        known = incidents[incidents != NONE]
        found[0].append(int(rows[of_case[0]]))
        found[1].append(is_right)
        found[2].append(int(known[0]) if len(known) else NONE)
        found[3].append(rows[of_case])
    return OpenedCases(
        np.array(found[0], dtype=np.int64),
        np.array(found[1], dtype=np.bool_),
        np.array(found[2], dtype=np.int64),
        found[3],
    )


def false_cases_table(study: Study, cases: OpenedCases) -> Any:
    """A row for each case opened for nothing (table ``false_cases``)."""
    sample = study.sample
    names = sample.incidents.column("incident_id").to_pylist()
    scenarios = sample.incidents.column("scenario").to_pylist()
    at = np.flatnonzero(~cases.right)
    of = cases.incident[at]
    shards = [sample.shards[sample.shard[row]].name for row in cases.row[at]]
    rules = [_rules(sample, cases.alerts[number]) for number in at]
    blocks = [bool((sample.action[cases.alerts[number]] == BLOCK).any()) for number in at]
    return pa.table(
        {
            "shard": pa.array(shards, pa.string()),
            "card_token": sample.tokens.take(pa.array(sample.card[cases.row[at]])),
            "first_alert_ms": pa.array(sample.time_ms[cases.row[at]]),
            "rules": pa.array(rules, pa.list_(pa.string())),
            "scenario": pa.array(
                ["ordinary" if number == NONE else scenarios[number] for number in of], pa.string()
            ),
            "incident_id": pa.array(
                [None if number == NONE else names[number] for number in of], pa.string()
            ),
            "block": pa.array(blocks, pa.bool_()),
        }
    )


def incidents_table(study: Study) -> Any:
    """A row for each attack (table ``incidents``)."""
    sample, attacks = study.sample, study.job.attacks
    number = attacks.column("incident").to_numpy()
    rules: dict[int, set[str]] = {}
    for alert in study.job.alerts.select(["incident_id", "rules"]).to_pylist():
        if alert["incident_id"] is not None:
            rules.setdefault(int(alert["incident_id"]), set()).update(alert["rules"])
    shard = sample.incidents.column("shard").to_numpy()[number]
    kept = ("scenario", "difficulty", "caught", "first_alert_ms", "delay_swipes", "delay_min")
    return pa.table(
        {
            "shard": pa.array([sample.shards[at].name for at in shard], pa.string()),
            "incident_id": sample.incidents.column("incident_id").take(pa.array(number)),
            **{name: attacks.column(name) for name in kept},
            "lost_minor": attacks.column("lost_minor"),
            "saved_minor": attacks.column("saved_minor"),
            "rules": pa.array(
                [sorted(rules.get(int(each), ())) for each in number], pa.list_(pa.string())
            ),
        }
    )


def _card_alerts(judged: Judged) -> Any:
    return judged.alerts.filter(pc.equal(judged.alerts.column("entity_type"), "card"))


def _rules(sample: Sample, rows: I64) -> list[str]:
    bits = int(np.bitwise_or.reduce(sample.fired[rows])) & sample.acting
    return [rule.name for bit, rule in enumerate(sample.rules) if bits >> bit & 1]
