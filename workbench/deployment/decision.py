"""Does a version stay, after what was seen of it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Smoke = Literal["pass", "fail", "inconclusive", "none"]

#: Exit codes of `paystream simulate`, with which the simulation's own container ends.
SMOKE_BY_EXIT_CODE: Final[dict[int, Smoke]] = {0: "pass", 1: "fail", 3: "inconclusive"}


@dataclass(frozen=True)
class Decision:
    """What is done with a version.

    Attributes
    ----------
    stays
        Whether it is left running.
    exit_code
        0 it holds; 1 it does not; 3 nobody can tell.
    reason
        In one sentence.
    """

    stays: bool
    exit_code: int
    reason: str


def decide(unsettled: str | None, smoke: Smoke, *, keep_inconclusive: bool) -> Decision:
    """Decide by what was seen.

    Parameters
    ----------
    unsettled
        Why the version does not run soundly; None if it does.
    smoke
        Verdict of the simulation; ``none`` where the overlay has none.
    keep_inconclusive
        Whether a version that nobody can vouch for stays.

    Examples
    --------
    >>> decide(None, "pass", keep_inconclusive=False).stays
    True
    >>> decide(None, "inconclusive", keep_inconclusive=False)
    Decision(stays=False, exit_code=3, reason='the simulation is inconclusive')
    """
    if unsettled is not None:
        return Decision(False, 1, unsettled)
    if smoke == "fail":
        return Decision(False, 1, "the simulation failed")
    if smoke == "inconclusive":
        return Decision(keep_inconclusive, 3, "the simulation is inconclusive")
    if smoke == "none":
        return Decision(True, 0, "the job ran without a restart; this overlay has no simulation")
    return Decision(True, 0, "the simulation passed")
