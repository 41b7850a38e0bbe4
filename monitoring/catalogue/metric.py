"""What is said of one metric?"""

from __future__ import annotations

from typing import NamedTuple


class Metric(NamedTuple):
    """One metric as Prometheus has it.

    Attributes
    ----------
    name
        With the prefix of its source left out.
    unit
        Such as ``records``, ``ms``, ``bytes``, ``1`` for a ratio.
    meaning
        A sentence, or less.
    labels
        Those that tell its series apart, beside job, task and process.
    """

    name: str
    unit: str
    meaning: str
    labels: tuple[str, ...] = ()


class Source(NamedTuple):
    """Metrics that come from one place.

    Attributes
    ----------
    title, told_by
        Heading, and who tells them to Prometheus.
    prefix
        Of all names.
    metrics
        Of this source.
    """

    title: str
    told_by: str
    prefix: str
    metrics: tuple[Metric, ...]

    def names(self) -> list[str]:
        """The whole names."""
        return [f"{self.prefix}{each.name}" for each in self.metrics]
