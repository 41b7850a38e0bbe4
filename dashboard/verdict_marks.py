"""How is a verdict shown, so that nobody needs its colour?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, get_args

import streamlit as st

from dashboard.colours import VERDICT_MARKS
from evaluation.verdict import Value, Verdict

#: In a cell of a table, where Material symbols are not drawn.
CELL_MARKS: Final[dict[str | None, str]] = {
    "pass": "✓ pass",
    "fail": "✗ fail",
    "inconclusive": "? inconclusive",
    "unfinished": "… unfinished",
    "damaged": "! damaged",
    None: "",
}
_BOXES: Final[dict[Value, Any]] = {
    "pass": st.success,
    "fail": st.error,
    "inconclusive": st.warning,
}
_BADGE_COLOURS: Final[dict[Value, Any]] = {
    "pass": "green",
    "fail": "red",
    "inconclusive": "orange",
}


def cell(verdict: str | None) -> str:
    """A verdict in a cell: a sign and a word."""
    return CELL_MARKS.get(verdict, str(verdict))


def verdict_box(verdict: Verdict, heading: str | None = None) -> None:
    """The verdict with its reason across the page.

    Parameters
    ----------
    heading
        In place of the verdict's word.
    """
    text = f"**{heading or verdict.value.upper()}**  \n{escaped(verdict.reason)}"
    _BOXES[verdict.value](text, icon=VERDICT_MARKS[verdict.value])


def verdict_badge(verdict: Value, words: str | None = None) -> None:
    """The verdict as a small mark."""
    st.badge(words or verdict, icon=VERDICT_MARKS[verdict], color=_BADGE_COLOURS[verdict])


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is.

    Examples
    --------
    >>> escaped("geo_jump costs $5")
    'geo\\_jump costs \\$5'
    """
    for sign in "\\`*_[]<>$#~":
        text = text.replace(sign, f"\\{sign}")
    return text


def known(values: Iterable[str | None]) -> list[str]:
    """Verdicts among some words, the good ones first."""
    found = set(values)
    return [value for value in get_args(Value) if value in found]
