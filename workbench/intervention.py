"""What does somebody do to a run while it lasts, other than to run it?

Nothing, unless a negative control says so: `workbench.live_controls` stop a reader, cancel a job or
send in another way, to see whether the judges notice.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar

from workbench.children import Child
from workbench.live import LiveJob


class Intervention:
    """Nothing is done.

    Attributes
    ----------
    sender
        The module that sends.
    """

    sender: ClassVar[str] = "generator.send"

    def while_warming(self, _live: LiveJob) -> AbstractContextManager[None]:
        """Around the warm start."""
        return nullcontext()

    def while_sending(self, _live: LiveJob, _collector: Child) -> AbstractContextManager[None]:
        """Around the sending."""
        return nullcontext()

    def when_sent(self, _live: LiveJob) -> None:
        """Between the sending and the wait for completion."""
