"""Where do the rules of one job stand: its ledger, its Kafka, its parameter file?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from generator.kafka_client import KafkaRefused
from job.contracts import RuleAudit, RuleRecord
from job.rules.parameters import read_tables
from workbench.problems import RunBroken
from workbench.rule_ledger import Decide, FileLedger, LedgerEntry, RuleLedger, newest_by_key
from workbench.rule_topic import Answers, AnswerWatch, Place, RuleWriter, read_topic


@dataclass(frozen=True)
class RuleSource:
    """The rules of one job.

    Attributes
    ----------
    bootstrap, prefix
        Its Kafka, and what stands before its topics' names.
    ledger_file, database
        Where every change stands; the database wins where both are given.
    rules_file
        The parameter file that the job was started with.
    """

    bootstrap: str
    prefix: str
    ledger_file: Path
    database: str | None
    rules_file: Path

    def ledger(self) -> RuleLedger:
        """The source of truth."""
        if self.database is None:
            return FileLedger(self.ledger_file)
        # Loaded where it is needed: nobody else pays for libpq.
        from workbench.rule_ledger_postgres import PostgresLedger

        return PostgresLedger(self.database)

    @property
    def ledger_name(self) -> str:
        """For people; a database without its password."""
        return str(self.ledger_file) if self.database is None else "the rules' database"

    def tables(self) -> dict[str, dict[str, Any]]:
        """The parameter file, checked."""
        return read_tables(self.rules_file)

    def change(self, decide: Decide, wait_s: float) -> list[Published]:
        """Write down what is decided, publish it, and hear what the job says of it.

        Nothing is written where the change is refused or Kafka does not answer. Nobody else writes
        or publishes before this is on the topic; the job's word is waited for behind that.

        Parameters
        ----------
        wait_s
            Longest wait for the job; 0 to ask nothing.
        """
        ledger = self.ledger()
        decide(ledger.entries())
        with self._watch(wait_s) as watch:
            writer = RuleWriter(self.bootstrap, self.prefix)
            with ledger.alone() as alone:
                added = alone.append(decide)
                try:
                    places = _send(added, writer)
                except KafkaRefused as error:
                    raise RunBroken(
                        f"written down, but not published: {error}; "
                        "`paystream rules sync` publishes it"
                    ) from None
            return _heard(added, places, watch, wait_s)

    def sync(self, wait_s: float) -> list[Published]:
        """Publish what is written down and not on the topic, as :meth:`change` publishes."""
        ledger = self.ledger()
        if not unpublished(ledger.entries(), self.on_topic()):
            return []
        with self._watch(wait_s) as watch:
            writer = RuleWriter(self.bootstrap, self.prefix)
            with ledger.alone() as alone:
                # Asked again: somebody may have been publishing just now.
                behind = unpublished(alone.entries(), self.on_topic())
                places = _send(behind, writer)
            return _heard(behind, places, watch, wait_s)

    def _watch(self, wait_s: float) -> AbstractContextManager[AnswerWatch | None]:
        return AnswerWatch(self.bootstrap, self.prefix) if wait_s else nullcontext()

    def on_topic(self) -> dict[str, bytes]:
        """The newest record of each key."""
        return read_topic(self.bootstrap, self.prefix)


@dataclass(frozen=True)
class Published:
    """One entry, where it stands on ``rules``, and what the job said."""

    entry: LedgerEntry
    place: Place
    answers: Answers

    @property
    def refusal(self) -> str | None:
        """Why the job refused it; None where it did not."""
        letter = self.answers.refusals.get(self.place)
        return None if letter is None else letter.detail

    @property
    def audits(self) -> list[RuleAudit]:
        """What the tasks said that took it."""
        return self.answers.audits.get(self.place, [])

    @property
    def tasks(self) -> int:
        """How many there are, as far as they said."""
        return sum({audit.part: audit.parallelism for audit in self.audits}.values())

    @property
    def last_ms(self) -> int | None:
        """From the decision until the last task that said so judged by it; None where none did.

        By two clocks, this machine's and that of the task.
        """
        applied_ms = [audit.applied_ms for audit in self.audits]
        return max(applied_ms) - self.entry.changed_ms if applied_ms else None

    @property
    def taken(self) -> str | None:
        """Which tasks took it; None where none said so."""
        if self.last_ms is None:
            return None
        return (
            f"{len(self.audits)} of {self.tasks} tasks judge by {self.audits[-1].rules_version}, "
            f"the last after {max(self.last_ms, 0)} ms"
        )


def _send(entries: Sequence[LedgerEntry], writer: RuleWriter) -> list[Place]:
    return writer.send((entry.key, entry.value) for entry in entries)


def _heard(
    entries: Sequence[LedgerEntry],
    places: Sequence[Place],
    watch: AnswerWatch | None,
    wait_s: float,
) -> list[Published]:
    answers = Answers() if watch is None else watch.wait(places, wait_s)
    return [Published(e, p, answers) for e, p in zip(entries, places, strict=True)]


def unpublished(entries: Sequence[LedgerEntry], topic: Mapping[str, bytes]) -> list[LedgerEntry]:
    """The newest entries that the topic does not say."""
    newest = newest_by_key(entries).values()
    return [entry for entry in newest if not _says(topic.get(entry.key, b""), entry)]


def _says(value: bytes, entry: LedgerEntry) -> bool:
    """Whether a record of the topic is that of an entry.

    Compared by what they mean, not by their bytes: PostgreSQL's jsonb keeps no order of keys.
    """
    if not value or entry.record is None:
        return not value and entry.record is None
    try:
        record: RuleRecord = msgspec.json.decode(value, type=RuleRecord)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False  # nobody can read it: what the ledger says is still to be published
    return record == entry.record
