"""What does the autoscaler say that it saw, decided and did?

Its log holds a line of JSON for each event, between lines of its logger.
"""

from __future__ import annotations

from pathlib import Path

import msgspec


class VertexFigures(msgspec.Struct, frozen=True):
    """What the library knows of one chain of operators; None where it does not, or is infinite.

    Attributes
    ----------
    load
        Share of the time in which its busiest task was busy, by the library's window.
    target_per_s
        Records that are to be processed.
    capacity_per_s
        Records that its tasks could process if they were never idle.
    up_below_per_s, down_above_per_s
        It is scaled up where the capacity is below the one, down where above the other.
    lag
        Records that wait for a source.
    before, after
        Parallelism, in a decision.
    """

    load: float | None = None
    target_per_s: float | None = None
    capacity_per_s: float | None = None
    up_below_per_s: float | None = None
    down_above_per_s: float | None = None
    lag: float | None = None
    parallelism: float | None = None
    before: int = 0
    after: int = 0


class Started(msgspec.Struct, frozen=True, tag_field="event", tag="started"):
    """It runs, with this version of the library."""

    time_ms: int
    library: str
    settings: dict[str, str]


class Evaluated(msgspec.Struct, frozen=True, tag_field="event", tag="evaluated"):
    """A look at the running job; nothing is decided before the library's window is full."""

    time_ms: int
    window_full: bool
    vertices: dict[str, VertexFigures]


class Decided(msgspec.Struct, frozen=True, tag_field="event", tag="decided"):
    """Another parallelism for these vertices."""

    time_ms: int
    message: str
    vertices: dict[str, VertexFigures]


class Applied(msgspec.Struct, frozen=True, tag_field="event", tag="applied"):
    """The cluster took the order: the highest parallelism by vertex."""

    time_ms: int
    parallelism: dict[str, int]


class Noted(msgspec.Struct, frozen=True, tag_field="event", tag="noted"):
    """What else the library tells."""

    time_ms: int
    type: str
    reason: str
    message: str


class Failed(msgspec.Struct, frozen=True, tag_field="event", tag="failed"):
    """A look or an order that failed; it goes on."""

    time_ms: int
    reason: str
    message: str


Event = Started | Evaluated | Decided | Applied | Noted | Failed
_DECODER = msgspec.json.Decoder(Event)


def parse_event(line: bytes) -> Event | None:
    """The event of one line; None for a line of the logger.

    Raises
    ------
    msgspec.DecodeError
        If it is an event that nobody knows.

    Examples
    --------
    >>> parse_event(b"12:00:01,234 INFO  ScalingExecutor - All job vertices ...") is None
    True
    >>> parse_event(b'{"event":"applied","time_ms":5,"parallelism":{"a1":2}}')
    Applied(time_ms=5, parallelism={'a1': 2})
    """
    return _DECODER.decode(line) if line.startswith(b"{") else None


class EventLog:
    """The events of a growing log file, each once.

    Parameters
    ----------
    file
        The log.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0

    def new(self) -> list[Event]:
        """Events that stand whole in the file and were not given before."""
        with self._file.open("rb") as log:
            log.seek(self._read)
            text = log.read()
        whole, newline, _ = text.rpartition(b"\n")
        self._read += len(whole) + len(newline)
        found = map(parse_event, whole.split(b"\n"))
        return [each for each in found if each is not None]
