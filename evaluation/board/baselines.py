"""What would a detector without any sense have found, and one that knows everything?

On the same board as the job: Null never alerts, Random alerts on as many swipes as the job, Perfect
on the first fraudulent swipe of each attack, and each rule alone at its own threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evaluation.attribution import FALSE, Attribution, attribute_table
from evaluation.board.shards import REVIEW, Exam, alerts_of_rows, booleans, with_entities
from evaluation.cases import cases

_SEED: Final = 20_261


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """One detector's row on the board; None where there is nothing to divide by."""

    name: str
    incidents_caught: int
    incident_recall: float | None
    alerts: int
    alert_precision: float | None
    false_cases_per_10000_a_day: float
    lost_share: float | None


def baselines(exam: Exam, job: Attribution) -> list[Baseline]:
    """The rows of the board, the job first."""
    return [
        row(exam, "the job", job),
        *(
            row(exam, name, attribute_table(alerts, exam.labels, exam.incidents))
            for name, alerts in _detectors(exam)
        ),
    ]


def row(exam: Exam, name: str, found: Attribution) -> Baseline:
    """One detector's row."""
    caught = booleans(found.attacks.column("caught"))
    kinds = found.alerts.column("kind")
    false = found.alerts.filter(pc.equal(kinds, FALSE))
    lost = pc.sum(found.attacks.column("lost_minor")).as_py() or 0
    stake = pc.sum(found.attacks.column("at_stake_minor")).as_py() or 0
    return Baseline(
        name=name,
        incidents_caught=int(caught.sum()),
        incident_recall=float(caught.mean()) if len(caught) else None,
        alerts=len(kinds),
        alert_precision=1.0 - len(false) / len(kinds) if len(kinds) else None,
        false_cases_per_10000_a_day=10_000 * false_cases(false) / exam.card_days,
        lost_share=lost / stake if stake else None,
    )


def false_cases(false_alerts: pa.Table) -> int:
    """Cases (an entity within 24 hours) that false alerts opened."""
    events = zip(
        false_alerts.column("entity_id").to_pylist(),
        false_alerts.column("event_time_ms").to_pylist(),
        strict=True,
    )
    return len(cases((entity, at, False) for entity, at in events))


def _detectors(exam: Exam) -> Iterator[tuple[str, pa.Table]]:
    none = np.empty(0, dtype=np.int64)
    nobody = exam.entity_alerts.slice(0, 0)
    yield "Null", alerts_of_rows(exam, none)
    flagged = int((exam.action >= REVIEW).sum())
    rng = np.random.default_rng(_SEED)
    drawn = np.sort(rng.choice(len(exam.card), min(flagged, len(exam.card)), replace=False))
    yield "Random, as many alerts", alerts_of_rows(exam, drawn.astype(np.int64))
    yield "Perfect", alerts_of_rows(exam, first_frauds(exam))
    across = set(exam.entity_alerts.column("rule").to_pylist())
    for bit, rule in enumerate(exam.rules):
        label = f"{rule.name} alone" + (" (shadow)" if rule.shadow else "")
        if rule.name in across:
            own = exam.entity_alerts.filter(pc.equal(exam.entity_alerts.column("rule"), rule.name))
            yield label, with_entities(alerts_of_rows(exam, none), own)
            continue
        rows = np.flatnonzero(exam.fired >> bit & 1).astype(np.int64)
        yield label, with_entities(alerts_of_rows(exam, rows), nobody)


def first_frauds(exam: Exam) -> NDArray[np.int64]:
    """Row of the first fraudulent swipe of each attack."""
    rows = np.flatnonzero(exam.is_fraud)
    ids = exam.labels.column("incident_id").take(pa.array(rows)).combine_chunks()
    codes = np.asarray(ids.dictionary_encode().indices.to_numpy(), dtype=np.int64)
    order = np.lexsort((exam.time_ms[rows], codes))
    _, first = np.unique(codes[order], return_index=True)
    return np.sort(rows[order][first]).astype(np.int64)
