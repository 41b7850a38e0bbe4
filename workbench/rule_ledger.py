"""What was changed of the rules, by whom and why: where does that stand for good?

The topic ``rules`` keeps the newest record of each key and nothing else. The ledger keeps all of
them, and is the source of truth: what it says and the topic does not was not published yet.
"""

from __future__ import annotations

import fcntl
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

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


class LedgerAlone(ABC):
    """A ledger while nobody else adds to it."""

    @abstractmethod
    def entries(self) -> list[LedgerEntry]:
        """All of them, oldest first."""

    @abstractmethod
    def append(self, decide: Decide) -> list[LedgerEntry]:
        """Add what is decided in the knowledge of all that stands; it stands for good then.

        Returns
        -------
        list of LedgerEntry
            What was added. Nothing is, if ``decide`` raises.

        Raises
        ------
        LedgerError
            If they cannot be read or written.
        """


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
    def alone(self) -> AbstractContextManager[LedgerAlone]:
        """Keep all others who want to add waiting, readers not.

        Who publishes what is added does so in here: of two changes of one key the later decided
        would else stand before the other on the topic, and the job refuse the other.

        Raises
        ------
        LedgerError
            If that cannot be had.
        """

    def append(self, decide: Decide) -> list[LedgerEntry]:
        """Add what is decided, as :meth:`LedgerAlone.append`, and publish nothing."""
        with self.alone() as ledger:
            return ledger.append(decide)


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

    @contextmanager
    def alone(self) -> Iterator[LedgerAlone]:
        """Hold the file's lock; other processes wait meanwhile."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            stream = self.file.open("a+b")
        except OSError as error:
            raise self._unusable(error) from None
        with stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX)
            except OSError as error:
                raise self._unusable(error) from None
            yield _FileAlone(self, stream)

    def _unusable(self, error: OSError) -> LedgerError:
        return LedgerError(f"{self.file}: {error.strerror}")

    def _decode(self, content: bytes) -> list[LedgerEntry]:
        entries = []
        for number, line in enumerate(content.splitlines(), start=1):
            try:
                entries.append(msgspec.json.decode(line, type=LedgerEntry))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LedgerError(f"{self.file}, line {number}: {error}") from None
        return entries


class _FileAlone(LedgerAlone):
    def __init__(self, ledger: FileLedger, stream: BinaryIO) -> None:
        self._ledger = ledger
        self._stream = stream

    def entries(self) -> list[LedgerEntry]:
        return self._ledger._decode(self._content())

    def append(self, decide: Decide) -> list[LedgerEntry]:
        content, stream = self._content(), self._stream
        added = decide(self._ledger._decode(content))
        lines = b"".join(msgspec.json.encode(entry) + b"\n" for entry in added)
        try:
            try:
                stream.write(lines)
                stream.flush()
                os.fsync(stream.fileno())
            except BaseException:  # a line cut in two would make the file unreadable
                os.ftruncate(stream.fileno(), len(content))
                raise
        except OSError as error:
            raise self._ledger._unusable(error) from None
        return added

    def _content(self) -> bytes:
        try:
            self._stream.seek(0)
            return self._stream.read()
        except OSError as error:
            raise self._ledger._unusable(error) from None
