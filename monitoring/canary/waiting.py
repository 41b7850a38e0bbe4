"""Which canary swipes wait for their decision, and which have waited too long?"""

from __future__ import annotations

import threading
from typing import Final

from monitoring.canary.figures import VIEWS, Figures, View

_NANOS_PER_S: Final = 1_000_000_000


class Waiting:
    """Swipes on their way, by view; each is settled once: decided, lost or unsent.

    Parameters
    ----------
    figures
        Where it is counted.
    give_up_s
        Longest wait for a decision.
    """

    def __init__(self, figures: Figures, give_up_s: float) -> None:
        self._figures = figures
        self._give_up_ns = round(give_up_s * _NANOS_PER_S)
        self._lock = threading.Lock()
        # Dicts keep the order in which swipes were due: the oldest stands first.
        self._due_ns: dict[View, dict[str, int]] = {view: {} for view in VIEWS}

    def sent(self, swipe_id: str, due_ns: int) -> None:
        """Note a swipe, before it is handed over: its decision may be faster than the caller."""
        self._figures.sent.inc()
        with self._lock:
            for waiting in self._due_ns.values():
                waiting[swipe_id] = due_ns

    def unsent(self, swipe_id: str) -> None:
        """Kafka did not take it: no decision can be expected."""
        with self._lock:
            known = [waiting.pop(swipe_id, None) for waiting in self._due_ns.values()]
        if any(due is not None for due in known):
            self._figures.unsent.inc()

    def decided(self, view: View, swipe_id: str, received_ns: int) -> None:
        """A decision was read; one of a swipe that is settled already changes nothing."""
        with self._lock:
            due_ns = self._due_ns[view].pop(swipe_id, None)
        if due_ns is not None:
            seconds = (received_ns - due_ns) / _NANOS_PER_S
            self._figures.latency.labels(view).observe(seconds)

    def give_up(self, now_ns: int) -> None:
        """Settle what has waited too long: lost, and as late as can be in the latency, too."""
        for view in VIEWS:
            for waited_ns in self._overdue(view, now_ns):
                self._figures.lost.labels(view).inc()
                self._figures.latency.labels(view).observe(waited_ns / _NANOS_PER_S)

    def _overdue(self, view: View, now_ns: int) -> list[int]:
        overdue = []
        with self._lock:
            waiting = self._due_ns[view]
            while waiting:
                swipe_id = next(iter(waiting))
                waited_ns = now_ns - waiting[swipe_id]
                if waited_ns <= self._give_up_ns:
                    break
                del waiting[swipe_id]
                overdue.append(waited_ns)
        return overdue
