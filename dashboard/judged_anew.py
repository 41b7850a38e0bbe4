"""What do this checkout's rules say of a few cards' swipes, and why?

The production engine over the swipes of some cards alone: for stories of which no recorded values
or reasons are at hand. A rule that looks across cards sees these cards only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from dashboard.story import Limit, Sighting, StorySwipe, reason_code
from job.bulk import ACTIONS, BulkScores
from job.contracts import Alert, CardProfile, Swipe
from job.engine.card_state import UNKNOWN_DIGEST, CardState
from job.engine.detector import Detector
from job.engine.settings import EngineSettings
from job.rules.base import Rule

_JUDGED: Final = 0


@dataclass(frozen=True)
class Anew:
    """What came out.

    Attributes
    ----------
    swipes
        As they were given, judged.
    sightings
        Of all alerts, with what the rules saw.
    limits
        Of the rules.
    """

    swipes: tuple[StorySwipe, ...]
    sightings: tuple[Sighting, ...]
    limits: tuple[Limit, ...]


def judge_anew(
    swipes: Sequence[StorySwipe], profiles: Iterable[tuple[str, bytes]], rules: list[Rule]
) -> Anew:
    """Let rules judge swipes.

    Parameters
    ----------
    swipes
        By arrival; the cards' own from the replay's first on, or running figures are short.
    profiles
        Tokens and rendered profiles of their cards.
    rules
        As the job runs with.
    """
    bulk = BulkScores(rules, EngineSettings())
    explaining = _Explaining(rules)
    for token, value in profiles:
        bulk.load_profile(value)
        explaining.load(token, value)
    judged: list[StorySwipe] = []
    sightings: list[Sighting] = []
    for each in swipes:
        fate, _, action, fired, values = bulk.score(each.swipe)
        names = [rule.name for rule in bulk.rules]
        judged.append(
            StorySwipe(
                swipe=each.swipe,
                kind=each.kind,
                values=dict(zip(names, values, strict=True)),
                fired=tuple(name for bit, name in enumerate(names) if fired >> bit & 1),
                action=ACTIONS[action],
            )
        )
        if fate == _JUDGED:
            alert = explaining.decide(each.swipe)
            sightings += [] if alert is None else sightings_of(alert)
    limits = tuple(Limit(rule.name, rule.threshold, rule.unit) for rule in bulk.rules)
    across = [across_cards(row, limits) for row in bulk.entity_alerts]
    in_order = sorted([*sightings, *across], key=lambda one: one.event_time_ms)
    return Anew(tuple(judged), tuple(in_order), limits)


def sightings_of(alert: Alert) -> list[Sighting]:
    """What each rule of an alert saw; of another job's alert as much as it says."""
    return [
        Sighting(
            event_time_ms=alert.event_time_ms,
            swipe_id=alert.swipe_id,
            entity_type=alert.entity_type,
            entity_id=alert.entity_id,
            action=getattr(alert, "action", ""),
            rule=finding.rule,
            reason_code=getattr(finding, "reason_code", reason_code(finding.rule)),
            value=getattr(finding, "value", None),
            threshold=getattr(finding, "threshold", None),
            unit=getattr(finding, "unit", ""),
            saw=getattr(finding, "saw", {}),
        )
        for finding in alert.findings
    ]


class _Explaining:
    """The job's detector, with the cards' states: it alone says why a rule fired."""

    def __init__(self, rules: list[Rule]) -> None:
        self._detector = Detector(rules, EngineSettings())
        self._cards: dict[str, CardState] = {}

    def load(self, token: str, value: bytes) -> None:
        state = self._cards.setdefault(token, CardState())
        profile = msgspec.json.decode(value, type=CardProfile)
        state.apply_profile(profile, self._detector.retention_ms)

    def decide(self, swipe: Swipe) -> Alert | None:
        card = self._cards.setdefault(swipe.card_token, CardState())
        return self._detector.decide(swipe, card, UNKNOWN_DIGEST + 1, 0, 0)[1]


def across_cards(row: dict[str, Any], limits: Sequence[Limit]) -> Sighting:
    """An alert across cards, as it stands beside the scores in bulk."""
    limit = next(each for each in limits if each.rule == row["rule"])
    return Sighting(
        event_time_ms=row["event_time_ms"],
        swipe_id=row["swipe_id"],
        entity_type=row["entity_type"],
        entity_id=row["entity_id"],
        action=ACTIONS[row["action"]],
        rule=limit.rule,
        reason_code=reason_code(limit.rule),
        # It fires at the card that brings the count there.
        value=limit.threshold,
        threshold=limit.threshold,
        unit=limit.unit,
    )
