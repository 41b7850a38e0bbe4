"""How does a person see what is going on?

Phases with their times; a bar where something takes over a second and there is a terminal, plain
lines where there is none.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

#: Without a terminal a line of progress stands at most so often, seconds.
PLAIN_EVERY_S: Final = 10.0
_PLAIN_WIDTH: Final = 100


def make_console() -> Console:
    """A console for standard output; 100 columns where there is no terminal to ask."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)


class PhaseBar:
    """Progress of one phase."""

    def __init__(self, name: str, console: Console, progress: Progress | None) -> None:
        self.name = name
        self._console = console
        self._progress = progress
        self._task: TaskID | None = None
        if progress is not None:
            self._task = progress.add_task(name, total=None, detail="")
        self._last_line_s = time.monotonic()
        self.note = ""

    def update(self, done: float, total: float, detail: str = "") -> None:
        """Say how far it is.

        Parameters
        ----------
        done, total
            In any one unit.
        detail
            A few words beside the bar.
        """
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total or None, detail=detail)
            return
        now_s = time.monotonic()
        if now_s - self._last_line_s >= PLAIN_EVERY_S:
            self._last_line_s = now_s
            share = f"{100 * done / total:3.0f} %" if total else ""
            self._console.print(f"  {self.name}: {share} {detail}".rstrip())

    def say(self, detail: str) -> None:
        """Say what is going on, where there is no measure of how far it is."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, detail=detail)


class Phases:
    """The phases of a run, timed and told.

    Attributes
    ----------
    seconds
        By phase, in their order.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[PhaseBar]:
        """Time a phase, show its progress, and print its line when it is done."""
        begin_s = time.monotonic()
        progress = self._bar() if self.console.is_terminal else None
        try:
            if progress is not None:
                progress.start()
            bar = PhaseBar(name, self.console, progress)
            yield bar
        finally:
            if progress is not None:
                progress.stop()
        self.seconds[name] = round(time.monotonic() - begin_s, 2)
        self.console.print(f"  {name:<22} {self.seconds[name]:6.1f} s   {bar.note}".rstrip())

    def line(self, label: str, text: str, style: str | None = None) -> None:
        """Print a line in the columns of a phase's, for what has no time of its own."""
        self.console.print(f"  {label:<22} {text}", style=style, markup=False, soft_wrap=True)

    def _bar(self) -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=30),
            TimeElapsedColumn(),
            TextColumn("{task.fields[detail]}"),
            console=self.console,
            transient=True,
        )
