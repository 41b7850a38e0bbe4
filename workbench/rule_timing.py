"""How long does a change of the rules take until the last task judges by it?

decided --- written down --- on the topic --- read by each task --- said on rule-audit
|---------------------------------------------------------|  until the last task judges by it

What is published says of a rule what stands of it already, so that nothing is judged differently
meanwhile: not by an interrupted measurement, nor by one that is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from evaluation.intervals import zero_note
from evaluation.percentiles import Latencies
from evaluation.verdict import Value
from workbench.machine import CpuTimes
from workbench.problems import RunBroken
from workbench.rule_drafts import Drafting, RuleDraft
from workbench.rule_ledger import LedgerEntry
from workbench.rule_source import Published, RuleSource

#: What is promised: a change takes effect within a second. A choice, for a person who waits for it.
BOUND_MS: Final = 1_000
#: Changes for a verdict. A choice: none of 30 later bounds the true share at a tenth.
TIMES_MIN: Final = 30
#: CPU time taken away from this machine, as for latencies (evaluation/thresholds.toml).
STEAL_SHARE_MAX: Final = 0.05
_NANOS_PER_MS: Final = 1_000_000


@dataclass(frozen=True)
class Timing:
    """What was measured.

    Attributes
    ----------
    took_ms
        Of each change that every task took: from its decision until the last one judged by it.
    unheard
        Changes of which not every task has said in time that it took them: they are later than
        any bound.
    tasks
        How many judge by them; 0 where none has said anything.
    steal_share
        CPU time taken away from this machine meanwhile, 0 to 1.
    """

    took_ms: tuple[int, ...]
    unheard: int
    tasks: int
    steal_share: float

    @property
    def times(self) -> int:
        """How many changes were published to be timed."""
        return len(self.took_ms) + self.unheard

    @property
    def late(self) -> int:
        """How many took effect after the bound."""
        return sum(ms > BOUND_MS for ms in self.took_ms) + self.unheard

    def percentile_ms(self, percentile: float) -> float:
        """The time that ``percentile`` percent do not exceed; infinite where it never came."""
        took_ns = np.array(self.took_ms, dtype=np.int64) * _NANOS_PER_MS
        return Latencies(took_ns, self.unheard).percentile_ms(percentile)

    @property
    def doubts(self) -> list[str]:
        """Why these times may say nothing of the job."""
        found = []
        if not self.tasks:
            found.append("no task has said that it took a change: does the job run?")
        if self.times < TIMES_MIN:
            found.append(f"{self.times} changes, {TIMES_MIN} needed")
        if any(ms < 0 for ms in self.took_ms):
            found.append("a task took a change before it was decided: two clocks differ")
        if self.steal_share > STEAL_SHARE_MAX:
            found.append(f"{self.steal_share:.0%} of the CPU was taken away")
        return found

    @property
    def verdict(self) -> Value:
        """A promise: none is later. Inconclusive wherever there is a doubt, as in the gates."""
        if self.doubts:
            return "inconclusive"
        return "fail" if self.late else "pass"

    @property
    def note(self) -> str:
        """The count behind the verdict, and the doubts."""
        return "; ".join(
            [f"later than {BOUND_MS:,} ms: {zero_note(self.late, self.times)}", *self.doubts]
        )


def measure(
    source: RuleSource,
    drafting: Drafting,
    rule: str,
    times: int,
    wait_s: float,
    watching: Callable[[int], None] = lambda _done: None,
) -> Timing:
    """Publish what stands of a rule again and again, and leave the rules as they were.

    Also where it is interrupted or fails. What somebody else changes meanwhile stays.

    Parameters
    ----------
    drafting
        In whose name.
    times
        How often, one after the other.
    wait_s
        Longest wait for the word of all tasks, over the bound.
    watching
        Is told how many are done.

    Raises
    ------
    RunBroken
        If the job refuses what stands: topic and ledger do not agree.
    """
    own: set[str] = set()

    def again(entries: Sequence[LedgerEntry]) -> list[LedgerEntry]:
        added = drafting.decide(entries, [RuleDraft(rule, note="measured: says what stands")])
        own.update(entry.change_id for entry in added)
        return added

    published: list[Published] = []
    before = CpuTimes.now()
    try:
        while len(published) < times:
            published += source.change(again, wait_s)
            if (refusal := published[-1].refusal) is not None:
                raise RunBroken(f"the job refuses what stands of {rule}: {refusal}")
            watching(len(published))
            if not any(each.audits for each in published):
                break  # no job, or one that does not listen: the next would wait in vain, too
        steal_share = CpuTimes.now().shares_since(before)["steal_share"]
    finally:
        wait_s = wait_s if any(each.audits for each in published) else 0
        source.change(lambda entries: _as_before(entries, rule, own, drafting), wait_s)
    heard = [each for each in published if each.answers.settled(each.place)]
    return Timing(
        took_ms=tuple(each.last_ms for each in heard if each.last_ms is not None),
        unheard=len(published) - len(heard),
        tasks=max((each.tasks for each in published), default=0),
        steal_share=steal_share,
    )


def _as_before(
    entries: Sequence[LedgerEntry], rule: str, own: set[str], drafting: Drafting
) -> list[LedgerEntry]:
    """What takes the newest own entries of a rule back; nothing where another's stands."""
    newest_own: LedgerEntry | None = None
    for entry in reversed([each for each in entries if each.key == rule]):
        if entry.change_id not in own:
            break
        newest_own = entry
    return [] if newest_own is None else drafting.roll_back(entries, newest_own.change_id)
