"""Which figures does everybody on the board have, each with its denominator?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.attribution import FALSE
from evaluation.board.bootstrap import (
    RESAMPLES,
    average_precision_interval,
    ratio_interval,
    resampled_sums,
)
from evaluation.board.curves import curve
from evaluation.board.daily import CALLS_PER_10000_CARDS, precision_at_k
from evaluation.board.rows import TRUTH, Line
from evaluation.board.sample import Sample
from evaluation.board.study import Judged, Study
from evaluation.board.systems import SEED
from evaluation.cases import count_cases
from evaluation.intervals import wilson


def share(system: str, name: str, part: int, whole: int, of: str, **more: Any) -> Line:
    """A share with the interval of Wilson (1927); None of none."""
    interval = wilson(part, whole) if whole else (None, None)
    value = part / whole if whole else None
    return Line(
        system=system,
        name=name,
        value=value,
        unit="1",
        of=of,
        low=interval[0],
        high=interval[1],
        numerator=part,
        denominator=whole,
        **more,
    )


def ratio(system: str, name: str, part: float, whole: float, of: str, **more: Any) -> Line:
    """A share without an interval of its own; None of none."""
    value = part / whole if whole else None
    more = {"unit": "1", "numerator": part, "denominator": whole, **more}
    return Line(system=system, name=name, value=value, of=of, **more)


def system_lines(sample: Sample, judged: Judged, labels: str = TRUTH) -> Iterator[Line]:
    """By swipe, case and incident: the figures that can be compared between systems."""
    system, name = judged.system, judged.system.name
    fraud = int(np.count_nonzero(sample.fraud & sample.scored))
    hits, flagged = int(np.count_nonzero(sample.fraud[system.rows])), len(system.rows)
    swipes = int(np.count_nonzero(sample.scored))
    marked: dict[str, Any] = {"labels": labels}
    yield ratio(name, "alert_rate", flagged, swipes, "swipes scored", **marked)
    yield ratio(name, "swipe_precision", hits, flagged, "swipes flagged", **marked)
    yield ratio(name, "swipe_recall", hits, fraud, "fraudulent swipes", **marked)
    if system.score is not None:
        area = curve(system.score[sample.scored], sample.fraud[sample.scored]).average_precision
        of = "fraudulent swipes"
        yield Line(
            system=name, name="average_precision", value=area, unit="1", of=of, labels=labels
        )
    scored_fraud = sample.fraud_labels.filter(pa.array(sample.scored[sample.fraud]))
    cases = count_cases(judged.alerts, scored_fraud)
    yield share(name, "case_precision", cases.right, cases.opened, "cases opened", **marked)
    yield share(name, "case_recall", cases.fraud_caught, cases.fraud, "cases of fraud", **marked)
    caught = int(pc.sum(judged.attacks.column("caught")).as_py() or 0)
    yield share(name, "incident_recall", caught, len(judged.attacks), "attacks", **marked)
    kinds = judged.alerts.column("kind").to_pylist()
    right = sum(kind != FALSE for kind in kinds)
    yield share(name, "alert_precision", right, len(kinds), "alerts, on cards and across", **marked)


def with_intervals(sample: Sample, judged: Judged, lines: Iterator[Line]) -> Iterator[Line]:
    """The shares of swipes get intervals by drawing cards with replacement."""
    scored, card = np.flatnonzero(sample.scored), sample.card[sample.scored]
    flagged = np.zeros(len(sample))
    flagged[judged.system.rows] = 1.0
    fraud = sample.fraud[scored].astype(np.float64)
    columns = {
        "swipes": np.ones(len(scored)),
        "flagged": flagged[scored],
        "fraud": fraud,
        "hits": flagged[scored] * fraud,
    }
    sums = resampled_sums(card, columns, RESAMPLES, SEED)
    parts = {
        "alert_rate": ("flagged", "swipes"),
        "swipe_precision": ("hits", "flagged"),
        "swipe_recall": ("hits", "fraud"),
    }
    for line in lines:
        interval = None
        if line.name in parts:
            part, whole = parts[line.name]
            interval = ratio_interval(sums[part], sums[whole])
        elif line.name == "average_precision" and judged.system.score is not None:
            interval = average_precision_interval(
                card, judged.system.score[scored], sample.fraud[scored], RESAMPLES, SEED
            )
        yield line if interval is None else _between(line, interval)


def _between(line: Line, interval: tuple[float, float]) -> Line:
    values = {name: getattr(line, name) for name in line.__struct_fields__}
    return Line(**{**values, "low": interval[0], "high": interval[1]})


def delay_lines(judged: Judged) -> Iterator[Line]:
    """How late were the attacks caught that were caught, and what had gone by then?"""
    attacks, name = judged.attacks, judged.system.name
    caught = attacks.filter(attacks.column("caught"))
    for figure, unit in (("delay_swipes", "fraudulent swipes"), ("delay_min", "min")):
        values = caught.column(figure).to_numpy()
        for percentile in (50, 90):
            value = float(np.percentile(values, percentile)) if len(values) else None
            yield Line(
                system=name,
                name=f"{figure}_p{percentile}",
                value=value,
                unit=unit,
                of="attacks caught",
                denominator=len(values),
            )
    lost = int(pc.sum(attacks.column("lost_minor")).as_py() or 0)
    saved = int(pc.sum(attacks.column("saved_minor")).as_py() or 0)
    of = "approved fraud of all attacks, minor units"
    yield ratio(name, "lost_share", lost, lost + saved, of)
    yield ratio(name, "saved_share", saved, lost + saved, of)


def daily_lines(study: Study, per_10000_cards: float = CALLS_PER_10000_CARDS) -> Iterator[Line]:
    """Precision@k a day of the score, and the most it could be."""
    name, score = study.job.system.name, study.job.system.score
    if score is None:
        return
    found = precision_at_k(study.sample, score, per_10000_cards)
    of = f"cards called, {found.k:.1f} a day"
    yield ratio(name, "precision_at_k_day", found.right, found.calls, of)
    yield ratio(name, "precision_at_k_day_possible", found.possible, found.calls, of)
    yield Line(
        system=name,
        name="k_day",
        value=found.k,
        unit="cards/day",
        of=f"{per_10000_cards:g} for each 10,000 cards",
    )
