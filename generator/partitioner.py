"""On which partition does a key land?

The senders leave it to the client library (``partitioner=murmur2``, as Kafka's Java clients); who
shares a replay by partition has to know it beforehand.
"""

from __future__ import annotations

from typing import Final

_SEED: Final = 0x9747B28C
_MULTIPLIER: Final = 0x5BD1E995
_SHIFT: Final = 24
_BITS_32: Final = 0xFFFFFFFF
#: Without the sign: Java's ``Utils.toPositive``.
_POSITIVE: Final = 0x7FFFFFFF


def murmur2(data: bytes) -> int:
    """Kafka's hash of a key, unsigned 32 bits (Java's ``Utils.murmur2`` gives the same, signed).

    Examples
    --------
    >>> murmur2(b"foobar") - 2**32
    -790332482
    """
    value = _SEED ^ len(data)
    whole = len(data) // 4 * 4
    for start in range(0, whole, 4):
        part = int.from_bytes(data[start : start + 4], "little") * _MULTIPLIER & _BITS_32
        part = (part ^ part >> _SHIFT) * _MULTIPLIER & _BITS_32
        value = (value * _MULTIPLIER & _BITS_32) ^ part
    if whole < len(data):
        value ^= int.from_bytes(data[whole:], "little")
        value = value * _MULTIPLIER & _BITS_32
    value = (value ^ value >> 13) * _MULTIPLIER & _BITS_32
    return value ^ value >> 15


def partition_of(key: bytes | None, partitions: int) -> int:
    """The partition of a key; all records without one share the partition of the empty key.

    Examples
    --------
    >>> partition_of(b"tok_0001", 1)
    0
    >>> partition_of(None, 4) == partition_of(b"", 4)
    True
    """
    return (murmur2(key or b"") & _POSITIVE) % partitions
