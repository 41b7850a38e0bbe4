"""What becomes of a wish to change a rule: an entry of the ledger, or a refusal by name?

Everything is checked here as the job checks it, before anything is written or published.
"""

from __future__ import annotations

import secrets
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, get_args

import msgspec

from generator.settings import SettingsError
from job.contracts import RuleChange, RuleMode, RuleRecord, Snooze, rule_record_key
from job.engine.intake import Unreadable
from job.engine.rule_set import RuleSet
from workbench.rule_ledger import LedgerEntry, newest_by_key

_NANOS_PER_MS: Final = 1_000_000
#: What a table of a change file says beside parameters.
_MODE, _NOTE = "mode", "note"


@dataclass(frozen=True)
class RuleDraft:
    """A wish to change one rule.

    Attributes
    ----------
    parameters
        What is set.
    keep
        Whether what an earlier change set stays; else the rest is the parameter file's.
    mode
        None for the one that stands.
    withdraw
        Take the rule back to the parameter file.
    """

    rule: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    keep: bool = True
    mode: str | None = None
    withdraw: bool = False
    note: str = ""


@dataclass(frozen=True)
class SnoozeDraft:
    """A wish to hear nothing of an entity until an event time; None to hear of it again."""

    entity_type: Literal["card", "merchant"]
    entity_id: str
    until_ms: int | None
    note: str = ""


Draft = RuleDraft | SnoozeDraft


