"""How many outputs did a whole series check, and how many of them came to harm?

By run: several faults of one run share its outputs. A run that broke or is inconclusive adds
nothing and is counted apart; nor does the negative control, which must do harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from evaluation.chaos.harm import harm_of
from evaluation.chaos.results import FaultOutcome
from evaluation.intervals import upper_bound


class Totals(NamedTuple):
    """Sums over the runs of a series.

    Attributes
    ----------
    runs, unknown
        Whose outputs were checked; that prove nothing.
    flooded
        Of the outputs those of runs in which nothing was broken: the fault lay in the input.
    outputs, harmed
        That should have come, in the former; of which were lost, repeated, unexpected or different.
    alerts, windows
        Of the outputs.
    without_alerts, without_windows
        Runs of which none were counted.
    harmed_runs
        Runs with any harm: of an output, or of the order, the swipes' fates or the ledger.
    ledger_cards, ledger_again, ledger_wrong
        Cards whose counts were held against the replay, in the same runs; of them those that swiped
        again, where alone a lost update shows; those that are wrong.
    """

    runs: int
    unknown: int
    outputs: int
    harmed: int
    alerts: int = 0
    windows: int = 0
    without_alerts: int = 0
    without_windows: int = 0
    harmed_runs: int = 0
    ledger_cards: int = 0
    ledger_again: int = 0
    ledger_wrong: int = 0
    flooded: int = 0

    @property
    def share_below(self) -> float | None:
        """Upper bound of the true share, 95%: 3/n for none harmed. None where none was checked."""
        return upper_bound(self.harmed, self.outputs) if self.outputs else None

    @property
    def runs_below(self) -> float | None:
        """The same of the share of runs with harm.

        The outputs of a run are no independent trials: one transaction that is lost takes hundreds.
        """
        return upper_bound(self.harmed_runs, self.runs) if self.runs else None

    @property
    def sentence(self) -> str:
        """All of it for a person."""
        apart = f", and {self.unknown:,} that prove nothing" if self.unknown else ""
        said = (
            f"{self.harmed:,} of {self.outputs:,} outputs lost, repeated, unexpected or different "
            f"in {_runs(self.runs)}{apart}"
        )
        if self.share_below is None:
            return said
        rule = " (3/n)" if not self.harmed else ""
        return (
            f"{said}: the true share is below {self.share_below:.2g} with 95% confidence{rule}; "
            f"{self._by_run}; {self._parts}; {self._ledger}"
        )

    @property
    def _by_run(self) -> str:
        said = f"by run, as those of one are not independent, {self.harmed_runs:,} of {self.runs:,}"
        below = self.runs_below
        if below is None or below >= 1:
            return f"{said} harmed, which bounds nothing"
        rule = " (3/runs)" if not self.harmed_runs else ""
        return f"{said} harmed in any way: below {below:.2g}{rule}"

    @property
    def _parts(self) -> str:
        fates = self.outputs - self.alerts - self.windows
        floods = f" ({self.flooded:,} of all in floods, where nothing dies)" if self.flooded else ""
        return (
            f"checked were {fates:,} decisions, late swipes and dead letters, "
            f"{self.alerts:,} alerts{_left_out(self.without_alerts)} and "
            f"{self.windows:,} windows{_left_out(self.without_windows)}{floods}"
        )

    @property
    def _ledger(self) -> str:
        if not self.ledger_cards:
            return "the ledger was not checked"
        said = (
            f"the ledger is wrong for {self.ledger_wrong:,} of {self.ledger_cards:,} cards, "
            f"{self.ledger_again:,} of which swiped again"
        )
        if self.ledger_wrong or not self.ledger_again:
            return said
        below = upper_bound(0, self.ledger_again)
        return f"{said}, where alone a lost update shows: of these below {below:.2g} (3/n)"


def _runs(count: int) -> str:
    return f"{count:,} run{'' if count == 1 else 's'}"


def _left_out(runs: int) -> str:
    return f" (not counted in {_runs(runs)})" if runs else ""


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
    known = [(each, harm) for each in by_run.values() if (harm := harm_of(each)) is not None]
    found = [harm for _, harm in known]
    wrong = [each.counts.get("ledger_wrong") for each, _ in known]
    return Totals(
        runs=len(found),
        unknown=len(by_run) - len(found),
        outputs=sum(each.outputs for each in found),
        harmed=sum(each.harmed for each in found),
        alerts=sum(each.alerts or 0 for each in found),
        windows=sum(each.windows or 0 for each in found),
        without_alerts=sum(each.alerts is None for each in found),
        without_windows=sum(each.windows is None for each in found),
        harmed_runs=sum(each.any for each in found),
        ledger_cards=sum(each.ledger_cards or 0 for each, _ in known),
        ledger_again=sum(each.ledger_cards_again or 0 for each, _ in known),
        ledger_wrong=sum(count for count in wrong if isinstance(count, int)),
        flooded=sum(harm.outputs for each, harm in known if each.record.is_flood),
    )
