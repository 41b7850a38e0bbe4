"""How do several runs share one stack, and leave it as it was?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from stack.local import LocalStack
from stack.settings import StackSettings
from workbench.clean_up import take_down


@contextmanager
def one_stack(settings: StackSettings | None = None) -> Iterator[StackSettings]:
    """Stop at the end what was not running before; the runs within keep the stack.

    Parameters
    ----------
    settings
        The stack; the environment's when left out.
    """
    stack = LocalStack(settings or StackSettings.load())
    was_running = bool(stack.running())
    try:
        yield stack.settings
    finally:
        if not was_running:
            take_down(stack)
