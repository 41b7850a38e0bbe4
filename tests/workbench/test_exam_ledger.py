"""Which rules have seen which exam is never forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.bulk import ExamSettings
from generator.settings import SettingsError
from workbench.bulk import Engine
from workbench.exam import enter, versions_that_saw, worn_out


def test_each_version_of_the_rules_counts_once_for_each_exam(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    exam, other = ExamSettings(split="exam", seed=1), ExamSettings(split="exam", seed=2)
    one, changed = Engine(tmp_path, None, "a" * 64), Engine(tmp_path, None, "b" * 64)
    for settings, engine in ((exam, one), (exam, one), (exam, changed), (other, changed)):
        enter(ledger, "x", settings, engine)
    assert versions_that_saw(ledger, "exam", 1) == [one.hash, changed.hash]
    assert versions_that_saw(ledger, "exam", 2) == [changed.hash]
    assert versions_that_saw(ledger, "tuning", 1) == []
    assert worn_out(ledger, "exam", 1).startswith("2 versions of the rules have seen this exam")
    assert worn_out(ledger, "exam", 2) == ""


def test_without_a_ledger_nobody_has_seen_anything(tmp_path: Path) -> None:
    assert versions_that_saw(tmp_path / "none.jsonl", "exam", 1) == []


def test_a_line_that_was_cut_off_is_named(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    enter(ledger, "x", ExamSettings(split="exam"), Engine(tmp_path, None, "a" * 64))
    with ledger.open("a") as file:
        file.write('{"at":"2026')
    with pytest.raises(SettingsError, match=r"ledger.jsonl: line 2: .*mend or remove the line"):
        versions_that_saw(ledger, "exam", 1)
