"""What happened on a few cards, swipe by swipe, and what did the rules see of it?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from evaluation.attribution import CREDIT_AFTER_MS
from job.contracts import APPROVED, CardProfile, Swipe
from job.rules.discovery import rule_classes

#: What a swipe is to the story; ``before`` came with the card's profile.
Kind = Literal["before", "genuine", "fraudulent", "look-alike"]
_KINDS: Final[dict[str, Kind]] = {"attack": "fraudulent", "look_alike": "look-alike"}
#: Swipes of a card that are told before the first that matters. A choice: what a screen holds.
_TOLD_BEFORE: Final = 6
_TOLD_BEFORE_OF_MANY: Final = 1


class StoryGone(Exception):
    """What a story is made of has been removed; one line says how to make it again."""


@dataclass(frozen=True)
class StorySwipe:
    """One swipe of a story.

    Attributes
    ----------
    kind
        What it is, by the labels.
    values
        Of each rule that judged it, in the rule's unit.
    fired
        Rules that fired on it.
    action
        ``clear``, ``review``, ``block``; empty where nobody judged it here.
    """

    swipe: Swipe
    kind: Kind
    values: Mapping[str, float] = field(default_factory=dict)
    fired: tuple[str, ...] = ()
    action: str = ""

    @property
    def is_marked(self) -> bool:
        """Whether it belongs to the attack or the look-alike itself."""
        return self.kind in ("fraudulent", "look-alike")

    @property
    def is_approved(self) -> bool:
        """Whether the host's own checks let it through."""
        return self.swipe.response_code in APPROVED


@dataclass(frozen=True)
class Sighting:
    """What one rule saw in one alert; None where the alert does not say."""

    event_time_ms: int
    swipe_id: str
    entity_type: str
    entity_id: str
    action: str
    rule: str
    reason_code: str
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    saw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Limit:
    """A rule's threshold in its unit."""

    rule: str
    threshold: float
    unit: str


@dataclass(frozen=True)
class Story:
    """Some swipes by event time, with the alerts about them.

    Attributes
    ----------
    role
        ``attack``, ``look_alike`` or ``ordinary``.
    limits
        Of the rules whose values the swipes carry.
    remarks
        What a reader must know, one sentence each.
    """

    name: str
    scenario: str
    role: str
    difficulty: str | None
    swipes: tuple[StorySwipe, ...]
    sightings: tuple[Sighting, ...] = ()
    limits: tuple[Limit, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def marked(self) -> tuple[StorySwipe, ...]:
        """The swipes of the attack or the look-alike."""
        return tuple(each for each in self.swipes if each.is_marked)

    @property
    def first_alert(self) -> Sighting | None:
        """The first alert that credits the attack; of what is none, simply the first."""
        sightings: Iterable[Sighting] = self.sightings
        if self.role == "attack" and self.marked:
            times = [each.swipe.event_time_ms for each in self.marked]
            last_ms = max(times) + CREDIT_AFTER_MS
            sightings = [s for s in sightings if min(times) <= s.event_time_ms <= last_ms]
        return min(sightings, key=lambda one: one.event_time_ms, default=None)

    @property
    def lost(self) -> tuple[StorySwipe, ...]:
        """Fraudulent swipes approved before the first alert.

        The swipe that raised it is not among them: its response has not left yet.
        """
        alert = self.first_alert
        return tuple(
            each
            for each in self.swipes
            if each.kind == "fraudulent"
            and each.is_approved
            and (
                alert is None
                or (
                    each.swipe.event_time_ms <= alert.event_time_ms
                    and each.swipe.swipe_id != alert.swipe_id
                )
            )
        )


def kind_of(role: str) -> Kind:
    """What a swipe of that role in the labels is to a story."""
    return _KINDS.get(role, "genuine")


def from_profile(profiles: Iterable[tuple[str, bytes]]) -> list[StorySwipe]:
    """The swipes before the first second, as the cards' rendered profiles hold them."""
    decode = msgspec.json.Decoder(CardProfile).decode
    return [StorySwipe(each, "before") for _, value in profiles for each in decode(value).recent]


def reason_code(rule: str) -> str:
    """The reason code of a rule of this checkout; its name for any other."""
    known = rule_classes().get(rule)
    return rule.upper() if known is None else known.reason_code


def told(swipes: Sequence[StorySwipe], focus_ms: Sequence[int]) -> tuple[StorySwipe, ...]:
    """Those that a story tells, by event time: what matters, and what stands around it.

    Parameters
    ----------
    swipes
        All that are known of the cards.
    focus_ms
        Event times of what matters on a card that has no marked swipe.
    """
    of_card: dict[str, list[StorySwipe]] = {}
    for each in sorted(swipes, key=_event_time_ms):
        of_card.setdefault(each.swipe.card_token, []).append(each)
    before = _TOLD_BEFORE if len(of_card) == 1 else _TOLD_BEFORE_OF_MANY
    kept: list[StorySwipe] = []
    for in_order in of_card.values():
        times = [_event_time_ms(each) for each in in_order if each.is_marked] or focus_ms
        first_ms, last_ms = min(times), max(times) + CREDIT_AFTER_MS
        kept += [each for each in in_order if _event_time_ms(each) < first_ms][-before:]
        kept += [each for each in in_order if first_ms <= _event_time_ms(each) <= last_ms]
    return tuple(sorted(kept, key=_event_time_ms))


def _event_time_ms(each: StorySwipe) -> int:
    return each.swipe.event_time_ms