class Drafting:
    """Turns wishes into entries.

    Parameters
    ----------
    tables
        The parameter file that the job was started with.
    author
        Who wishes it.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, Any]], author: str) -> None:
        self._tables = tables
        self._author = author

    def decide(self, entries: Sequence[LedgerEntry], drafts: Sequence[Draft]) -> list[LedgerEntry]:
        """The entries that drafts make: all of them, or none.

        Raises
        ------
        SettingsError
            Naming what is wrong.
        """
        standing, rules, added = newest_by_key(entries), standing_rules(self._tables, entries), []
        for draft in drafts:
            entry = self._entry(draft, standing)
            try:
                rules = rules.with_record(entry.key, entry.value)
            except Unreadable as refusal:
                raise SettingsError(refusal.detail) from None
            standing[entry.key] = entry
            added.append(entry)
        return added

    def roll_back(self, entries: Sequence[LedgerEntry], change_id: str | None) -> list[LedgerEntry]:
        """The entry that takes a key back to what stood before a change; the newest by default.

        Raises
        ------
        SettingsError
            If there is no such change, or what stood before it can no longer stand.
        """
        if not entries:
            raise SettingsError("the ledger is empty: there is nothing to take back")
        found = [e for e in entries if change_id in (None, e.change_id)]
        if not found:
            raise SettingsError(
                f"no change is called {change_id!r}; `paystream rules history` lists them"
            )
        taken_back = found[-1]
        before = [e for e in entries if e.key == taken_back.key]
        before = before[: before.index(taken_back)]
        version = newest_by_key(entries)[taken_back.key].version + 1
        note = f"takes back {taken_back.change_id}"
        entry = self._signed(taken_back.key, version, before[-1].record if before else None, note)
        try:
            standing_rules(self._tables, entries).with_record(entry.key, entry.value)
        except Unreadable as refusal:
            raise SettingsError(f"what stood before cannot stand now: {refusal.detail}") from None
        return [entry]

    def _entry(self, draft: Draft, standing: Mapping[str, LedgerEntry]) -> LedgerEntry:
        unsigned: dict[str, Any] = {"change_id": "-", "version": 1, "author": "-", "changed_ms": 0}
        record: RuleRecord | None
        if isinstance(draft, SnoozeDraft):
            key = f"snooze|{draft.entity_type}|{draft.entity_id}"
            record = None
            if draft.until_ms is not None:
                record = Snooze(
                    entity_type=draft.entity_type,
                    entity_id=draft.entity_id,
                    until_ms=draft.until_ms,
                    **unsigned,
                )
        else:
            key, record = draft.rule, self._change(draft, standing.get(draft.rule), unsigned)
        before = standing.get(key)
        if record is None and (before is None or before.record is None):
            raise SettingsError(f"nothing stands for {key}: there is nothing to take back")
        return self._signed(key, 1 if before is None else before.version + 1, record, draft.note)

    def _change(
        self, draft: RuleDraft, before: LedgerEntry | None, unsigned: dict[str, Any]
    ) -> RuleChange | None:
        if draft.withdraw:
            return None
        stood = before.record if before is not None else None
        parameters, mode = dict(draft.parameters), draft.mode
        if isinstance(stood, RuleChange) and draft.keep:
            parameters = {**stood.parameters, **parameters}
            mode = mode or stood.mode
        mode = mode or _mode_of(self._tables.get(draft.rule, {}))
        if mode not in get_args(RuleMode):
            raise SettingsError(
                f"{draft.rule}.mode: {mode!r} is none of {', '.join(get_args(RuleMode))}"
            )
        raw = {"record": "rule", "rule": draft.rule, "mode": mode, "parameters": parameters}
        try:
            return msgspec.convert(raw | unsigned, RuleChange)
        except msgspec.ValidationError as error:
            raise SettingsError(f"{draft.rule}: {error}") from None

    def _signed(self, key: str, version: int, record: RuleRecord | None, note: str) -> LedgerEntry:
        """With a name of its own, time and author, in entry and record alike."""
        signature: dict[str, Any] = {
            "version": version,
            "change_id": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}",
            "author": self._author,
            "changed_ms": time.time_ns() // _NANOS_PER_MS,
            "note": note,
        }
        if record is not None:
            record = msgspec.structs.replace(record, **signature)
            key = rule_record_key(record)
        return LedgerEntry(key=key, record=record, **signature)


def standing_rules(
    tables: Mapping[str, Mapping[str, Any]], entries: Sequence[LedgerEntry]
) -> RuleSet:
    """The rules that result from the parameter file and the ledger."""
    records = [(key, each.value) for key, each in newest_by_key(entries).items() if each.record]
    rules, _ = RuleSet(tables).restored(records)
    return rules


def read_drafts(file: Path) -> list[RuleDraft]:
    """The changes of a file: a table a rule as in the parameter file, with ``mode`` and ``note``.

    Raises
    ------
    SettingsError
        If it cannot be read.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not readable as TOML: {error}") from None
    drafts = []
    for rule, table in tables.items():
        if not isinstance(table, dict):
            raise SettingsError(f"{file}: {rule} is no table; a rule is a table: [{rule}]")
        said = {name: value for name, value in table.items() if name not in (_MODE, _NOTE)}
        mode, note = table.get(_MODE), table.get(_NOTE, "")
        if not isinstance(note, str):
            raise SettingsError(f"{file}: {rule}.note: {note!r} is no text")
        mode = None if mode is None else str(mode)
        drafts.append(RuleDraft(rule, said, keep=False, mode=mode, note=note))
    if not drafts:
        raise SettingsError(f"{file}: no rule stands in it")
    return drafts


def parse_parameter(text: str) -> tuple[str, Any]:
    """``name=value`` as a parameter, the value as TOML writes it.

    Examples
    --------
    >>> parse_parameter("window_ms=600_000"), parse_parameter("z=3.5")
    (('window_ms', 600000), ('z', 3.5))

    Raises
    ------
    SettingsError
        If it is none.
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise SettingsError(f"--set {text!r} is not name=value, e.g. swipes=8")
    try:
        return name.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return name.strip(), value.strip()


def _mode_of(table: Mapping[str, Any]) -> RuleMode:
    if not table.get("enabled", True):
        return "paused"
    return "shadow" if table.get("shadow", False) else "active"
