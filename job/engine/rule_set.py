"""Which rules result from the parameter file and all that was changed since?

Pure: a change makes a new set, and one that is refused makes none, so that the engine goes on with
the old one. The job holds the accepted records in broadcast state; the command line asks here
before it publishes anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import msgspec

from job.contracts import (
    RuleChange,
    RuleRecord,
    Snooze,
    rule_record_key,
)
from job.engine.intake import Unreadable, contract_breach
from job.engine.rules_in_force import RulesInForce, longest_lookback_ms
from job.rules.base import ReportRule, Rule, WindowedRule
from job.rules.discovery import rule_classes
from job.rules.parameters import ParametersError, convert_parameters, require_rule

#: Snoozes that may stand at once. A choice: broadcast state is written whole with each checkpoint,
#: ten times a second, by every task.
SNOOZE_LIMIT: Final = 1_000
#: Digits of a rules version: enough to tell the versions of one job apart.
VERSION_DIGITS: Final = 12
#: What a change says with its mode.
_SAID_BY_MODE: Final = ("enabled", "shadow")
_ORIGIN: Final = "rules"

_decode_record = msgspec.json.Decoder(RuleChange | Snooze).decode
_encode_canonical = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True)
class RuleSet:
    """The parameter file and the records that stand, by key.

    Attributes
    ----------
    tables
        Rule parameters by rule, as in the parameter file the job was started with.
    changes
        The newest accepted change of each rule that has one.
    snoozed
        The snoozes by key.
    """

    tables: Mapping[str, Mapping[str, Any]]
    changes: Mapping[str, RuleChange] = field(default_factory=dict)
    snoozed: Mapping[str, Snooze] = field(default_factory=dict)

    @cached_property
    def every_rule(self) -> tuple[Rule, ...]:
        """All rules with their parameters, those that do not judge included."""
        return tuple(
            _rule(rule_class, self.tables.get(name, {}), self.changes.get(name))
            for name, rule_class in rule_classes().items()
        )

    @cached_property
    def version(self) -> str:
        """A hash over all rules with all their parameters."""
        told = {rule.name: msgspec.to_builtins(rule.parameters) for rule in self.every_rule}
        return hashlib.sha256(_encode_canonical(told)).hexdigest()[:VERSION_DIGITS]

    @cached_property
    def in_force(self) -> RulesInForce:
        """What the engine has to judge with."""
        judging = tuple(rule for rule in self.every_rule if rule.parameters.enabled)
        may_judge = [r for r in self.every_rule if r.parameters.enabled or r.name in self.changes]
        return RulesInForce(
            rules=judging,
            lookback_ms=longest_lookback_ms(may_judge),
            keeps_visits=any(isinstance(rule, ReportRule) for rule in may_judge),
            version=self.version if self.changes else "",
            snoozed_until_ms={
                (each.entity_type, each.entity_id): each.until_ms for each in self.snoozed.values()
            },
        )

    def with_record(self, key: str, value: bytes) -> RuleSet:
        """The set after one record of ``rules``; this one if it changes nothing.

        Parameters
        ----------
        key, value
            As they came; a record without a value takes back what stands under its key.

        Raises
        ------
        Unreadable
            Saying which field is wrong; nothing is changed.
        """
        if not value:
            return self.without(key)
        record = read_record(key, value)
        standing: RuleRecord | None = self.changes.get(key) or self.snoozed.get(key)
        if standing is not None:
            if standing.change_id == record.change_id:
                return self
            if standing.version >= record.version:
                raise Unreadable(
                    "rule_change",
                    f"version: {record.version} is not above {standing.version}, which stands for "
                    f"{key!r} (change {standing.change_id!r})",
                )
        if isinstance(record, Snooze):
            if standing is None and len(self.snoozed) >= SNOOZE_LIMIT:
                raise Unreadable(
                    "rule_change", f"{SNOOZE_LIMIT} snoozes stand already; end some first"
                )
            return replace(self, snoozed={**self.snoozed, key: record})
        self._check(record)
        return replace(self, changes={**self.changes, key: record})

    def without(self, key: str) -> RuleSet:
        """The set without what stands under a key."""
        if key in self.changes:
            return replace(self, changes={k: c for k, c in self.changes.items() if k != key})
        if key in self.snoozed:
            return replace(self, snoozed={k: s for k, s in self.snoozed.items() if k != key})
        return self

    def restored(
        self, records: Iterable[tuple[str, bytes]]
    ) -> tuple[RuleSet, dict[str, Unreadable]]:
        """Give the set with the records that once were accepted, and no others.

        Returns
        -------
        tuple
            The new set, and by key what this version of the job, or its parameter file, no longer
            lets stand.
        """
        changes: dict[str, RuleChange] = {}
        snoozed: dict[str, Snooze] = {}
        refused: dict[str, Unreadable] = {}
        for key, value in records:
            try:
                record = read_record(key, value)
                if isinstance(record, Snooze):
                    snoozed[key] = record
                else:
                    self._check(record)
                    changes[key] = record
            except Unreadable as refusal:
                refused[key] = refusal
        return replace(self, changes=changes, snoozed=snoozed), refused

    def _check(self, change: RuleChange) -> None:
        """Refuse what the rule cannot judge with, or cannot change while it has open windows."""
        try:
            rule_class = require_rule(change.rule, _ORIGIN)
            for name in _SAID_BY_MODE:
                if name in change.parameters:
                    raise ParametersError(
                        f"{_ORIGIN}: {change.rule}.{name}: is said by mode (active, shadow, paused)"
                    )
            table = self.tables.get(change.rule, {})
            changed, before = _rule(rule_class, table, change), _rule(rule_class, table, None)
        except ParametersError as error:
            raise Unreadable("rule_change", str(error)) from None
        except Exception as error:  # a rule that cannot be made of its parameters
            raise Unreadable("rule_change", f"{change.rule}: {error}") from None
        if isinstance(changed, WindowedRule) and isinstance(before, WindowedRule):  # noqa: SIM102
            if changed.window_ms != before.window_ms:
                raise Unreadable(
                    "rule_change",
                    f"{_ORIGIN}: {change.rule}.window_ms: cannot change while the job runs, its "
                    "open windows have the old length; start the job with another parameter file",
                )


def read_record(key: str, value: bytes) -> RuleRecord:
    """Decode a record of ``rules`` and check it against its key.

    Raises
    ------
    Unreadable
        Saying what is wrong.
    """
    try:
        record: RuleRecord = _decode_record(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise contract_breach(value, error) from None
    if rule_record_key(record) != key:
        raise Unreadable(
            "key_mismatch",
            f"the record's key is {key[:80]!r}, it is about {rule_record_key(record)!r}",
        )
    return record


def _rule(rule_class: type[Rule], table: Mapping[str, Any], change: RuleChange | None) -> Rule:
    if change is not None:
        mode = {"enabled": change.mode != "paused", "shadow": change.mode == "shadow"}
        table = {**table, **change.parameters, **mode}
    return rule_class(convert_parameters(_ORIGIN, rule_class.name, table, rule_class.Parameters))
