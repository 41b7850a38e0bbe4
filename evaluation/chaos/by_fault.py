"""How did a job take the same fault, again and again?

One time tells little of a recovery: it depends on the moment. Where a fault came more than once in
a series, these are its median and its worst.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from statistics import median
from typing import Final, NamedTuple

from evaluation.chaos.results import FaultOutcome
from evaluation.recovery_times import Number, seconds

#: Headings of the times, and the figures in them.
TIMES: Final = {"outage": "committed_outage", "noticed": "detection", "running": "running"}


class ByFault(NamedTuple):
    """One kind of fault.

    Attributes
    ----------
    fault
        Its name.
    times
        How often it came; the negative control's are left out.
    proven
        How often it was shown to have hit something.
    promised
        How often it hit a commit: decisions of the last checkpoint were committed only after it.
    cells
        Of each of `TIMES` median and worst, seconds, as they stand in a table; runs that prove
        nothing are left out.
    """

    fault: str
    times: int
    proven: int
    promised: int
    cells: tuple[str, ...]

    @property
    def row(self) -> list[str]:
        """As a row of a table, under `HEADINGS`."""
        counts = (f"{count:,}" for count in (self.times, self.proven, self.promised))
        return [self.fault, *counts, *self.cells]


HEADINGS: Final = ("fault", "times", "proven", "hit a commit", *TIMES)


def by_fault(outcomes: Iterable[FaultOutcome]) -> list[ByFault]:
    """Each kind of fault of a series by its name; nothing where none came twice.

    Parameters
    ----------
    outcomes
        One for each fault.
    """
    kinds: dict[str, list[FaultOutcome]] = {}
    for outcome in outcomes:
        if not outcome.is_control:
            kinds.setdefault(outcome.fault, []).append(outcome)
    if all(len(each) == 1 for each in kinds.values()):
        return []
    return [
        ByFault(
            fault,
            len(each),
            sum(outcome.is_proven for outcome in each),
            sum(bool(outcome.promised_records) for outcome in each),
            tuple(
                _cell(outcome.times_ms.get(name) for outcome in each if not outcome.is_in_doubt)
                for name in TIMES.values()
            ),
        )
        for fault, each in sorted(kinds.items())
    ]


def _cell(times_ms: Iterable[Number]) -> str:
    """Median and worst; a time that never ended is the worst of all.

    Examples
    --------
    >>> _cell([2_000, 3_000, 9_000, None]), _cell([None]), _cell([1_000, "infinite"])
    ('3.00 / 9.00', '-', 'infinite / infinite')
    """
    known = [inf if isinstance(each, str) else each for each in times_ms if each is not None]
    if not known:
        return "-"
    return " / ".join(seconds(_number(value)) for value in (median(known), max(known)))


def _number(value: float) -> Number:
    return "infinite" if value == inf else value
