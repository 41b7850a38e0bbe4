"""What goes wrong between the terminal and the topic?

Takes the swipes in order of arrival and makes the records in the order they are sent. Each
disturbance falls on a swipe of its own. What only the order of arrival decides (the fate of each
record) is left to the oracle, which reads the topic back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
import numpy as np

from generator.damage import DAMAGES
from generator.mixing import I64
from generator.settings import Disturbances, ReplaySettings
from generator.traffic import LabelledSwipe, random_source, swipe_id
from job.contracts import Swipe

#: The bound of lateness of the job under test (30 s) less a margin: ms of event time.
DISORDER_MAX_MS: Final = 28_000
#: A repeat and an id used twice come within this of the first, ms of event time.
AGAIN_MAX_MS: Final = 20_000
#: A stored-and-forwarded swipe is behind its card's newest by this, ms of event time.
LATE_MIN_MS, LATE_MAX_MS = 31_000, 600_000
#: How far ahead broken clocks are, days. A choice: a wrong day, week, month, year, and 2029.
AHEAD_DAYS: Final = (2, 7, 30, 365, 1_000)

_DAY_MS: Final = 86_400_000
_EXTRA: Final = ("late", "repeat", "id_conflict", "unreadable", "ahead")
#: Ids of extra swipes come from counters above those of the replay, below those of the past.
_EXTRA_COUNTER: Final = 2**36
_BURST_COUNTER: Final = 2**36 + 2**35


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record to send; ``position_ms`` is the event time at which it is sent."""

    position_ms: int
    record_time_ms: int
    key: str | None
    value: bytes | None
    swipe_id: str | None
    disturbance: str


class Sent(msgspec.Struct, frozen=True):
    """All records in the order they are sent, and the swipes that disturbances added."""

    records: list[Record]
    extra_swipes: list[LabelledSwipe]
    unreadable_by_kind: dict[str, int]


def extra_records(settings: ReplaySettings) -> dict[str, int]:
    """How many records disturbances add, by kind."""
    shares: Disturbances = settings.disturbances
    counts = {kind: round(getattr(shares, kind) * settings.records) for kind in _EXTRA}
    return counts | {"burst": burst_records(settings)}


def burst_records(settings: ReplaySettings) -> int:
    """How many records come in one go in the middle of a replay."""
    shares = settings.disturbances
    return 0 if shares.burst is None else round(shares.burst_share * settings.records)


def disturb(
    settings: ReplaySettings,
    swipes: list[LabelledSwipe],
    render: Callable[[Swipe], bytes],
) -> Sent:
    """Render the swipes and disturb them.

    Parameters
    ----------
    swipes
        By event time; each is sent exactly once.
    render
        Makes the bytes of a swipe.
    """
    rng = random_source(settings, "disturbances")
    counts = extra_records(settings)
    order = rng.permutation(len(swipes))
    disordered, rest = np.split(order, [round(settings.disturbances.disorder * len(swipes))])
    records = _in_order(swipes, disordered, rng, render)
    chosen = _choose(swipes, rest.tolist(), counts)
    extra_ids = iter(
        swipe_id(settings, np.arange(counts["late"] + counts["ahead"]) + _EXTRA_COUNTER)
    )
    extra: list[LabelledSwipe] = []
    for kind, change in (("late", _late), ("ahead", _ahead)):
        for row in chosen[kind]:
            swipe = change(swipes[row].swipe, next(extra_ids), rng)
            extra.append(LabelledSwipe(swipe))
            position_ms = records[row].position_ms + int(rng.integers(1, 500))
            records.append(_record(swipe, render(swipe), position_ms, kind))
    for row in chosen["repeat"]:
        again_ms = _again_ms(records[row], rng)
        records.append(
            msgspec.structs.replace(records[row], position_ms=again_ms, disturbance="repeat")
        )
    for row in chosen["id_conflict"]:
        first = swipes[row].swipe
        other = msgspec.structs.replace(
            first, amount_minor=first.amount_minor + int(rng.integers(1, 10_000))
        )
        records.append(_record(other, render(other), _again_ms(records[row], rng), "id_conflict"))
    damaged, by_kind = _unreadable(settings, swipes, records, chosen["unreadable"], rng)
    records += damaged
    if counts["burst"]:
        flood, flood_swipes, flood_kinds = _burst(settings, swipes, records, render, rng)
        records += flood
        extra += flood_swipes
        by_kind = dict(Counter(by_kind) + Counter(flood_kinds))
    # A stable sort: what was added last comes last where positions are equal.
    records.sort(key=lambda record: record.position_ms)
    return Sent(records, extra, by_kind)


