"""Does the ledger keep every change, in a file as in a database, whoever else writes?"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from job.rules.parameters import DEFAULT_FILE, read_tables
from workbench.rule_drafts import Drafting, RuleDraft, SnoozeDraft
from workbench.rule_ledger import FileLedger, LedgerError, RuleLedger
from workbench.rule_ledger_postgres import PostgresLedger
from workbench.rule_source import unpublished

LedgerMaker = Callable[[], RuleLedger]
DRAFTING = Drafting(read_tables(DEFAULT_FILE), "somebody")


def slower(ledger: RuleLedger, swipes: int) -> None:
    draft = RuleDraft("velocity", {"swipes": swipes})
    ledger.append(lambda entries: DRAFTING.decide(entries, [draft]))


def test_an_empty_ledger_has_no_entries(make_ledger: LedgerMaker) -> None:
    assert make_ledger().entries() == []


def test_what_one_adds_another_reads(make_ledger: LedgerMaker) -> None:
    drafts = [RuleDraft("velocity", {"swipes": 9}, note="ü"), SnoozeDraft("card", "c", 7)]
    added = make_ledger().append(lambda entries: DRAFTING.decide(entries, drafts))
    assert len(added) == 2
    assert make_ledger().entries() == added
    withdrawn = make_ledger().append(lambda entries: DRAFTING.roll_back(entries, None))
    assert withdrawn[0].record is None
    assert make_ledger().entries() == added + withdrawn


def test_what_was_published_counts_as_published_when_it_is_read_again(
    make_ledger: LedgerMaker,
) -> None:
    drafts = [RuleDraft("velocity", {"window_ms": 60_000, "swipes": 9})]
    added = make_ledger().append(lambda entries: DRAFTING.decide(entries, drafts))
    topic = {entry.key: entry.value for entry in added}
    assert unpublished(make_ledger().entries(), topic) == []


def test_nothing_is_added_where_one_of_the_changes_is_refused(make_ledger: LedgerMaker) -> None:
    drafts = [RuleDraft("velocity", {"swipes": 9}), RuleDraft("velocity", {"swipes": 0})]
    with pytest.raises(ValueError, match=r"velocity\.swipes"):
        make_ledger().append(lambda entries: DRAFTING.decide(entries, drafts))
    assert make_ledger().entries() == []


def test_several_who_write_at_once_get_a_version_each(make_ledger: LedgerMaker) -> None:
    slower(make_ledger(), 2)
    writers = [threading.Thread(target=slower, args=(make_ledger(), n)) for n in range(3, 9)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    entries = make_ledger().entries()
    assert [entry.version for entry in entries] == list(range(1, 8))
    assert {e.record.parameters["swipes"] for e in entries if e.record} == set(range(2, 9))  # type: ignore[union-attr]


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path / "ledger.jsonl")
    slower(ledger, 9)
    with ledger.file.open("ab") as stream:
        stream.write(b'{"key":\n')
    with pytest.raises(LedgerError, match=r"ledger\.jsonl, line 2: "):
        ledger.entries()


def test_a_disk_that_is_full_in_the_middle_leaves_no_half_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = FileLedger(tmp_path / "ledger.jsonl")
    slower(ledger, 9)
    before = ledger.file.read_bytes()

    def fail(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("workbench.rule_ledger.os.fsync", fail)
        with pytest.raises(LedgerError, match="No space left"):
            slower(ledger, 8)
    assert ledger.file.read_bytes() == before


def test_a_database_that_does_not_answer_is_said_in_one_line() -> None:
    with pytest.raises(LedgerError) as said:
        PostgresLedger("postgresql://nobody@127.0.0.1:1/none").entries()
    assert str(said.value).startswith("the rules' database: ")
    assert "\n" not in str(said.value)
