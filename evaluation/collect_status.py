"""What is a collector asked to do, and what does it say while it does it?"""

from __future__ import annotations

from pathlib import Path

import msgspec


class CollectOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to collect.

    Attributes
    ----------
    out
        History folder.
    bootstrap, prefix
        Kafka's address; prefix of the run's topics.
    group
        Consumer group of the job, for the lag; None: the lag follows what is visible.
    floor
        Whether to measure Kafka's own round trip beside.
    until_quiet_ms
        End when nothing changed for so long after the first record; None: on a signal only.
    kafka_config
        Any librdkafka setting.
    topics
        The (unprefixed) outputs that are there; None for all.
    from_now
        Begin where the topics end now: they hold what other runs left. The floor's topic is then
        there already as well.
    """

    out: Path
    bootstrap: str
    prefix: str
    group: str | None = None
    floor: bool = True
    until_quiet_ms: int | None = None
    kafka_config: dict[str, str] = {}
    topics: tuple[str, ...] | None = None
    from_now: bool = False

    def collects(self, topic: str) -> bool:
        """Whether an (unprefixed) output is to be read."""
        return self.topics is None or topic in self.topics


class ViewStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One reader so far.

    Attributes
    ----------
    records, by_topic
        Seen.
    last_received_ns
        ``time.monotonic_ns`` of the newest; 0 for none.
    behind
        Offsets between where the outputs end for this view and where it stands.
    """

    records: int
    by_topic: dict[str, int]
    last_received_ns: int
    behind: int


class CollectStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Content of ``collect-status.json`` and, at the end, of ``collect.json``.

    Attributes
    ----------
    phase
        ``collecting``, ``draining`` or ``done``.
    complete
        Whether both readers stand where the outputs end.
    time_ns
        ``time.monotonic_ns`` of this status.
    views
        By isolation level.
    ends, stable
        High watermarks and last stable offsets, summed over partitions, by topic.
    open_transaction_records
        Offsets of the outputs that no committed reader can see yet.
    still_for_ms
        Since an end, a stable offset or a reader last moved.
    swipes_end
        Records on ``swipes``.
    round_trips
        Of the floor probe.
    problems
        Of the readers, and of the last request, if it failed.
    cpu_s
        Of this process.
    """

    phase: str
    complete: bool
    time_ns: int
    views: dict[str, ViewStatus]
    ends: dict[str, int]
    stable: dict[str, int]
    open_transaction_records: int
    still_for_ms: int
    swipes_end: int
    round_trips: int
    problems: list[str]
    cpu_s: float
