"""How is a figure held against the baseline's, and what if there is none?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from evaluation.gates.baseline import Measured
from evaluation.gates.gate import Bound, Gate, Kind, Part, by_interval
from evaluation.gates.ratios import Compared, difference, ratio_of_means
from evaluation.intervals import Interval


class Asked(NamedTuple):
    """What a gate is called, what it asks, and in which unit."""

    name: str
    question: str
    part: Part
    unit: str
    kind: Kind = "relative"


class Reference(NamedTuple):
    """The baseline's part, or why there is nothing to compare with.

    ``missing`` is empty where ``measured`` can be compared with. ``unchanged``: the same was judged
    on the same input, so what differs is exact.
    """

    measured: Measured | None
    missing: str
    unchanged: bool = False

    def values(self, name: str) -> list[float]:
        """The baseline's values of a figure; none where there is nothing to compare with."""
        if self.missing or self.measured is None:
            return []
        return self.measured.figures.get(name, [])

    def why_none(self, name: str) -> str:
        """Why a figure has no counterpart."""
        return self.missing or f"the baseline has no {name}"


def reference(now: Measured, before: Measured | None, command: str, *, timed: bool) -> Reference:
    """What a part can be compared with.

    Parameters
    ----------
    command
        What stores a baseline.
    timed
        Whether the figures depend on the machine.
    """
    if before is None:
        return Reference(None, f"no baseline: `{command}` at the commit to compare with")
    differs = now.incomparable(before, timed=timed)
    if differs:
        return Reference(before, f"the baseline is of {differs}: store one with `{command}`")
    return Reference(before, "", unchanged=bool(now.subject) and now.subject == before.subject)


def not_measured(asked: Asked, reason: str, **more: Any) -> Gate:
    """A gate of which nothing is known."""
    return gate(asked, verdict="inconclusive", note=reason, **more)


def gate(asked: Asked, **more: Any) -> Gate:
    """A gate, asked."""
    return Gate(**asked._asdict(), **more)


def cost_gate(
    asked: Asked, now: Sequence[float], compared_with: Reference, ratio_max: float, doubt: str = ""
) -> Gate:
    """A cost of which each repetition has one, against so many times the baseline's.

    Parameters
    ----------
    doubt
        Why the repetitions prove nothing; empty where they do.
    """
    usable = [value for value in now if 0 < value < math.inf]
    if not usable or len(usable) < len(now):
        return not_measured(asked, doubt or "not measured in each repetition")
    value = geometric_mean(usable)
    before = compared_with.values(asked.name)
    if min(len(usable), len(before)) < 2:
        needs = "one repetition has no interval" if len(usable) < 2 else ""
        why = doubt or needs or compared_with.why_none(asked.name)
        return not_measured(asked, why, value=value)
    ratio = ratio_of_means(usable, before)
    base = geometric_mean(before)
    interval = Interval(ratio.interval.low * base, ratio.interval.high * base)
    return gate(
        asked,
        value=value,
        low=interval.low,
        high=interval.high,
        threshold=ratio_max * base,
        baseline=base,
        verdict="inconclusive" if doubt else by_interval(ratio.interval, ratio_max),
        note=doubt or f"{ratio.value:.2f} times the baseline, at most {ratio_max:g}",
    )


def loss_gate(asked: Asked, now: Compared, compared_with: Reference, loss_max: float) -> Gate:
    """A share that may be lower than the baseline's by so much."""
    before = compared_with.values(asked.name)
    if len(before) != 3:
        return not_measured(
            asked,
            compared_with.why_none(asked.name),
            value=now.value,
            low=now.interval.low,
            high=now.interval.high,
            bound="at_least",
        )
    base, low, high = before
    known = Compared(base, Interval(low, high))
    change = exactly(now.value - base) if compared_with.unchanged else difference(now, known)
    bound: Bound = "at_least"
    return gate(
        asked,
        value=now.value,
        low=base + change.interval.low,
        high=base + change.interval.high,
        threshold=base - loss_max,
        bound=bound,
        baseline=base,
        verdict=by_interval(change.interval, -loss_max, bound),
        note=f"{change.value:+.3f} to the baseline, at least {-loss_max:+g}",
    )


def exactly(value: float) -> Compared:
    """What is known without doubt."""
    return Compared(value, Interval(value, value))


def geometric_mean(values: Sequence[float]) -> float:
    """Of costs above 0.

    Examples
    --------
    >>> round(geometric_mean([1.0, 4.0]), 6)
    2.0
    """
    return math.exp(sum(map(math.log, values)) / len(values))
