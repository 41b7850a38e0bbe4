"""How many outputs did a whole series check, and how many of them came to harm?

By run: several faults of one run share its outputs. A run that broke or is inconclusive adds
nothing and is counted apart; nor does the negative control, which must do harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from evaluation.chaos.results import FaultOutcome
from evaluation.intervals import upper_bound

#: What an output can suffer.
_HARMS: Final = ("missing", "repeated", "unexpected")


class Totals(NamedTuple):
    """Sums over the runs of a series.

    Attributes
    ----------
    runs, unknown
        Whose outputs were checked; that prove nothing.
    outputs, harmed
        That should have come, in the former; of which were lost, repeated or unexpected.
    """

    runs: int
    unknown: int
    outputs: int
    harmed: int

    @property
    def share_below(self) -> float | None:
        """Upper bound of the true share, 95%: 3/n for none harmed. None where none was checked."""
        return upper_bound(self.harmed, self.outputs) if self.outputs else None

    @property
    def sentence(self) -> str:
        """All of it for a person."""
        apart = f", and {self.unknown:,} that prove nothing" if self.unknown else ""
        said = (
            f"{self.harmed:,} of {self.outputs:,} outputs lost, repeated or unexpected "
            f"in {self.runs:,} run{'' if self.runs == 1 else 's'}{apart}"
        )
        if self.share_below is None:
            return said
        rule = " (3/n)" if not self.harmed else ""
        return f"{said}: the true share is below {self.share_below:.2g} with 95% confidence{rule}"


def totals(outcomes: Iterable[FaultOutcome]) -> Totals:
    """Add up a series.

    Parameters
    ----------
    outcomes
        One for each fault.
    """
    # Of a run that broke there is no id; each of them is one.
    by_run = {
        each.run_id or number: each for number, each in enumerate(outcomes) if not each.is_control
    }
    harms: list[int] = []
    outputs = 0
    for each in by_run.values():
        counts = [each.counts.get(name) for name in _HARMS]
        whole = [count for count in counts if isinstance(count, int)]
        known = each.verdict != "inconclusive" and len(whole) == len(_HARMS)
        if known and each.expected:
            harms.append(sum(whole))
            outputs += each.expected
    return Totals(len(harms), len(by_run) - len(harms), outputs, sum(harms))
