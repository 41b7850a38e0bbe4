"""How much does each swipe of an exam stand for, in traffic with another share of fraud?

An exam has every attack, difficulty and look-alike equally often, and far more of them than life.
Weights bring them back: attacks to their shares in a mix, difficulties equally (a choice),
look-alikes to their number for each attack, and fraud as a whole to a prevalence. Ordinary swipes
weigh 1.

With f the mean number of fraudulent swipes of an attack of the mix, l that of look-alike swipes
that come with it, and N ordinary swipes, the number of attacks c that makes the prevalence p is::

    c f / (c f + c l + N) = p    =>    c = p N / (f (1 - p) - p l)

An incident of attack s at one of d difficulties with n incidents in the exam weighs
c share(s) / (d n), one of look-alike s c ratio(s) / (d n).
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scenarios.mixes import MIXED, Mix


def swipe_weights(
    labels: pa.Table, incidents: pa.Table, prevalence: float, mix: Mix = MIXED
) -> NDArray[np.float64]:
    """The weight of each row of the labels.

    Raises
    ------
    ValueError
        If the exam has no attack of the mix, or the prevalence cannot be reached.
    """
    kinds = Counter(
        zip(
            incidents.column("scenario").to_pylist(),
            incidents.column("difficulty").to_pylist(),
            strict=True,
        )
    )
    shares = _per_incident(kinds, mix.attack_shares)
    ratios = _per_incident(kinds, mix.look_alikes_per_attack)
    total = sum(mix.attack_shares[name] for name in {name for name, _ in shares})
    if not total:
        raise ValueError("the exam has no attack of the mix")
    relative = {kind: share / total for kind, share in shares.items()} | ratios
    codes, row_kind = _codes(labels, relative)
    per_row = np.array([*relative.values(), 0.0])[codes]
    is_fraud = np.asarray(labels.column("is_fraud").to_numpy(zero_copy_only=False), dtype=bool)
    planned = row_kind
    fraud, look_alike = float(per_row[is_fraud].sum()), float(per_row[planned & ~is_fraud].sum())
    ordinary = int((~planned).sum())
    room = fraud * (1.0 - prevalence) - prevalence * look_alike
    if room <= 0:
        raise ValueError(f"a prevalence of {prevalence} cannot be reached with this mix")
    attacks = prevalence * ordinary / room
    weights: NDArray[np.float64] = np.where(planned, per_row * attacks, 1.0)
    return weights


def _per_incident(
    kinds: Counter[tuple[str, str]], shares: dict[str, float]
) -> dict[tuple[str, str], float]:
    difficulties = Counter(name for name, _ in kinds)
    return {
        (name, difficulty): shares[name] / (difficulties[name] * count)
        for (name, difficulty), count in kinds.items()
        if name in shares
    }


def _codes(
    labels: pa.Table, kinds: dict[tuple[str, str], float]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """For each row the number of its kind (the last where it is none), and whether it is planned.

    A planned swipe of a kind that is not in the mix weighs nothing.
    """
    scenario = labels.column("scenario").combine_chunks().dictionary_encode()
    difficulty = labels.column("difficulty").combine_chunks().dictionary_encode()
    names, levels = scenario.dictionary.to_pylist(), difficulty.dictionary.to_pylist()
    numbers = {kind: number for number, kind in enumerate(kinds)}
    table = np.full((len(names), len(levels) + 1), len(kinds), dtype=np.int64)
    for row, name in enumerate(names):
        for column, level in enumerate(levels):
            table[row, column] = numbers.get((name, level), len(kinds))
    level_codes = np.asarray(difficulty.indices.fill_null(len(levels)).to_numpy(), dtype=np.int64)
    name_codes = np.asarray(scenario.indices.to_numpy(), dtype=np.int64)
    planned: NDArray[np.bool_] = level_codes != len(levels)
    return table[name_codes, level_codes], planned
