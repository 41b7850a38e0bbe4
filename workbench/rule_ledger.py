"""What was changed of the rules, by whom and why: where does that stand for good?

The topic ``rules`` keeps the newest record of each key and nothing else. The ledger keeps all of
them, and is the source of truth: what it says and the topic does not was not published yet.
"""

from __future__ import annotations

import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import msgspec

from job.contracts import RuleChange, Snooze


class LedgerError(RuntimeError):
    """A ledger that cannot be read or written; one line for a person."""


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change, as it was decided.

    Attributes
    ----------
    key
        Of the record on ``rules``.
    version
        One more than the entry of this key before it.
    record
        What is published; None where the key is taken back.
    """

    key: str
    version: int
    change_id: str
    author: str
    changed_ms: int
    note: str = ""
    record: RuleChange | Snooze | None = None

    @property
    def value(self) -> bytes:
        """The record as it travels; empty where the key is taken back."""
        return b"" if self.record is None else msgspec.json.encode(self.record)


#: Makes new entries out of those that stand; raises where they may not be made.
Decide = Callable[[Sequence[LedgerEntry]], list[LedgerEntry]]


class RuleLedger(ABC):
    """All changes in the order in which they were decided."""

    @abstractmethod
    def entries(self) -> list[LedgerEntry]:
        """All of them, oldest first.

        Raises
        ------
        LedgerError
            If they cannot be read.
        """

    @abstractmethod
    def append(self, decide: Decide) -> list[LedgerEntry]:
        """Add what is decided in the knowledge of all that stands, while nobody else adds.

        Returns
        -------
        list of LedgerEntry
            What was added. Nothing is, if ``decide`` raises.

        Raises
        ------
        LedgerError
            If they cannot be read or written.
        """


def newest_by_key(entries: Iterable[LedgerEntry]) -> dict[str, LedgerEntry]:
    """The newest entry of each key, those that take it back included."""
    return {entry.key: entry for entry in entries}


class FileLedger(RuleLedger):
    """One entry a line, JSON.

    Parameters
    ----------
    file
        Made with the first entry.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def entries(self) -> list[LedgerEntry]:
        """All entries of the file."""
        try:
            content = self.file.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise LedgerError(f"{self.file}: {error.strerror}") from None
        return self._decode(content)

    def append(self, decide: Decide) -> list[LedgerEntry]:
        """Add lines; other processes wait meanwhile."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                stream.seek(0)
                content = stream.read()
                added = decide(self._decode(content))
                lines = b"".join(msgspec.json.encode(entry) + b"\n" for entry in added)
                try:
                    stream.write(lines)
                    stream.flush()
                    os.fsync(stream.fileno())
                except BaseException:  # a line cut in two would make the file unreadable
                    os.ftruncate(stream.fileno(), len(content))
                    raise
        except OSError as error:
            raise LedgerError(f"{self.file}: {error.strerror}") from None
        return added

    def _decode(self, content: bytes) -> list[LedgerEntry]:
        entries = []
        for number, line in enumerate(content.splitlines(), start=1):
            try:
                entries.append(msgspec.json.decode(line, type=LedgerEntry))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LedgerError(f"{self.file}, line {number}: {error}") from None
        return entries
