"""How does a program that runs for ever end when it is told to, with its work in order?"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any, Self


class Stopping:
    """Turns Ctrl-C and a polite kill into a wish that the program sees; a second one breaks off.

    Examples
    --------
    >>> with Stopping() as stopping:
    ...     stopping.wait(0.0)
    False
    """

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def asked(self) -> bool:
        """Whether it was told to end."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Tell it to end, as a signal does."""
        self._asked.set()

    def wait(self, seconds: float) -> bool:
        """Wait, but no longer than until it is told to end; say whether it was."""
        return self._asked.wait(seconds)

    def _hear(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.ask()
