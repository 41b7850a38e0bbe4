"""Did it hold: yes, no, or can nobody tell?

A judge states one verdict with its reason and its figures; the verdict of a run is the worst of
the judges that decide it. The three values follow Jepsen's checkers (``true``, ``false``,
``:unknown``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

Value = Literal["pass", "fail", "inconclusive"]

#: How a process ends for each value. 2 is kept for wrong usage or configuration.
EXIT_CODES: Final[dict[Value, int]] = {"pass": 0, "fail": 1, "inconclusive": 3}
#: A proven failure outweighs what could not be measured; that outweighs what held.
_WEIGHT: Final[dict[Value, int]] = {"pass": 0, "inconclusive": 1, "fail": 2}

#: JSON has no infinity; a latency that never came is written as this word.
INFINITE: Final = "infinite"


class Verdict(msgspec.Struct, frozen=True):
    """One value with its reason.

    Parameters
    ----------
    value
        ``pass``, ``fail`` or ``inconclusive``.
    reason
        One sentence, for a person.
    """

    value: Value
    reason: str

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.value]


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """One measured figure.

    Parameters
    ----------
    name
        Unique within its judge.
    value
        The figure; None where it was not measured; ``"infinite"`` for a latency without end.
    unit
        Its unit, e.g. ``ms``, ``swipes/s``, ``1`` for a share.
    threshold
        The bound it was held against, in the same unit.
    verdict
        What that gave; None for a figure that is only reported.
    note
        What a reader must know with it: an interval, a bound, why it is missing.
    """

    name: str
    value: int | float | str | None
    unit: str
    threshold: int | float | None = None
    verdict: Value | None = None
    note: str = ""


class JudgeResult(msgspec.Struct, frozen=True):
    """What one judge says.

    Parameters
    ----------
    judge
        Its name.
    verdict, reason
        Its verdict; the reason is one sentence.
    figures
        What it measured.
    decides
        Whether it counts for the verdict of the run; otherwise it is only reported.
    """

    judge: str
    verdict: Value
    reason: str
    figures: list[Figure] = []
    decides: bool = True

    def figure(self, name: str) -> Figure | None:
        """The figure of that name, or None."""
        return next((figure for figure in self.figures if figure.name == name), None)


def number(value: float | None) -> int | float | str | None:
    """A figure's value as JSON can hold it: infinity as a word, not-a-number as None.

    Examples
    --------
    >>> number(float("inf")), number(float("nan")), number(2.5)
    ('infinite', None, 2.5)
    """
    if value is None or math.isnan(value):
        return None
    return INFINITE if math.isinf(value) else value


def worst(verdicts: Iterable[Verdict], otherwise: Verdict) -> Verdict:
    """The verdict that outweighs the others, with the reasons of all of its value.

    Parameters
    ----------
    verdicts
        Fail beats inconclusive beats pass.
    otherwise
        The verdict if there are none, and the reason if all pass.

    Examples
    --------
    >>> worst([Verdict("inconclusive", "too few"), Verdict("fail", "3 missing")],
    ...       otherwise=Verdict("pass", "all held"))
    Verdict(value='fail', reason='3 missing')
    """
    found = list(verdicts)
    if not found:
        return otherwise
    value = max((verdict.value for verdict in found), key=_WEIGHT.__getitem__)
    if value == "pass":
        return Verdict("pass", otherwise.reason)
    reasons = [verdict.reason for verdict in found if verdict.value == value]
    return Verdict(value, "; ".join(dict.fromkeys(reasons)))


def combine(results: Iterable[JudgeResult]) -> Verdict:
    """The verdict of a run: the worst of the judges that decide it."""
    deciding = [result for result in results if result.decides]
    return worst(
        (Verdict(r.verdict, f"{r.judge}: {r.reason}") for r in deciding),
        otherwise=Verdict("pass", f"{', '.join(r.judge for r in deciding)}: all held")
        if deciding
        else Verdict("inconclusive", "no judge decided anything"),
    )
