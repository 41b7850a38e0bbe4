"""Which ordinary swipes are marked ones fairly compared with?

With those of the same channel and kind, so that a probe cannot live off what may tell; and each
card, device or merchant stands in a comparison once, so that it cannot learn one by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from generator.mixing import F64

#: Ordinary swipes for each marked one, at most.
PER_MARKED: Final = 5


def alike(
    ordinary: pd.DataFrame, marked: pd.DataFrame, by: Sequence[str], seed: int = 0
) -> pd.DataFrame:
    """Ordinary rows whose values of these fields marked rows have, some for each of them."""
    wanted = marked.groupby(list(by), dropna=False).size()
    pools = dict(iter(ordinary.groupby(list(by), dropna=False)))
    found = [
        pools[values].sample(min(len(pools[values]), PER_MARKED * count), random_state=seed)
        for values, count in wanted.items()
        if values in pools
    ]
    return pd.concat(found) if found else ordinary.iloc[:0]


def only_matched(marked: pd.DataFrame, ordinary: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Those marked rows that have their like among the ordinary ones."""
    keys = pd.MultiIndex.from_frame(ordinary[list(by)].drop_duplicates())
    return marked[pd.MultiIndex.from_frame(marked[list(by)]).isin(keys)]


def matching_weights(others: pd.DataFrame, marked: pd.DataFrame, by: Sequence[str]) -> F64:
    """Weights of the others that give each kind of swipe the share it has among the marked."""
    wanted, found = marked.groupby(list(by)).size(), others.groupby(list(by)).size()
    kinds = pd.MultiIndex.from_frame(others[list(by)])
    weights: F64 = (wanted / found).reindex(kinds).to_numpy(dtype=np.float64)
    return weights


def distinct(rows: pd.DataFrame, ids: Sequence[str], seed: int = 0) -> pd.DataFrame:
    """Rows in random order of which no two share an id; an absent one is shared with none."""
    shuffled = rows.sample(frac=1.0, random_state=seed)
    for name in ids:
        shuffled = shuffled[shuffled[name].isna() | ~shuffled[name].duplicated()]
    return shuffled
