"""How can each of a hundred million cards have its own attributes without being stored?

An attribute is a function of the card's number: SplitMix64 (Steele, Lea, Flood 2014) over number
and stream gives 64 random bits. Uniform and normal values are made of them with additions and
multiplications alone, which are exact alike on every processor.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

_GOLDEN: Final = 0x9E3779B97F4A7C15
_MASK: Final = 0xFFFFFFFFFFFFFFFF


def bits(numbers: U64, stream: int) -> U64:
    """64 random bits for each number; a bijection of the numbers within one stream."""
    mixed = numbers + np.uint64((stream + 1) * _GOLDEN & _MASK)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def uniform(numbers: U64, stream: int) -> F64:
    """A value in [0, 1) for each number."""
    return (bits(numbers, stream) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(numbers: U64, stream: int) -> F64:
    """A nearly normal value (mean 0, standard deviation 1, within 6) for each number.

    The sum of twelve uniform values of 16 bits each (Irwin-Hall), four from each of three streams.
    """
    total = np.zeros(len(numbers), dtype=np.int64)
    for part in range(3):
        word = bits(numbers, 4096 + 4 * stream + part)
        for shift in (0, 16, 32, 48):
            total += (word >> np.uint64(shift) & np.uint64(0xFFFF)).astype(np.int64)
    # Each part is the middle of its interval, or the mean would be a little below 0.
    return (total.astype(np.float64) + 6.0) * 2.0**-16 - 6.0


def zipf_rank(u: F64, count: F64) -> I64:
    """A rank in 0 .. count - 1, popularity falling as rank^-0.8.

    The inverse of the continuous distribution, whose exponent 1 / (1 - 0.8) = 5 needs no power
    function. 0.8 is a choice near the 0.7 to 1 seen for shops and sites.
    """
    fifth_root = np.round((count + 1.0) ** 0.2, 9)
    base = 1.0 + u * (fifth_root - 1.0)
    squared = base * base
    rank = np.floor(squared * squared * base) - 1.0
    clipped: F64 = np.clip(rank, 0.0, count - 1.0)
    return clipped.astype(np.int64)


def salted(numbers: I64, salt: int) -> U64:
    """Numbers set apart from those of another seed or another kind of thing."""
    return bits(numbers.astype(np.uint64) ^ np.uint64(salt & _MASK), 0)
