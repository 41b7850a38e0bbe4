"""How do the engine's counts reach Flink's metrics?

Counters alone: in thread mode a gauge that Python answers can bring the process down, and a counter
that is moved now and then costs no record anything.
"""

from __future__ import annotations

from typing import Any


class EngineCounters:
    """Counters of one task, each of which follows a count that the engine keeps.

    Parameters
    ----------
    metrics
        The task's group of metrics.
    """

    def __init__(self, metrics: Any) -> None:
        self._metrics = metrics
        self._counters: dict[tuple[str, str, str], Any] = {}
        self._reported: dict[tuple[str, str, str], int] = {}

    def follow(self, label: str, value: str, name: str, count: int) -> None:
        """Bring a counter up to a count, which never falls.

        Parameters
        ----------
        label, value
            What tells this counter from others of its name: ``rule``, ``velocity``. Prometheus has
            it as a label.
        name
            Of the counter: ``alerts``.
        count
            Since the engine was made. 0 makes the counter, so that its first step is seen.
        """
        key = (label, value, name)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._metrics.add_group(label, value).counter(name)
            self._counters[key] = counter
        delta = count - self._reported.get(key, 0)
        if delta:
            counter.inc(delta)
            self._reported[key] = count
