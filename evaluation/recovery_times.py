"""How do the times of a recovery read in a table?"""

from __future__ import annotations

from typing import Final

#: What a figure may be where it is read back; a time that never ended is a word.
Number = int | float | str | None

#: Heading of a column, and the figure of the recovery judge in it, without the fault's name.
HEADINGS: Final = {
    "outage": "committed_outage",
    "noticed": "detection",
    "deploy": "deploy",
    "restore": "restore",
    "of it state": "state",
    "running": "running",
    "caught up": "recovery",
}


def seconds(time_ms: Number) -> str:
    """A time in seconds; a dash where none was measured.

    Examples
    --------
    >>> seconds(1_230), seconds(None), seconds("infinite")
    ('1.23', '-', 'infinite')
    """
    if time_ms is None:
        return "-"
    return time_ms if isinstance(time_ms, str) else f"{time_ms / 1000:.2f}"
