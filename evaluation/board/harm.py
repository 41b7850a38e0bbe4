"""What does it cost, what does a block save, and what would both be at a named prevalence?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from evaluation.attribution import FALSE
from evaluation.board.block import block_openers, stopped
from evaluation.board.bootstrap import RESAMPLES, ratio_interval, resampled_sums
from evaluation.board.cases_of import OpenedCases
from evaluation.board.headline import ratio
from evaluation.board.prevalence import Weights
from evaluation.board.rows import SAMPLE, Line
from evaluation.board.study import Study
from evaluation.board.systems import SEED
from generator.mixing import F64, I64

#: Unit of harm: holders or swipes for each 10,000 cards of the portfolio a day.
PER_DAY = "1/10,000 cards/day"
_CARD_DAYS = "10,000 cards times days"


def prevalence_lines(study: Study, cases: OpenedCases) -> Iterator[Line]:
    """Precision, alert rate and false cases at each prevalence, the sample's own first."""
    sample = study.sample
    yield _false_cases(study, cases, np.ones(len(cases.row)), SAMPLE)
    rows, name = study.job.system.rows, study.job.system.name
    for prevalence, weights in study.weights.items():
        if weights is None:
            continue
        marked = {"prevalence": prevalence}
        of = "weighted swipes"
        flagged = np.zeros(len(sample))
        flagged[rows] = weights.of_swipes[rows]
        hits = flagged * sample.fraud
        columns = {"hits": hits, "flagged": flagged, "swipes": weights.of_swipes}
        columns = {key: column[sample.scored] for key, column in columns.items()}
        sums = resampled_sums(sample.card[sample.scored], columns, RESAMPLES, SEED)
        total = {key: float(column.sum()) for key, column in columns.items()}
        for figure, part, whole in (
            ("swipe_precision", "hits", "flagged"),
            ("alert_rate", "flagged", "swipes"),
        ):
            interval = ratio_interval(sums[part], sums[whole]) or (None, None)
            ends = {"low": interval[0], "high": interval[1]}
            yield ratio(name, figure, total[part], total[whole], of, **marked, **ends)
        of_cases = cases.weights(weights)
        right, every = float(of_cases[cases.right].sum()), float(of_cases.sum())
        yield ratio(name, "case_precision", right, every, "weighted cases", **marked)
        yield _false_cases(study, cases, of_cases, prevalence)


def block_lines(study: Study) -> Iterator[Line]:
    """What a block that holds for 24 h would have stopped, right and wrong."""
    sample, name = study.sample, study.job.system.name
    openers = block_openers(sample, study.job.system.blocking)
    rows, _ = stopped(sample, openers)
    rows = np.unique(rows)
    mode: dict[str, Any] = {"mode": "block"}
    fraud, approved = sample.fraud & sample.scored, sample.approved
    all_minor = int(sample.amount_minor[fraud & approved].sum())
    stopped_minor = int(sample.amount_minor[rows[fraud[rows] & approved[rows]]].sum())
    of = "approved fraud, minor units"
    yield ratio(name, "fraud_amount_stopped", stopped_minor, all_minor, of, **mode)
    part, whole = int(fraud[rows].sum()), int(fraud.sum())
    yield ratio(name, "fraud_swipes_stopped", part, whole, "fraudulent swipes", **mode)
    genuine = rows[~sample.fraud[rows] & approved[rows]]
    wrong = _false_openers(study, openers)
    yield from _harm(study, genuine, wrong, None, SAMPLE)
    for prevalence, weights in study.weights.items():
        if weights is not None:
            yield from _harm(study, genuine, wrong, weights, prevalence)


def _harm(
    study: Study, genuine: I64, wrong: I64, weights: Weights | None, prevalence: str
) -> Iterator[Line]:
    marked = {"mode": "block", "prevalence": prevalence, "unit": PER_DAY}
    name, card_days = study.job.system.name, study.sample.card_days / 10_000
    for figure, rows in (
        ("genuine_swipes_stopped", genuine),
        ("holders_wrongly_stopped", wrong),
    ):
        count = float(len(rows)) if weights is None else float(weights.of_swipes[rows].sum())
        yield ratio(name, figure, count, card_days, _CARD_DAYS, **marked)


def _false_openers(study: Study, openers: I64) -> I64:
    """Blocks on a card that no attack had touched."""
    alerts = study.job.alerts
    false = {
        row
        for row, kind, entity in zip(
            alerts.column("row").to_pylist(),
            alerts.column("kind").to_pylist(),
            alerts.column("entity_type").to_pylist(),
            strict=True,
        )
        if kind == FALSE and entity == "card"
    }
    return np.array([row for row in openers.tolist() if row in false], dtype=np.int64)


def _false_cases(study: Study, cases: OpenedCases, weights: F64, prevalence: str) -> Line:
    return ratio(
        study.job.system.name,
        "holders_wrongly_called",
        float(weights[~cases.right].sum()),
        study.sample.card_days / 10_000,
        _CARD_DAYS,
        prevalence=prevalence,
        unit=PER_DAY,
    )
