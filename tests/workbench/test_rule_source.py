"""Is it known what the topic ``rules`` says already, and what is still to be published?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from job.rules.parameters import DEFAULT_FILE, read_tables
from workbench.rule_drafts import Drafting, RuleDraft, SnoozeDraft
from workbench.rule_ledger import FileLedger, LedgerEntry
from workbench.rule_source import unpublished


@pytest.fixture
def ledger(tmp_path: Path) -> FileLedger:
    """Holds a change of two parameters, and a snooze."""
    ledger = FileLedger(tmp_path / "ledger.jsonl")
    drafts = [
        RuleDraft("velocity", {"window_ms": 60_000, "swipes": 9}),
        SnoozeDraft("card", "c", 7),
    ]
    drafting = Drafting(read_tables(DEFAULT_FILE), "somebody")
    ledger.append(lambda entries: drafting.decide(entries, drafts))
    return ledger


def topic_of(entries: list[LedgerEntry]) -> dict[str, bytes]:
    return {entry.key: entry.value for entry in entries if entry.value}


def sorted_as_jsonb(value: Any) -> Any:
    """Shorter keys first, then by their letters, at every depth: so PostgreSQL stores them."""
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda key: (len(key), key))
    return {key: sorted_as_jsonb(value[key]) for key in keys}


def out_of_jsonb(entry: LedgerEntry) -> LedgerEntry:
    return msgspec.convert(sorted_as_jsonb(msgspec.to_builtins(entry)), LedgerEntry)


def test_what_was_published_is_published_whatever_order_its_keys_come_back_in(
    ledger: FileLedger,
) -> None:
    entries = ledger.entries()
    read_back = [out_of_jsonb(entry) for entry in entries]
    assert read_back == entries
    assert [e.value for e in read_back] != [e.value for e in entries], "the order must differ"
    assert unpublished(read_back, topic_of(entries)) == []


def test_what_the_topic_does_not_say_is_still_to_be_published(ledger: FileLedger) -> None:
    entries = ledger.entries()
    velocity, snooze = entries
    topic = topic_of(entries)
    assert unpublished(entries, {}) == entries
    assert unpublished(entries, {velocity.key: velocity.value}) == [snooze]
    other = topic | {velocity.key: velocity.value.replace(b'"swipes":9', b'"swipes":8')}
    assert other != topic
    assert unpublished(entries, other) == [velocity]


@pytest.mark.parametrize("value", [b"{", b"\xff", b"[" * 100_000, b'{"record":"none"}'])
def test_a_record_that_nobody_can_read_says_nothing(value: bytes, ledger: FileLedger) -> None:
    entries = ledger.entries()
    velocity = entries[0]
    assert unpublished(entries, topic_of(entries) | {velocity.key: value}) == [velocity]


def test_a_key_that_is_taken_back_is_published_once_the_topic_holds_nothing(
    ledger: FileLedger,
) -> None:
    before = topic_of(ledger.entries())
    drafting = Drafting(read_tables(DEFAULT_FILE), "somebody")
    (withdrawn,) = ledger.append(lambda entries: drafting.roll_back(entries, None))
    assert unpublished(ledger.entries(), before) == [withdrawn]
    del before[withdrawn.key]
    assert unpublished(ledger.entries(), before) == []
