"""How is Ctrl-C held back from what must not be left half done?"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any


@contextmanager
def held_signals() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block is over; the first of them is heard then.

    In another thread than the main one nothing is held back: signals do not reach it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pending: list[int] = []
    handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
    try:
        with ExitStack() as restored:
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                # One that ends the process at once, or is ignored, is none of Python's.
                if callable(handler):
                    handlers[number] = handler
                    restored.callback(signal.signal, number, handler)
                    signal.signal(number, lambda got, _frame: pending.append(got))
            yield
    finally:
        for heard in pending[:1]:
            handlers[heard](heard, None)
