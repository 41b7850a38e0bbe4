"""How is a rule changed while the job runs, and how does a task say that it took the change?"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from job.contracts.fields import (
    CONTRACT_VERSION,
    ChangeVersion,
    EventTimeMs,
    Identifier,
    Note,
    RuleMode,
    Version,
    WallTimeMs,
)


class RuleChange(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="record",
    tag="rule",
):
    """How one rule judges from now on, until it is changed again.

    Travels on the compacted topic ``rules``, keyed by the rule's name. ``parameters`` are all that
    differ from the parameter file the job was started with; what is left out has that file's
    value, not that of an earlier change. ``mode``: it acts, it only watches (shadow), or it does
    not judge (paused). A record without a value takes the rule back to the parameter file.
    """

    v: Version = CONTRACT_VERSION
    change_id: Identifier
    version: ChangeVersion
    rule: Identifier
    mode: RuleMode = "active"
    parameters: Annotated[dict[Identifier, bool | int | float | str], Meta(max_length=64)] = {}
    author: Identifier
    changed_ms: WallTimeMs
    note: Note = ""


class Snooze(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="record",
    tag="snooze",
):
    """No alert on one card, or at one merchant, for swipes before an event time.

    Travels on ``rules``, keyed ``snooze|<entity_type>|<entity_id>``. The swipes are judged all the
    same. A record without a value ends the snooze.
    """

    v: Version = CONTRACT_VERSION
    change_id: Identifier
    version: ChangeVersion
    entity_type: Literal["card", "merchant"]
    entity_id: Identifier
    until_ms: Annotated[EventTimeMs, Meta(description="Event time; this moment excluded.")]
    author: Identifier
    changed_ms: WallTimeMs
    note: Note = ""


RuleRecord = RuleChange | Snooze


def rule_record_key(record: RuleRecord) -> str:
    """The key under which a record of ``rules`` travels, so that compaction keeps the newest."""
    if isinstance(record, RuleChange):
        return record.rule
    return f"snooze|{record.entity_type}|{record.entity_id}"


class RuleAudit(msgspec.Struct, frozen=True, kw_only=True):
    """One task of the job says that it took a record of ``rules``, and which rules judge now.

    Travels on ``rule-audit``, keyed as the record was. ``part`` is what of the job it is: the rules
    on one card, or those across cards; each of its ``parallelism`` tasks says so once.
    ``rules_version`` is over all rules with all their parameters; ``change_id`` and
    ``change_version`` are null where a record without a value took a change back. What was refused
    stands on ``dead-letters``.
    """

    v: Version
    key: str
    change_id: Identifier | None
    change_version: ChangeVersion | None
    rules_version: str
    previous_rules_version: str
    part: Literal["card", "window"]
    subtask: Annotated[int, Meta(ge=0)]
    parallelism: Annotated[int, Meta(ge=1)]
    partition: Annotated[int, Meta(ge=0, description="Source partition on `rules`.")]
    offset: Annotated[int, Meta(ge=0, description="Source offset on `rules`.")]
    applied_ms: WallTimeMs
