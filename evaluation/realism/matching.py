"""Which ordinary swipes are marked ones fairly compared with?

With those of the same channel and kind, so that a probe cannot live off what may tell; and each
card, device or merchant stands in a comparison once, so that it cannot learn one by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

#: Ordinary swipes for each marked one, at most.
PER_MARKED: Final = 10


def alike(
    ordinary: pd.DataFrame, marked: pd.DataFrame, by: Sequence[str], seed: int = 0
) -> pd.DataFrame:
    """Ordinary rows in which the values of these fields are as frequent as in the marked ones."""
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


def distinct(rows: pd.DataFrame, ids: Sequence[str], seed: int = 0) -> pd.DataFrame:
    """Rows in random order of which no two share an id; an absent one is shared with none."""
    shuffled = rows.sample(frac=1.0, random_state=seed)
    for name in ids:
        shuffled = shuffled[shuffled[name].isna() | ~shuffled[name].duplicated()]
    return shuffled
