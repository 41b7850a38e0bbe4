"""Could a classifier tell two groups of swipes by their formatting alone?

What may tell an attack is left out: amount, entry mode, country, place, merchant category, hour.
What is left are the characters of identifiers, seconds and milliseconds, the last digits of the
amount, the decimals of coordinates, which fields are there, and the shape of the JSON.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from generator.mixing import F64, I64

FOLDS: Final = 5
#: Characters looked at from each end of an identifier.
ENDS: Final = 4
#: Stands for what is not there: a value that nothing else has.
ABSENT: Final = -1.0

SWIPE_IDS: Final = ("swipe_id", "card_token", "device_id")
MERCHANT_IDS: Final = ("merchant_id", "terminal_id")


class Probed(NamedTuple):
    """What a probe found: ROC AUC over cross-validation, and the sizes of the groups."""

    auc: float
    marked: int
    others: int


def probe(marked: F64, others: F64, others_weight: F64 | None = None, seed: int = 0) -> Probed:
    """Cross-validated ROC AUC of gradient boosting between two groups of feature rows.

    Parameters
    ----------
    others_weight
        Of the rows of the other group; all alike if None.
    """
    features = np.nan_to_num(np.concatenate([marked, others]), nan=ABSENT)
    is_marked = np.arange(len(features)) < len(marked)
    weight = np.ones(len(others)) if others_weight is None else others_weight
    # Both groups weigh the same, or a small one would not be learned.
    weight = np.concatenate([np.ones(len(marked)), weight * (len(marked) / weight.sum())])
    classifier = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=8, early_stopping=False, random_state=seed
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    # So few rows are learned faster by one thread than by several that wait for each other.
    with threadpool_limits(1):
        scores = cross_val_predict(
            classifier,
            features,
            is_marked,
            cv=folds,
            method="predict_proba",
            params={"sample_weight": weight},
        )
    auc = roc_auc_score(is_marked, scores[:, 1], sample_weight=weight)
    return Probed(float(auc), len(marked), len(others))


def swipe_features(rows: pd.DataFrame) -> F64:
    """Formatting of swipes, one row each."""
    time_ms = rows["event_time_ms"].to_numpy(dtype=np.int64)
    amount = rows["amount_minor"].to_numpy(dtype=np.int64)
    present = [
        rows[name].notna().to_numpy(dtype=np.float64)
        for name in ("device_id", "ip_country", "latitude", "longitude")
    ]
    columns = [
        time_ms % 1000,
        time_ms % 10,
        time_ms // 1000 % 60,
        amount % 10,
        _trailing_zeros(amount),
        *present,
        *_shape(rows["payload"].tolist()).T,
        *(column for name in SWIPE_IDS for column in characters(rows[name]).T),
    ]
    return np.column_stack(columns).astype(np.float64)


def merchant_features(rows: pd.DataFrame) -> F64:
    """Formatting of terminals, one row each: their ids, and the decimals of where they stand."""
    columns = [column for name in MERCHANT_IDS for column in characters(rows[name]).T]
    for name in ("latitude", "longitude"):
        degrees = rows[name].to_numpy(dtype=np.float64)
        # The third to the sixth decimal, the last of which is 0 in a fair one.
        micro = np.rint(np.abs(degrees) * 1e6)
        columns += [micro % 10, micro // 10 % 10, micro // 10 % 1000]
    return np.column_stack(columns).astype(np.float64)


def characters(texts: pd.Series[str]) -> F64:
    """Length, classes of characters, and the first and last digits of identifiers; NaN where none.

    Examples
    --------
    >>> characters(pd.Series(["00fA-"]))[0, :5].tolist()
    [5.0, 2.0, 1.0, 1.0, 1.0]
    """
    return np.array([_of_text(text) for text in texts.tolist()], dtype=np.float64)


def _of_text(text: str | None) -> list[float]:
    if not isinstance(text, str):
        return [np.nan] * (6 + 2 * ENDS)
    digits = sum(char.isdecimal() for char in text)
    lower, upper = sum(char.islower() for char in text), sum(char.isupper() for char in text)
    codes = [float(ord(char)) for char in text.lower()]
    ends = [*codes[:ENDS], *codes[-ENDS:]]
    ends += [np.nan] * (2 * ENDS - len(ends))
    kinds = [float(len(text)), digits, lower, upper, len(text) - digits - lower - upper]
    return [*kinds, sum(codes) / len(codes), *ends]


def _trailing_zeros(amount: I64) -> I64:
    """Of amounts, up to four; zero itself has none."""
    zeros: I64 = sum(
        ((amount % 10**power == 0) & (amount > 0)).astype(np.int64) for power in range(1, 5)
    )
    return zeros


def _shape(payloads: list[bytes]) -> F64:
    """Of each JSON: number of fields, their order, and the bytes that are not a value's."""
    orders: dict[tuple[str, ...], int] = {}
    rows = []
    for payload in payloads:
        fields = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
        order = orders.setdefault(tuple(fields), len(orders))
        rest = len(payload) - sum(len(memoryview(value)) for value in fields.values())
        rows.append((len(fields), order, rest))
    return np.array(rows, dtype=np.float64)
