"""With which rules does the engine judge at this moment, and for whom does it keep quiet?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from job.contracts import Swipe
from job.rules.base import CardRule, ReportRule, Rule


@dataclass(frozen=True)
class RulesInForce:
    """What the engine takes over at once, between two swipes.

    Attributes
    ----------
    rules
        Those that judge: acting ones and shadows.
    lookback_ms
        Event time that a card's history must reach back: of all rules that may judge again, the
        paused ones included, or they would wake up blind.
    keeps_visits
        Whether a card's visits are remembered: by the same rules that may judge again.
    version
        Written into decisions and alerts; empty while the job's parameter file alone counts.
    snoozed_until_ms
        Event time before which there is no alert, by (entity type, entity id).
    """

    rules: tuple[Rule, ...]
    lookback_ms: int
    keeps_visits: bool = False
    version: str = ""
    snoozed_until_ms: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Sequence[Rule]) -> RulesInForce:
        """Only these rules, and nobody snoozed."""
        keeps_visits = any(isinstance(rule, ReportRule) for rule in rules)
        return cls(tuple(rules), longest_lookback_ms(rules), keeps_visits)

    def snoozes(self, swipe: Swipe) -> bool:
        """Whether the swipe's card or merchant is snoozed."""
        return bool(self.snoozed_until_ms) and (
            self.snoozes_entity("card", swipe.card_token, swipe.event_time_ms)
            or self.snoozes_entity("merchant", swipe.merchant_id, swipe.event_time_ms)
        )

    def snoozes_entity(self, entity_type: str, entity_id: str, event_time_ms: int) -> bool:
        """Whether one entity is snoozed at an event time."""
        return event_time_ms < self.snoozed_until_ms.get((entity_type, entity_id), 0)


def longest_lookback_ms(rules: Sequence[Rule]) -> int:
    """How far back the rules on one card look, milliseconds of event time."""
    return max((rule.lookback_ms for rule in rules if isinstance(rule, CardRule)), default=0)
