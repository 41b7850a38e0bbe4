"""Does each event-time window hold what it should, once?

Windows are known by kind, entity and start. What a closed window dropped is on ``window-drops`` by
name, and what should have been written was made without it. Two things else depend on the
watermark, and are undone before windows are compared:

- a swipe that comes when its card's session has closed begins a session of its own, although the
  two lie within a gap: sessions of a card that touch are joined;
- a watermark is not restored after a failure, so a swipe that would have been dropped can open a
  window again that had been written. Of two different results of a window the sums count, of an
  hour, which holds its minutes still and is written again with them, the larger. Two equal ones are
  a repeat.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from evaluation.fates import EXAMPLES, Fault
from evaluation.history import Expected, History
from job.contracts import Topics, WindowResult

#: The topics of event-time windows.
WINDOW_TOPICS: Final = tuple(Topics.with_prefix().windows().values())

Key = tuple[str, str, int]


class WindowComparison(NamedTuple):
    """Counts of windows, and examples."""

    expected: int
    written: int
    missing: int
    repeated: int
    unexpected: int
    different: int
    reopened: int
    faults: list[Fault]


def compare_windows(history: History, expected: Expected, view: str) -> WindowComparison:
    """Hold the windows of a view against what they should hold."""
    wanted: dict[Key, WindowResult] = {}
    written: dict[Key, list[WindowResult]] = defaultdict(list)
    for topic in WINDOW_TOPICS:
        if not history.writes(topic):
            continue
        wanted |= {_key(each): each for each in expected.records(topic) if each is not None}
        records = history.outputs[topic]
        for row in np.flatnonzero(records.received_ns(view) > 0).tolist():
            if records.records[row] is not None:
                written[_key(records.records[row])].append(records.records[row])
    parts = {key: list(_distinct(results)) for key, results in written.items()}
    found = {_key(each): each for each in _joined(map(_whole, parts.values()))}
    counts = {
        "missing": [key for key in wanted if key not in found],
        "unexpected": [key for key in found if key not in wanted],
        "different": [key for key in found if key in wanted and found[key] != wanted[key]],
        "repeated": [key for key in written if len(written[key]) > len(parts[key])],
    }
    return WindowComparison(
        expected=len(wanted),
        written=sum(map(len, written.values())),
        reopened=sum(len(each) > 1 for each in parts.values()),
        faults=[
            fault for kind, keys in counts.items() for fault in _examples(kind, keys, wanted, found)
        ],
        **{kind: len(keys) for kind, keys in counts.items()},
    )


def _distinct(results: Iterable[WindowResult]) -> Iterator[WindowResult]:
    kept: list[WindowResult] = []
    for each in results:
        if each not in kept:
            kept.append(each)
            yield each


def _whole(parts: list[WindowResult]) -> WindowResult:
    """One result of all parts of a window."""
    if parts[0].window == "card_hour":
        return max(parts, key=lambda each: each.swipes)
    whole = parts[0]
    for each in parts[1:]:
        whole = _sum(whole, each)
    return whole


def _key(result: WindowResult) -> Key:
    return result.window, result.entity_id, result.window_start_ms


def _joined(results: Iterable[WindowResult]) -> list[WindowResult]:
    """The same, with sessions of a card that touch made one."""
    sessions: dict[str, list[WindowResult]] = defaultdict(list)
    joined: list[WindowResult] = []
    for each in results:
        (sessions[each.entity_id] if each.window == "card_session" else joined).append(each)
    for of_card in sessions.values():
        of_card.sort(key=lambda session: session.window_start_ms)
        last = of_card[0]
        for each in of_card[1:]:
            if each.window_start_ms <= last.window_end_ms:
                last = _sum(last, each)
            else:
                joined.append(last)
                last = each
        joined.append(last)
    return joined


def _sum(left: WindowResult, right: WindowResult) -> WindowResult:
    spent = Counter(left.spent_minor) + Counter(right.spent_minor)
    return msgspec.structs.replace(
        left,
        window_end_ms=max(left.window_end_ms, right.window_end_ms),
        swipes=left.swipes + right.swipes,
        declined=left.declined + right.declined,
        spent_minor=dict(spent),
        first_event_time_ms=min(left.first_event_time_ms, right.first_event_time_ms),
        last_event_time_ms=max(left.last_event_time_ms, right.last_event_time_ms),
    )


def _examples(
    kind: str, keys: list[Key], wanted: dict[Key, Any], found: dict[Key, Any]
) -> Iterable[Fault]:
    for key in keys[:EXAMPLES]:
        window, entity_id, start_ms = key
        detail = f"expected: {wanted.get(key)}; written: {found.get(key)}"
        topic = f"windows-{window.replace('_', '-')}"
        name = f"{entity_id}:{start_ms}"
        yield Fault(kind, topic, None, None, None, None, name, detail[:600])
