"""Does any one field of the message alone tell an attack from ordinary swipes?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from evaluation.realism.base import Check, Measure
from evaluation.realism.sample import Sample
from generator.mixing import F64, Bool
from job.contracts import CARD_PRESENT
from scenarios.base import DIFFICULTIES

#: Marked swipes among all, at which precision is stated.
MIXING: Final = 0.01
HIGH: Final = 0.5
#: Ordinary swipes compared with.
ORDINARY_ROWS: Final = 20_000
#: Marked swipes of a scenario and difficulty, at least.
MIN_MARKED: Final = 20


class Separability(Check):
    """Average precision of the best single field, for each scenario and difficulty.

    A field with an order is a ranking both ways; of one without, each value is a threshold of its
    own. Look-alikes are reported only: they need not hide among ordinary swipes.
    """

    name = "separability"
    question = "Does any one field of the message alone tell an attack from ordinary swipes?"
    source = "a choice: average precision among 1% of marked swipes"
    tolerance = "at most 0.5 for attacks at medium and hard, a choice; all else is reported"

    def measure(self, sample: Sample) -> list[Measure]:
        """One figure for each scenario and difficulty."""
        rows = sample.staged
        ordinary = rows[rows["role"] == "ordinary"]
        ordinary = ordinary.sample(min(ORDINARY_ROWS, len(ordinary)), random_state=0)
        measures = []
        marked = rows[rows["role"] != "ordinary"]
        for scenario, of_scenario in marked.groupby("scenario"):
            for difficulty in DIFFICULTIES:
                own = of_scenario[of_scenario["difficulty"] == difficulty]
                is_attack = bool((own["role"] == "attack").all())
                bounded = is_attack and difficulty != "easy"
                high = HIGH if bounded else None
                name = f"{scenario}_{difficulty}"
                if len(own) < MIN_MARKED:
                    note = f"{len(own)} swipes"
                    measures.append(Measure(name=name, value=None, unit="AP", high=high, note=note))
                    continue
                field, value = best_field(own, ordinary)
                note = f"{field}; {len(own):,} swipes"
                measures.append(Measure(name=name, value=value, unit="AP", high=high, note=note))
        return measures


def best_field(marked: pd.DataFrame, ordinary: pd.DataFrame) -> tuple[str, float]:
    """The field, or value of one, that tells the two apart best, and its average precision."""
    both = pd.concat([marked, ordinary])
    is_marked = np.arange(len(both)) < len(marked)
    weight = np.where(is_marked, MIXING / len(marked), (1.0 - MIXING) / len(ordinary))
    best = ("none", 0.0)
    for name, score in _scores(both):
        if score.dtype == np.bool_:
            precision = _of_indicator(is_marked, score.astype(np.bool_), weight)
        else:
            precision = float(average_precision_score(is_marked, score, sample_weight=weight))
        best = max(best, (name, precision), key=lambda one: one[1])
    return best


def _of_indicator(is_marked: Bool, flag: Bool, weight: F64) -> float:
    """Average precision of a yes or no, in closed form: recall first at its precision, then all."""
    caught = float(weight[flag & is_marked].sum())
    flagged = float(weight[flag].sum())
    if flagged == 0.0:
        return MIXING
    recall = caught / MIXING
    return recall * caught / flagged + (1.0 - recall) * MIXING


def _scores(rows: pd.DataFrame) -> Iterator[tuple[str, F64 | Bool]]:
    """What can be read off a swipe and its card's standing data, as scores."""
    amount = rows["euro_cents"].to_numpy(dtype=np.float64)
    # From noon, so that the night is in one piece.
    hour = (rows["event_time_ms"].to_numpy(dtype=np.float64) / 3_600_000 - 12.0) % 24.0
    for name, value in (("amount", amount), ("hour", hour)):
        yield f"{name} high", value
        yield f"{name} low", -value
    yield "night", np.abs(hour - 15.0) <= 3.0
    yield "zero amount", amount == 0.0
    yield "abroad", (rows["country"] != rows["home_country"]).to_numpy()
    strange_ip = rows["ip_country"].notna() & (rows["ip_country"] != rows["home_country"])
    yield "net address abroad", strange_ip.to_numpy()
    yield "new device", rows["new_device"].to_numpy(dtype=bool)
    yield "remote", (~rows["entry_mode"].isin(CARD_PRESENT)).to_numpy()
    for name in ("entry_mode", "mcc", "response_code", "message_type", "currency", "country"):
        for value in sorted(rows[name].unique()):
            yield f"{name} {value}", (rows[name] == value).to_numpy()
    yield "declined", (rows["response_code"] != "00").to_numpy()
