"""Of how many outputs of a run came how many to harm, and what does that say of the true share?

An alert of a card stands in the transaction of its decision. What is counted across cards, its
alerts and the windows, goes through sinks with transactions of their own: whole decisions do not
vouch for them, so they count as outputs, too.
"""

from __future__ import annotations

from typing import NamedTuple

from evaluation.chaos.results import HARMS, OF_A_RUN, PREFIXES, FaultOutcome
from evaluation.intervals import upper_bound


class Harm(NamedTuple):
    """What a run checked, and what of it was harmed.

    Attributes
    ----------
    fates
        Decisions, late swipes and dead letters that should have come.
    alerts, windows
        That should have come; None where nobody counted them.
    harmed
        Of all these, lost, repeated, unexpected or different.
    otherwise
        What else was wrong in the run, which its outputs do not show one by one: cards in another
        order or miscounted, swipes without exactly one fate.
    """

    fates: int
    alerts: int | None
    windows: int | None
    harmed: int
    otherwise: int = 0

    @property
    def any(self) -> bool:
        """Whether the run came to any harm."""
        return bool(self.harmed or self.otherwise)

    @property
    def outputs(self) -> int:
        """All that was checked."""
        return self.fates + (self.alerts or 0) + (self.windows or 0)

    @property
    def share_below(self) -> float:
        """Upper bound of the true share, 95%, as if each came to harm on its own."""
        return upper_bound(self.harmed, self.outputs)


def harm_of(outcome: FaultOutcome) -> Harm | None:
    """What the run of a fault says; None where it proves nothing.

    Parameters
    ----------
    outcome
        One fault's; the faults of one run say the same.
    """
    wanted = (outcome.expected, outcome.expected_alerts, outcome.expected_windows)
    counts = [_harmed(outcome, prefix) for prefix in PREFIXES]
    if outcome.is_in_doubt or not outcome.expected or counts[0] is None:
        return None
    fates, alerts, windows = (
        None if count is None else expected for expected, count in zip(wanted, counts, strict=True)
    )
    seen = (
        count
        for expected, count in zip(wanted, counts, strict=True)
        if expected is not None and count is not None
    )
    of_the_run = (outcome.counts.get(name) for name in OF_A_RUN)
    otherwise = sum(count for count in of_the_run if isinstance(count, int))
    return Harm(fates or 0, alerts, windows, sum(seen), otherwise)


def _harmed(outcome: FaultOutcome, prefix: str) -> int | None:
    counts = [outcome.counts.get(f"{prefix}{harm}") for harm in HARMS]
    whole = [count for count in counts if isinstance(count, int)]
    return sum(whole) if len(whole) == len(HARMS) else None
