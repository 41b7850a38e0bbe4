"""Does a version stay, after what was seen of it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Smoke = Literal["pass", "fail", "inconclusive", "none"]

#: Exit codes of `paystream simulate`, with which the simulation's own container ends.
SMOKE_BY_EXIT_CODE: Final[dict[int, Smoke]] = {0: "pass", 1: "fail", 3: "inconclusive"}

_NO_SIMULATION: Final = "this overlay has no simulation: what the job decides was not looked at"


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


def decide(
    unsettled: str | None,
    smoke: Smoke,
    *,
    restarts_unseen: str | None = None,
    keep_inconclusive: bool,
) -> Decision:
    """Decide by what was seen.

    Parameters
    ----------
    unsettled
        Why the version does not run soundly; None if it does.
    smoke
        Verdict of the simulation; ``none`` where the overlay has none.
    restarts_unseen
        Why nobody could see whether Flink restarted the job; None if it was looked at, and Flink
        did not.
    keep_inconclusive
        Whether a version that nobody can vouch for stays.

    Examples
    --------
    >>> decide(None, "pass", keep_inconclusive=False).stays
    True
    >>> decide(None, "inconclusive", keep_inconclusive=False)
    Decision(stays=False, exit_code=3, reason='the simulation is inconclusive')
    >>> decide(None, "none", restarts_unseen="forbidden", keep_inconclusive=False).exit_code
    3
    """
    if unsettled is not None:
        return Decision(False, 1, unsettled)
    if smoke == "fail":
        return Decision(False, 1, "the simulation failed")
    if smoke == "inconclusive":
        return Decision(keep_inconclusive, 3, "the simulation is inconclusive")
    if smoke == "none":
        # Nothing but the operator's word is left, and a job that fails again and again has it.
        if restarts_unseen is not None:
            reason = f"restarts of the job were not seen ({restarts_unseen}); {_NO_SIMULATION}"
            return Decision(keep_inconclusive, 3, reason)
        return Decision(True, 0, f"the job ran without a restart; {_NO_SIMULATION}")
    if restarts_unseen is not None:
        reason = f"the simulation passed; restarts of the job were not seen ({restarts_unseen})"
        return Decision(True, 0, reason)
    return Decision(True, 0, "the simulation passed, and the job ran without a restart")
