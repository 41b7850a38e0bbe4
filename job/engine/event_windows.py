"""What does each event-time window hold?

The specification of what the job counts in Java (``job/java``, ``dev.paystream.flink.windows``):
over all judged swipes at once, without watermarks. Which swipes come after their window had closed
depends on how partitions interleave; the cluster names them on ``window-drops``, and here they are
left out by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import groupby
from operator import attrgetter
from typing import Final

import msgspec

from job.contracts import (
    CONTRACT_VERSION,
    WINDOW_KINDS,
    JudgedSwipe,
    Topics,
    WindowKind,
    WindowResult,
)
from job.engine.card_engine import Output

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
SESSION_GAP_MS: Final = 30 * MINUTE_MS
#: Counted unless said otherwise: what docs/windows.md shows to cost little.
DEFAULT_WINDOWS: Final[tuple[WindowKind, ...]] = ("bin_minute",)
#: What is said where nothing is to be counted.
NO_WINDOWS: Final = "none"

_encode = msgspec.json.Encoder().encode


def parse_windows(text: str) -> tuple[WindowKind, ...]:
    """Read a comma list of window kinds, or ``none``.

    Examples
    --------
    >>> parse_windows("card_hour, bin_minute")
    ('bin_minute', 'card_hour')
    >>> parse_windows("none")
    ()

    Raises
    ------
    ValueError
        One line that names what is no kind, and those there are.
    """
    names = {name.strip() for name in text.split(",")}
    if names == {NO_WINDOWS}:
        return ()
    unknown = sorted(names - set(WINDOW_KINDS))
    if unknown:
        known = ", ".join(WINDOW_KINDS)
        raise ValueError(f"{unknown[0]!r} is no window; give {known} (comma list) or none")
    return tuple(kind for kind in WINDOW_KINDS if kind in names)


class EventWindows:
    """All windows of a finite stream.

    Parameters
    ----------
    kinds
        Which to count.
    dropped
        (kind, swipe id) of what a closed window dropped on the cluster.
    """

    def __init__(
        self, kinds: Sequence[WindowKind], dropped: Set[tuple[str, str]] = frozenset()
    ) -> None:
        self.kinds = tuple(kinds)
        self._dropped = dropped
        self._swipes: list[JudgedSwipe] = []

    def add(self, swipe: JudgedSwipe) -> None:
        """Take one judged swipe."""
        if self.kinds:
            self._swipes.append(swipe)

    def results(self) -> Iterator[WindowResult]:
        """What each window holds in the end, by kind, entity and start."""
        for kind in self.kinds:
            counted = [s for s in self._swipes if (kind, s.swipe_id) not in self._dropped]
            for entity_id, swipes in sorted(_by_entity(kind, counted).items()):
                yield from _windows_of(kind, entity_id, sorted(swipes, key=_event_time))

    def outputs(self, topics: Topics) -> Iterator[Output]:
        """The same as records to write."""
        topic_by_kind = topics.windows()
        for result in self.results():
            yield Output(topic_by_kind[result.window], result.entity_id, _encode(result))


_event_time = attrgetter("event_time_ms")
_ENTITY: Final = {
    "merchant_minute": attrgetter("merchant_id"),
    "bin_minute": attrgetter("bin"),
    "card_hour": attrgetter("card_token"),
    "card_session": attrgetter("card_token"),
}


def _by_entity(kind: WindowKind, swipes: Iterable[JudgedSwipe]) -> dict[str, list[JudgedSwipe]]:
    entity_of = _ENTITY[kind]
    by_entity: dict[str, list[JudgedSwipe]] = defaultdict(list)
    for swipe in swipes:
        by_entity[entity_of(swipe)].append(swipe)
    return by_entity


def _windows_of(
    kind: WindowKind, entity_id: str, swipes: list[JudgedSwipe]
) -> Iterator[WindowResult]:
    """Windows of one entity; its swipes stand in the order of event time."""
    if kind == "card_session":
        for session in _sessions(swipes):
            end_ms = session[-1].event_time_ms + SESSION_GAP_MS
            yield _result(kind, entity_id, session[0].event_time_ms, end_ms, session)
        return
    width_ms = HOUR_MS if kind == "card_hour" else MINUTE_MS
    for minute, counted in groupby(swipes, lambda s: s.event_time_ms // MINUTE_MS):
        within = list(counted)
        end_ms = (minute + 1) * MINUTE_MS
        start_ms = end_ms - width_ms
        if kind == "card_hour":
            within = [s for s in swipes if start_ms <= s.event_time_ms < end_ms]
        yield _result(kind, entity_id, start_ms, end_ms, within)


def _sessions(swipes: list[JudgedSwipe]) -> Iterator[list[JudgedSwipe]]:
    """A swipe exactly one gap after the last is still of its session: Flink merges what touches."""
    session: list[JudgedSwipe] = []
    for swipe in swipes:
        if session and swipe.event_time_ms - session[-1].event_time_ms > SESSION_GAP_MS:
            yield session
            session = []
        session.append(swipe)
    if session:
        yield session


def _result(
    kind: WindowKind, entity_id: str, start_ms: int, end_ms: int, swipes: list[JudgedSwipe]
) -> WindowResult:
    spent: dict[str, int] = defaultdict(int)
    for swipe in swipes:
        if swipe.spent_minor:
            spent[swipe.currency] += swipe.spent_minor
    return WindowResult(
        v=CONTRACT_VERSION,
        window=kind,
        entity_id=entity_id,
        window_start_ms=start_ms,
        window_end_ms=end_ms,
        swipes=len(swipes),
        declined=sum(swipe.declined for swipe in swipes),
        spent_minor=dict(sorted(spent.items())),
        first_event_time_ms=swipes[0].event_time_ms,
        last_event_time_ms=swipes[-1].event_time_ms,
    )
