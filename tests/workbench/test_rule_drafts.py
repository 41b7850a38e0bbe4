"""Is a wish to change the rules checked and numbered before anything is written?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.settings import SettingsError
from job.contracts import RuleChange, Snooze
from job.rules.parameters import DEFAULT_FILE, read_tables
from workbench.rule_drafts import (
    Draft,
    Drafting,
    RuleDraft,
    SnoozeDraft,
    parse_parameter,
    read_drafts,
    standing_rules,
)
from workbench.rule_ledger import LedgerEntry

TABLES = read_tables(DEFAULT_FILE)


class Desk:
    """A ledger in memory."""

    def __init__(self, tables: dict[str, dict[str, Any]] = TABLES) -> None:
        self.tables = tables
        self.drafting = Drafting(tables, "somebody")
        self.entries: list[LedgerEntry] = []

    def change(self, *drafts: Draft) -> LedgerEntry:
        self.entries += self.drafting.decide(self.entries, drafts)
        return self.entries[-1]

    def roll_back(self, change_id: str | None = None) -> LedgerEntry:
        self.entries += self.drafting.roll_back(self.entries, change_id)
        return self.entries[-1]

    @property
    def version(self) -> str:
        return standing_rules(self.tables, self.entries).version


@pytest.fixture
def desk() -> Desk:
    return Desk()


def record(entry: LedgerEntry) -> RuleChange:
    assert isinstance(entry.record, RuleChange)
    return entry.record


def test_a_change_builds_on_the_one_before(desk: Desk) -> None:
    desk.change(RuleDraft("velocity", {"swipes": 9}, mode="shadow"))
    second = record(desk.change(RuleDraft("velocity", {"window_ms": 1_000})))
    assert second.parameters == {"swipes": 9, "window_ms": 1_000}
    assert (second.mode, second.version) == ("shadow", 2)


def test_a_rule_that_the_file_pauses_stays_so_until_a_mode_is_said() -> None:
    desk = Desk({"velocity": {"enabled": False}})
    assert record(desk.change(RuleDraft("velocity", {"swipes": 9}))).mode == "paused"
    assert record(desk.change(RuleDraft("velocity", mode="active"))).mode == "active"


def test_entry_and_record_are_signed_alike(desk: Desk) -> None:
    entry = desk.change(RuleDraft("velocity", {"swipes": 9}, note="why"))
    signed = record(entry)
    assert (signed.change_id, signed.version, signed.author, signed.changed_ms, signed.note) == (
        (entry.change_id, entry.version, "somebody", entry.changed_ms, "why")
    )


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (RuleDraft("velocit", mode="paused"), "did you mean 'velocity'"),
        (RuleDraft("velocity", {"swipes": 1}), "velocity.swipes: "),
        (RuleDraft("velocity", {"swipes": [1]}), "velocity: "),
        (RuleDraft("velocity", mode="off"), "velocity.mode: 'off' is none of active"),
        (RuleDraft("velocity", withdraw=True), "nothing stands for velocity"),
        (SnoozeDraft("card", "c", None), "nothing stands for snooze|card|c"),
        (SnoozeDraft("card", "c" * 65, 1), "entity_id"),
    ],
)
def test_a_wrong_wish_is_refused_by_name(desk: Desk, draft: Draft, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        desk.change(draft)
    assert said in str(refused.value)
    assert desk.entries == []


def test_a_rollback_gives_back_what_stood_before_and_in_the_end_the_file(desk: Desk) -> None:
    at_first = desk.version
    first = desk.change(RuleDraft("velocity", {"swipes": 9}))
    after_first = desk.version
    desk.change(RuleDraft("velocity", {"swipes": 8}), RuleDraft("amount_outlier", mode="paused"))
    desk.roll_back()
    newest = [e for e in desk.entries if e.key == "velocity"][-1]
    assert desk.roll_back(newest.change_id).note == f"takes back {newest.change_id}"
    assert desk.version == after_first
    assert desk.roll_back(first.change_id).record is None
    assert desk.version == at_first


def test_versions_go_on_after_a_rule_was_taken_back(desk: Desk) -> None:
    desk.change(RuleDraft("velocity", {"swipes": 9}))
    desk.change(RuleDraft("velocity", withdraw=True))
    assert record(desk.change(RuleDraft("velocity", {"swipes": 9}))).version == 3


def test_a_rollback_of_an_unknown_change_is_refused(desk: Desk) -> None:
    with pytest.raises(SettingsError, match="ledger is empty"):
        desk.roll_back()
    desk.change(SnoozeDraft("card", "c", 1))
    with pytest.raises(SettingsError, match="no change is called 'x'"):
        desk.roll_back("x")


def test_a_snooze_is_renewed_and_ended(desk: Desk) -> None:
    desk.change(SnoozeDraft("merchant", "m", 1))
    renewed = desk.change(SnoozeDraft("merchant", "m", 2))
    assert isinstance(renewed.record, Snooze)
    assert (renewed.record.until_ms, renewed.version) == (2, 2)
    assert desk.change(SnoozeDraft("merchant", "m", None)).value == b""


def test_a_file_says_all_of_a_rule(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "change.toml"
    file.write_text('[velocity]\nmode = "shadow"\nnote = "trial"\nwindow_ms = 1_000\n')
    desk.change(RuleDraft("velocity", {"swipes": 9}))
    changed = record(desk.change(*read_drafts(file)))
    assert (changed.mode, changed.parameters) == ("shadow", {"window_ms": 1_000})
    assert changed.note == "trial"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no rule stands in it"),
        ("velocity = 1", "velocity is no table"),
        ("[", "not readable as TOML"),
        ("[velocity]\nnote = 1", "velocity.note: 1 is no text"),
    ],
)
def test_a_file_that_says_nothing_usable_is_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "change.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        read_drafts(file)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [("a=1_000", 1_000), ("a=0.5", 0.5), ("a=true", True), ("a=word", "word"), ('a="1"', "1")],
)
def test_a_parameter_is_read_as_the_file_would_be(text: str, value: object) -> None:
    assert parse_parameter(text) == ("a", value)