def _burst(
    settings: ReplaySettings,
    swipes: list[LabelledSwipe],
    records: list[Record],
    render: Callable[[Swipe], bytes],
    rng: np.random.Generator,
) -> tuple[list[Record], list[LabelledSwipe], dict[str, int]]:
    """Records of one kind without anything between them, made of the swipes just before them."""
    count, kind = burst_records(settings), settings.disturbances.burst
    concerned = {one.swipe.card_token for one in swipes if one.incident_id is not None}
    middle = len(swipes) // 2
    position_ms = swipes[middle].swipe.event_time_ms
    rows = [
        row
        for row in range(middle - 1, -1, -1)
        # What is repeated, or belated behind, must have come before.
        if records[row].position_ms < position_ms and swipes[row].swipe.card_token not in concerned
    ][:count]
    if kind == "unreadable":
        damaged, by_kind = _unreadable(settings, swipes, records, rows, rng)
        return [_at(record, position_ms) for record in damaged], [], by_kind
    if kind == "repeat":
        again = [msgspec.structs.replace(records[row], disturbance="repeat") for row in rows]
        return [_at(record, position_ms) for record in again], [], {}
    ids = iter(swipe_id(settings, np.arange(len(rows)) + _BURST_COUNTER))
    late = [_late(swipes[row].swipe, next(ids), rng) for row in rows]
    flood = [_record(swipe, render(swipe), position_ms, "late") for swipe in late]
    return flood, [LabelledSwipe(swipe) for swipe in late], {}


def _at(record: Record, position_ms: int) -> Record:
    return msgspec.structs.replace(record, position_ms=position_ms)


def _in_order(
    swipes: list[LabelledSwipe],
    disordered: I64,
    rng: np.random.Generator,
    render: Callable[[Swipe], bytes],
) -> list[Record]:
    delays_ms = np.zeros(len(swipes), dtype=np.int64)
    delays_ms[disordered] = rng.integers(100, DISORDER_MAX_MS, len(disordered))
    return [
        _record(
            one.swipe,
            render(one.swipe),
            one.swipe.event_time_ms + one.arrival_delay_ms + delay_ms,
            "disorder" if delay_ms else "none",
        )
        for one, delay_ms in zip(swipes, delays_ms.tolist(), strict=True)
    ]


def _choose(
    swipes: list[LabelledSwipe], rows: list[int], counts: dict[str, int]
) -> dict[str, list[int]]:
    """Rows for each kind, each row once; those that add swipes keep away from incidents.

    A stored swipe of a card under attack would need a place that fits the attack.
    """
    concerned = {one.swipe.card_token for one in swipes if one.incident_id is not None}
    unconcerned = (row for row in rows if swipes[row].swipe.card_token not in concerned)
    chosen = {kind: _first(unconcerned, counts[kind]) for kind in ("late", "ahead")}
    used = {row for some in chosen.values() for row in some}
    others = (row for row in rows if row not in used)
    for kind in ("repeat", "id_conflict", "unreadable"):
        chosen[kind] = _first(others, counts[kind])
    return chosen


def _first(rows: Iterator[int], count: int) -> list[int]:
    return [row for row, _ in zip(rows, range(count), strict=False)] if count else []


def _record(swipe: Swipe, value: bytes, position_ms: int, disturbance: str) -> Record:
    return Record(
        position_ms, swipe.event_time_ms, swipe.card_token, value, swipe.swipe_id, disturbance
    )


def _again_ms(record: Record, rng: np.random.Generator) -> int:
    return record.position_ms + int(rng.integers(1, AGAIN_MAX_MS))


def _late(base: Swipe, given_id: str, rng: np.random.Generator) -> Swipe:
    behind_ms = int(rng.integers(LATE_MIN_MS, LATE_MAX_MS))
    return msgspec.structs.replace(
        base,
        swipe_id=given_id,
        event_time_ms=base.event_time_ms - behind_ms,
        amount_minor=max(50, base.amount_minor + int(rng.integers(-500, 500))),
        message_type="authorisation",
    )


def _ahead(base: Swipe, given_id: str, rng: np.random.Generator) -> Swipe:
    days = AHEAD_DAYS[int(rng.integers(len(AHEAD_DAYS)))]
    ahead_ms = days * _DAY_MS + int(rng.integers(_DAY_MS))
    return msgspec.structs.replace(
        base, swipe_id=given_id, event_time_ms=base.event_time_ms + ahead_ms
    )


def _unreadable(
    settings: ReplaySettings,
    swipes: list[LabelledSwipe],
    records: list[Record],
    rows: list[int],
    rng: np.random.Generator,
) -> tuple[list[Record], dict[str, int]]:
    kinds = settings.disturbances.unreadable_kinds
    by_kind: Counter[str] = Counter()
    damaged = []
    for number, row in enumerate(rows):
        kind = kinds[number % len(kinds)]
        nobody = rng.bytes(16).hex()
        value = records[row].value or b""
        broken = DAMAGES[kind].make(swipes[row].swipe, value, nobody)
        position_ms = _again_ms(records[row], rng)
        damaged.append(
            Record(position_ms, broken.record_time_ms, broken.key, broken.value, None, "unreadable")
        )
        by_kind[kind] += 1
    return damaged, dict(by_kind)
