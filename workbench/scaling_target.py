"""How busy should a task be for the autoscaler, by how busy it is while the load is calm?

No fixed share does on every machine: the calm load has to lie below it with one task and with two,
the tripled one above.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Final

from evaluation.autoscaling.record import Sample

#: Seconds before the autoscaler starts over which the calm load is looked at.
CALM_S: Final = 20.0
#: What one task does at the calm load, two do together at 2.07 times its busy time, as they share
#: two cores with all that runs here; at three times the load one is 2.4 times as busy, since
#: checkpoints and batches cost the same. The target lies in between, and so does the upper bound.
#: Read off a run (docs/autoscaling.md).
_TARGET: Final = 2.2
_BOUNDARY: Final = 0.08
#: A task that is to be busier than that has no room for what makes the job grow.
TARGET_MAX: Final = 0.9


def calm_busy(samples: Sequence[Sample]) -> float | None:
    """Share of its time in which the busiest task was busy lately; None where nobody knows."""
    if not samples:
        return None
    since_s = samples[-1].at_s - CALM_S
    busy = [each.busy for each in samples if each.at_s >= since_s and each.busy is not None]
    # A task that is never busy was not looked at: its meter has not begun.
    return fmean(busy) if any(busy) else None


def target_of(busy: float) -> float:
    """Share of its time in which a task should be busy.

    Examples
    --------
    >>> target_of(0.3)
    0.66
    """
    return round(min(TARGET_MAX, _TARGET * busy), 3)


def boundary_of(target: float) -> float:
    """How far from a target nothing is decided.

    Examples
    --------
    >>> boundary_of(0.66)
    0.024
    """
    return round(_BOUNDARY / _TARGET * target, 3)
