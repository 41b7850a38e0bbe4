"""What does the job say of a swipe, of a card, or of what looks across cards?"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from job.contracts.fields import (
    Action,
    CardCount,
    EntityType,
    EventTimeMs,
    Identifier,
    Score,
    Version,
)


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What was decided on one swipe: one compact record each.

    Travels on ``decisions``, keyed by ``card_token``. ``fate`` is ``judged`` or ``repeat``; a
    repeat (same id, same content) carries no judgement of its own: score 0, action ``clear``.
    Swipes with another fate stand on ``late-swipes`` or ``dead-letters``. ``rules`` names the
    rules that fired, ``rule_errors`` those that raised (the others still judged),
    ``shadow_rules`` those that would have fired and only watch: they are in no score or action.
    ``snoozed``: the score asked for a review or a block, and a snooze of the card or the merchant
    held the action at ``clear``. ``rules_version`` names the rules that judged where they were
    changed while the job runs (:class:`RuleAudit` says what they are); it is left out where those
    of the job's parameter file judged. ``card_count`` is how many swipes of this card the job has
    judged since its state began, this one included, as it stands in the card's durable state: a
    state that was restored with an update lost or doubled shows in it. A repeat has none, nor need
    another job have any.
    """

    v: Version
    swipe_id: Identifier
    card_token: Identifier
    event_time_ms: EventTimeMs
    fate: Literal["judged", "repeat"]
    score: Score
    action: Action
    partition: Annotated[int, Meta(ge=0, description="Source partition on `swipes`.")]
    offset: Annotated[int, Meta(ge=0, description="Source offset on `swipes`.")]
    rules: list[str] = []
    rule_errors: list[str] = []
    shadow_rules: list[str] = []
    snoozed: bool = False
    rules_version: str = ""
    card_count: CardCount | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Why one rule fired.

    ``value`` reached ``threshold`` (both in ``unit``); ``saw`` holds the other figures the rule
    looked at, units in their names; ``swipe_ids`` are the earlier swipes it rests on.
    """

    rule: Identifier
    reason_code: Identifier
    value: float
    threshold: float
    unit: str
    saw: dict[str, str | int | float | None] = {}
    swipe_ids: list[str] = []


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A flagged entity, explained.

    Travels on ``alerts``, keyed by ``entity_id``. ``alert_id`` is a function of the cause, so that
    a repeat can be recognised: ``card:<swipe_id>`` for a card,
    ``<rule>:<entity_id>:<window_start_ms>`` for a window that looks across cards.
    ``rules_version`` as in :class:`Decision`.
    """

    v: Version
    alert_id: Annotated[str, Meta(min_length=1, max_length=256)]
    entity_type: EntityType
    entity_id: Annotated[str, Meta(min_length=1, max_length=160)]
    swipe_id: Identifier
    event_time_ms: EventTimeMs
    score: Score
    action: Action
    findings: Annotated[list[Finding], Meta(min_length=1)]
    window_start_ms: EventTimeMs | None = None
    window_end_ms: EventTimeMs | None = None
    rules_version: str = ""
