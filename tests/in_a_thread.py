"""How does a test run what runs until it is told to stop?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from delivery.stopping import Stopping


@contextmanager
def in_a_thread(run: Callable[[Stopping], object]) -> Iterator[None]:
    """Run it beside, ask it to stop at the end, and tell what it raised."""
    stopping = Stopping()
    failures: list[Exception] = []

    def attempt() -> None:
        try:
            run(stopping)
        except Exception as error:  # the test's own thread tells it
            failures.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    try:
        yield
    finally:
        stopping.ask()
        thread.join(30)
    assert not thread.is_alive()
    assert failures == []
