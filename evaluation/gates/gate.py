"""What is a gate, and when does it open?

A gate holds the interval of one figure against one threshold. It passes only if the whole interval
is within, fails only if the whole interval is beyond, and is inconclusive else: a figure that
happens to lie on the right side proves nothing.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import msgspec

from evaluation.intervals import Interval
from evaluation.verdict import Value

Part = Literal["live", "engine", "detection"]
#: A promise is absolute; anything else is relative to a baseline or to the floor of the same run.
Kind = Literal["promise", "relative"]
Bound = Literal["at_most", "at_least"]

PARTS: Final[tuple[Part, ...]] = ("live", "engine", "detection")


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """One gate and what it said.

    Parameters
    ----------
    name
        Unique within a result.
    question
        What it asks, for a person.
    part
        What had to be measured for it.
    kind
        ``promise`` or ``relative``.
    value, unit
        The figure; None where it was not measured, ``"infinite"`` for a latency without end.
    low, high
        Its 95% interval, in the same unit; equal to the value for a count.
    threshold, bound
        What it was held against, in the same unit, and from which side.
    baseline
        The baseline's figure, in the same unit; None for a promise or where there is none.
    note
        Why the verdict is not a pass, or what a reader must know with the figure.
    """

    name: str
    question: str
    part: Part
    kind: Kind
    unit: str
    verdict: Value
    value: int | float | str | None = None
    low: float | str | None = None
    high: float | str | None = None
    threshold: float | None = None
    bound: Bound = "at_most"
    baseline: float | None = None
    note: str = ""


def by_interval(interval: Interval, threshold: float, bound: Bound = "at_most") -> Value:
    """Pass with all of the interval within, fail with all of it beyond.

    Examples
    --------
    >>> by_interval(Interval(80.0, 95.0), 100.0)
    'pass'
    >>> by_interval(Interval(95.0, 105.0), 100.0)
    'inconclusive'
    >>> by_interval(Interval(0.7, 0.8), 0.9, "at_least")
    'fail'
    """
    low, high = interval
    if math.isnan(low) or math.isnan(high):
        return "inconclusive"
    if bound == "at_least":
        low, high, threshold = -high, -low, -threshold
    if high <= threshold:
        return "pass"
    return "fail" if low > threshold else "inconclusive"
