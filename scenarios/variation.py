"""How do tuning and exam get incidents of the same kind that share no point of the dial?

Each incident's dial is its difficulty's, with every figure scaled by up to 15% either way. Where it
stands within that is drawn from the split's own teeth of a comb: the dial's range is cut into 30
pieces, and each split has every third of them. So no incident of the exam has a dial that tuning
has seen, and none is easier or harder on average.
"""

from __future__ import annotations

from typing import Final, Literal, TypeVar

import msgspec
import numpy as np

Split = Literal["all", "tuning", "validation", "exam"]
SPLITS: Final[tuple[Split, ...]] = ("tuning", "validation", "exam")

#: Half the width of the range that a figure is scaled over. A choice: clearly another attack, not
#: another difficulty.
SPREAD: Final = 0.15
#: Teeth of the comb that each split has. A choice.
TEETH: Final = 10

_Dial = TypeVar("_Dial", bound=msgspec.Struct)


def dial_position(rng: np.random.Generator, split: Split) -> float:
    """Where on the dial's range an incident stands, 0 to 1.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> places = {split: dial_position(rng, split) for split in SPLITS}
    >>> [int(place * 30) % 3 for place in places.values()]
    [0, 1, 2]
    """
    u = float(rng.random())
    if split == "all":
        return u
    tooth = int(u * TEETH)
    return (tooth + (SPLITS.index(split) + (u * TEETH - tooth)) / len(SPLITS)) / TEETH


def vary(dial: _Dial, rng: np.random.Generator, split: Split) -> _Dial:
    """A dial near this one: all its figures scaled alike, so that bounds keep their order.

    Shares stay within 0 to 1, whole numbers stay whole and at least 1 where they were.
    """
    factor = 1.0 - SPREAD + 2.0 * SPREAD * dial_position(rng, split)
    changed: dict[str, float | int] = {}
    for name in dial.__struct_fields__:
        value = getattr(dial, name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        scaled = value * factor
        if name.endswith("_share"):
            scaled = min(1.0, scaled)
        if isinstance(value, int):
            changed[name] = max(min(value, 1), round(scaled))
        else:
            changed[name] = round(scaled, 6)
    return msgspec.structs.replace(dial, **changed)
