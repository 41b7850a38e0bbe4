"""What is wrong with the data, how often, and where for example?

Examples are shown with their row and column, and never with a card number: of the card's column
only the length is shown, and elsewhere every run of digits that could be one is masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from generator.replay import ReplayError

#: Rows shown of each problem. A choice.
EXAMPLES: Final = 3
_SHOWN_LENGTH: Final = 40
#: Twelve digits or more, as card numbers have (ISO/IEC 7812), grouped or not.
_LIKE_A_NUMBER: Final = re.compile(r"\d(?:[\s._-]?\d){11,}")


class BadRowsError(ReplayError):
    """Data with rows that cannot be used; lists every problem."""


class Problem(msgspec.Struct, frozen=True):
    """One kind of problem: what, in how many rows, and the first few of them."""

    what: str
    rows: int
    examples: list[str]

    @property
    def line(self) -> str:
        """For a person."""
        return f"{self.what}: {self.rows:,} rows, e.g. {'; '.join(self.examples)}"


def masked(text: str | None) -> str:
    """A cell as it may be shown.

    Examples
    --------
    >>> masked("4000 0012 3456 7899, 12.50")
    "'<16 digits>, 12.50'"
    >>> masked("")
    'nothing'
    """
    if text is None or not text.strip():
        return "nothing"
    shown = numberless(text.strip())
    cut = shown if len(shown) <= _SHOWN_LENGTH else f"{shown[:_SHOWN_LENGTH]}..."
    return f"{cut!r}"


def numberless(text: str) -> str:
    """A text in which every run of digits that could be a card number is masked.

    Examples
    --------
    >>> numberless("4000_0012_3456_7899 of 2026-01-05")
    '<16 digits> of 2026-01-05'
    """
    return _LIKE_A_NUMBER.sub(_length, text)


def _length(match: re.Match[str]) -> str:
    return f"<{sum(each.isdigit() for each in match[0])} digits>"


def hidden(text: str | None) -> str:
    """A cell of which nothing but its length may be shown.

    Examples
    --------
    >>> hidden("4000001234567899"), hidden("abc"), hidden(" ")
    ('<16 digits>', '<3 characters>', 'nothing')
    """
    if text is None or not text.strip():
        return "nothing"
    text = text.strip()
    return f"<{len(text)} {'digits' if text.isdecimal() else 'characters'}>"


class Problems:
    """Problems as they are found, in order of first sight."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def add(self, what: str, rows: int, examples: Iterator[str]) -> None:
        """Count rows with a problem; only as many examples are taken as are shown."""
        if not rows:
            return
        self._rows[what] = self._rows.get(what, 0) + rows
        shown = self._examples.setdefault(what, [])
        while len(shown) < EXAMPLES:
            example = next(examples, None)
            if example is None:
                break
            shown.append(example)

    def found(self) -> list[Problem]:
        """All of them."""
        return [Problem(what, rows, self._examples[what]) for what, rows in self._rows.items()]
