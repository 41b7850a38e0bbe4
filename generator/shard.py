"""Which part of a replay does one of several senders send?

Senders that run apart share a replay by partition: number *i* of *n* sends what lands on the
partitions *i*, *i + n*, ... of ``swipes``. So each partition, and with it each card, has one sender
and keeps its order. What exists once in a replay is sent by number 0: card profiles, fraud reports.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from generator.partitioner import partition_of


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """One sender among several.

    Attributes
    ----------
    number, count
        Which one, from 0; how many there are.
    """

    number: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        """Refuse what is no shard."""
        if not 0 <= self.number < self.count:
            raise ValueError(f"shard {self.number} of {self.count}: give 0 to {self.count - 1}")

    @property
    def is_whole(self) -> bool:
        """Whether it is the only one."""
        return self.count == 1

    @property
    def is_first(self) -> bool:
        """Whether it sends what exists once."""
        return self.number == 0

    def partitions(self, total: int) -> tuple[int, ...]:
        """Its own of so many partitions.

        Examples
        --------
        >>> Shard(number=1, count=3).partitions(8)
        (1, 4, 7)
        """
        return tuple(range(self.number, total, self.count))

    def positions(
        self, keys: Iterable[bytes | None], total: int
    ) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Where its own keys stand among all keys.

        Parameters
        ----------
        keys
            Of the records, in their order.
        total
            Partitions of the topic.
        """
        known: dict[bytes | None, bool] = {}
        mine = []
        for position, key in enumerate(keys):
            owned = known.get(key)
            if owned is None:
                owned = known[key] = partition_of(key, total) % self.count == self.number
            if owned:
                mine.append(position)
        return np.array(mine, np.int64)
