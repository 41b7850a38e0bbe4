"""Does `paystream rules` list, refuse and export, without a job to talk to?"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from job.engine.rule_set import RuleSet
from job.rules.parameters import DEFAULT_FILE, read_tables
from workbench import cli
from workbench.rule_drafts import Drafting, RuleDraft, standing_rules
from workbench.rule_ledger import FileLedger

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    """Holds two changes."""
    ledger = FileLedger(tmp_path / "ledger.jsonl")
    drafting = Drafting(read_tables(DEFAULT_FILE), "somebody")
    drafts = [
        RuleDraft("velocity", {"swipes": 9}, note="why"),
        RuleDraft("bin_attack", mode="paused"),
    ]
    ledger.append(lambda entries: drafting.decide(entries, drafts))
    return ledger


class Command:
    """`paystream rules …`, as a person types it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ledger: FileLedger) -> None:
        self._monkeypatch, self._ledger = monkeypatch, ledger

    def __call__(self, *words: str) -> int:
        about = ["--ledger", str(self._ledger.file), "--bootstrap", NOWHERE]
        self._monkeypatch.setattr(sys, "argv", ["paystream", "rules", *about, *words])
        self._monkeypatch.setattr("workbench.cli.signal.signal", lambda *_: None)
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return int(ended.value.code or 0)


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch, ledger: FileLedger) -> Command:
    return Command(monkeypatch, ledger)


def test_alone_it_lists_the_rules(rules: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules() == 0
    assert "velocity" in capsys.readouterr().out


def test_a_rules_name_shows_its_page(rules: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules("velocity") == 0
    assert "Too many authorisations of one card" in capsys.readouterr().out
    assert rules("velocit") == 2
    assert "did you mean 'velocity'" in capsys.readouterr().err


def test_history_says_who_and_why(rules: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert rules("history", "velocity") == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("swipes=9", "somebody", "why"))
    assert "bin_attack" not in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--rule", "velocity", "--set", "swipes=1"], 2, "velocity.swipes: Expected `int` >= 2"),
        (["--rule", "velocity"], 2, "say what changes"),
        (["--set", "swipes=9"], 2, "need --rule"),
        (["--rule", "velocity", "--reset", "--mode", "paused"], 2, "leave out --set and --mode"),
        (["--snooze-card", "c"], 2, "a snooze needs an end"),
        (["--snooze-card", "c", "--until", "2026-12-01"], 2, "has no time zone"),
        (["--snooze-card", "c", "--for", "soon"], 2, "no duration"),
        ([], 2, "nothing to publish"),
        (["--rule", "velocity", "--mode", "paused"], 2, "Kafka does not answer"),
    ],
)
def test_what_cannot_be_published_is_not_written_down(
    words: list[str],
    code: int,
    said: str,
    rules: Command,
    ledger: FileLedger,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = ledger.entries()
    assert rules("publish", *words) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("paystream: ")
    assert said in line
    assert ledger.entries() == before


def test_an_exported_file_is_the_rules_that_stand(
    rules: Command, ledger: FileLedger, tmp_path: Path
) -> None:
    file = tmp_path / "parameters.toml"
    assert rules("export", str(file)) == 0
    standing = standing_rules(read_tables(DEFAULT_FILE), ledger.entries())
    assert RuleSet(read_tables(file)).version == standing.version
