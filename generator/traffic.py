"""Who swipes when, in all: the scenarios' plans, the ordinary traffic around them, and the past.

The parts are planned here and merged by event time; ids are given over the merged order, so that
neither ids nor order tell what is planned.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from operator import attrgetter
from typing import Final
from zlib import crc32

import msgspec
import numpy as np

from generator.cards import Cards, Portfolio
from generator.habits import ordinary_swipes
from generator.incident_plan import incident_plan
from generator.merchants import Market
from generator.mixing import I64, U64, Bool, bits
from generator.outings import follow_outings
from generator.past import make_consistent, past_times
from generator.reporting import report_of
from generator.schedule import Schedule
from generator.settings import ORDINARY, ReplaySettings, SettingsError
from generator.swipe_table import NEW_DEVICE, SwipeTable, make_swipes
from generator.tokens import card_token, device_id
from generator.world import PopulationWorld
from job.contracts import FraudReport, Swipe
from scenarios.base import Incident, PlannedSwipe, Role
from scenarios.discovery import scenario

#: Cards of an incident make no unplanned swipes from this long before its first planned swipe to
#: this long after its last: the scenario alone says where the holder was. A choice.
QUIET_BEFORE_MS: Final = 6 * 3_600_000
QUIET_AFTER_MS: Final = 12 * 3_600_000
#: Attempts to give ordinary swipes to cards that are not quiet.
REDRAWS: Final = 50


class PlannedIncident(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An incident with its name and where it comes from."""

    incident_id: str
    scenario: str
    role: Role
    difficulty: str
    incident: Incident


class LabelledSwipe(msgspec.Struct, frozen=True, gc=False):
    """A swipe as it is sent, and the truth about it; the incident is None where ordinary.

    ``arrival_delay_ms`` is how long its terminal held it back.
    """

    swipe: Swipe
    scenario: str = ORDINARY
    role: Role = "ordinary"
    incident_id: str | None = None
    difficulty: str | None = None
    arrival_delay_ms: int = 0


@dataclass(frozen=True)
class Traffic:
    """All undisturbed swipes of a replay, and the past of their cards.

    Attributes
    ----------
    swipes
        By arrival: event time, and how long a terminal held them back.
    past
        For each card of ``cards``: its swipes before the first second, oldest first.
    past_reports
        Reports of fraud among them, as the scenarios say.
    """

    portfolio: Portfolio
    market: Market
    cards: Cards
    tokens: list[str]
    devices: list[tuple[str, ...]]
    swipes: list[LabelledSwipe]
    past: list[list[Swipe]]
    past_reports: list[FraudReport]
    incidents: list[PlannedIncident]


def random_source(settings: ReplaySettings, purpose: str) -> np.random.Generator:
    """Randomness of its own for each purpose, so that one part does not shift another."""
    return np.random.default_rng([settings.seed, crc32(purpose.encode())])


def swipe_id(settings: ReplaySettings, counter: I64) -> list[str]:
    """Ids from counters: 16 hexadecimal digits, all different, that say nothing."""
    numbers: U64 = counter.astype(np.uint64) ^ bits(np.array([settings.seed], np.uint64), 11)
    return [f"{number:016x}" for number in bits(numbers, 12).tolist()]


def plan_incidents(
    settings: ReplaySettings, portfolio: Portfolio, market: Market, key: bytes
) -> list[PlannedIncident]:
    """All incidents that the settings ask for."""
    taken: set[int] = set()
    planned: list[PlannedIncident] = []
    numbers: Counter[str] = Counter()
    for name, difficulty, count in incident_plan(settings):
        world = PopulationWorld(
            portfolio,
            market,
            taken,
            key,
            random_source(settings, f"scenario {name} {difficulty}"),
            settings.measured_start_ms,
            settings.event_time_end_ms,
        )
        one = scenario(name)(difficulty)
        for incident in one.plan(world, count, settings.split):
            planned.append(
                PlannedIncident(
                    incident_id=f"{name}-{numbers[name]:05d}",
                    scenario=name,
                    role=one.role,
                    difficulty=difficulty,
                    incident=incident,
                )
            )
            numbers[name] += 1
    return planned


def make_traffic(settings: ReplaySettings, records: int, key: bytes) -> Traffic:
    """Plan everything that happens.

    Parameters
    ----------
    records
        Swipes from the first second on, planned ones included.
    key
        For the tokens.
    """
    portfolio = Portfolio(settings)
    market = Market(settings, portfolio)
    incidents = plan_incidents(settings, portfolio, market, key)
    start_ms = settings.event_time_start_ms
    planned = [(one, swipe) for one in incidents for swipe in one.incident.swipes]
    live = [(one, swipe) for one, swipe in planned if _arrival_ms(swipe) >= start_ms]
    if len(live) > records:
        raise SettingsError(
            f"{len(live)} planned swipes do not fit into {records} records: ask for fewer "
            "incidents or a higher rate_per_min"
        )
    quiet = _quiet_times([swipe for one, swipe in planned if not one.incident.holder_swipes_on])
    concerned = {swipe.card.number for _, swipe in planned if swipe.card.is_issued}
    number, time_ms = _ordinary_draw(settings, portfolio, quiet, records - len(live))
    numbers = np.union1d(number, np.array(sorted(concerned), dtype=np.int64))
    cards = portfolio.cards(numbers)
    seed = settings.seed
    tokens = [card_token(key, seed, one) for one in numbers.tolist()]
    devices = [
        tuple(device_id(key, seed, one, slot) for slot in range(NEW_DEVICE + 1))
        for one in numbers.tolist()
    ]
    table = _ordinary_table(
        settings, cards, market, quiet, np.searchsorted(numbers, number), time_ms
    )
    is_past = table.time_ms < start_ms
    now, before = table.take(~is_past), table.take(is_past)
    swipes = _merge(settings, now, live, cards, tokens, devices, market)
    past, past_reports = _past(settings, before, planned, numbers, cards, tokens, devices, market)
    return Traffic(portfolio, market, cards, tokens, devices, swipes, past, past_reports, incidents)


def _quiet_times(planned: list[PlannedSwipe]) -> dict[int, tuple[int, int]]:
    """For each issued card's number: from when to when it makes no unplanned swipe."""
    quiet: dict[int, tuple[int, int]] = {}
    for swipe in planned:
        if not swipe.card.is_issued:
            continue
        number, time_ms = swipe.card.number, swipe.event_time_ms
        first, last = quiet.get(number, (time_ms, time_ms))
        quiet[number] = (min(first, time_ms), max(last, time_ms))
    return {
        number: (first - QUIET_BEFORE_MS, last + QUIET_AFTER_MS)
        for number, (first, last) in quiet.items()
    }


def _is_quiet(number: I64, time_ms: I64, quiet: dict[int, tuple[int, int]]) -> Bool:
    if not quiet:
        return np.zeros(len(number), dtype=bool)
    numbers = np.array(sorted(quiet), dtype=np.int64)
    spans = np.array([quiet[one] for one in numbers.tolist()], dtype=np.int64)
    at = np.minimum(np.searchsorted(numbers, number), len(numbers) - 1)
    is_quiet: Bool = (time_ms >= spans[at, 0]) & (time_ms <= spans[at, 1])
    is_quiet &= numbers[at] == number
    return is_quiet


def _ordinary_draw(
    settings: ReplaySettings,
    portfolio: Portfolio,
    quiet: dict[int, tuple[int, int]],
    count: int,
) -> tuple[I64, I64]:
    """Card numbers and event times of the ordinary swipes."""
    rng = random_source(settings, "ordinary")
    time_ms = Schedule(settings).event_time_ms(np.sort(rng.random(count)))
    number = follow_outings(random_source(settings, "outings"), portfolio.draw(rng, count), time_ms)
    for _ in range(REDRAWS):
        rows = np.flatnonzero(_is_quiet(number, time_ms, quiet))
        if not len(rows):
            return number, time_ms
        number[rows] = portfolio.draw(rng, len(rows))
    raise SettingsError(
        f"too many incidents for a portfolio of {portfolio.size} cards: ask for fewer, or for a "
        "higher rate_per_min"
    )


def _ordinary_table(
    settings: ReplaySettings,
    cards: Cards,
    market: Market,
    quiet: dict[int, tuple[int, int]],
    card: I64,
    time_ms: I64,
) -> SwipeTable:
    """Ordinary swipes now and before, by card and time, consistent within each card."""
    rng = random_source(settings, "past")
    past_card, past_ms = past_times(
        rng, cards, settings.event_time_start_ms, settings.history_days, settings.history_limit
    )
    kept = ~_is_quiet(cards.number[past_card], past_ms, quiet)
    all_cards = np.concatenate([past_card[kept], card])
    all_times = np.concatenate([past_ms[kept], time_ms])
    order = np.lexsort((all_times, all_cards))
    habits = random_source(settings, "habits")
    table = ordinary_swipes(habits, all_cards[order], all_times[order], cards, market)
    make_consistent(habits, table, market)
    return table


def _merge(
    settings: ReplaySettings,
    now: SwipeTable,
    live: list[tuple[PlannedIncident, PlannedSwipe]],
    cards: Cards,
    tokens: list[str],
    devices: list[tuple[str, ...]],
    market: Market,
) -> list[LabelledSwipe]:
    """Ordinary and planned swipes by arrival, ids over the merged order."""
    times = np.concatenate(
        [now.time_ms, np.array([_arrival_ms(swipe) for _, swipe in live], dtype=np.int64)]
    )
    tie = random_source(settings, "ties").random(len(times))
    order = np.lexsort((tie, times))
    position = np.empty_like(order)
    position[order] = np.arange(len(order))
    ids = swipe_id(settings, position)
    ordinary = make_swipes(now, ids[: len(now)], cards, tokens, devices, market)
    rows = [LabelledSwipe(swipe) for swipe in ordinary]
    rows += [
        _labelled(one, swipe, given)
        for (one, swipe), given in zip(live, ids[len(now) :], strict=True)
    ]
    return [rows[row] for row in order.tolist()]


def _labelled(one: PlannedIncident, planned: PlannedSwipe, given_id: str) -> LabelledSwipe:
    swipe, delay_ms = as_swipe(planned, given_id), planned.arrival_delay_ms
    if planned.role == "ordinary":
        return LabelledSwipe(swipe, arrival_delay_ms=delay_ms)
    return LabelledSwipe(swipe, one.scenario, one.role, one.incident_id, one.difficulty, delay_ms)


def _arrival_ms(planned: PlannedSwipe) -> int:
    return planned.event_time_ms + planned.arrival_delay_ms


def as_swipe(planned: PlannedSwipe, given_id: str) -> Swipe:
    """A planned swipe as it is sent."""
    card, terminal = planned.card, planned.terminal
    return Swipe(
        swipe_id=given_id,
        card_token=card.card_token,
        bin=card.bin,
        event_time_ms=planned.event_time_ms,
        amount_minor=planned.amount_minor,
        currency=card.currency,
        mcc=terminal.mcc,
        merchant_id=terminal.merchant_id,
        terminal_id=terminal.terminal_id,
        country=terminal.country,
        latitude=terminal.latitude,
        longitude=terminal.longitude,
        entry_mode=planned.entry_mode,
        device_id=planned.device_id,
        ip_country=planned.ip_country,
        response_code=planned.response_code,
        message_type=planned.message_type,
    )


def _past(
    settings: ReplaySettings,
    before: SwipeTable,
    planned: list[tuple[PlannedIncident, PlannedSwipe]],
    numbers: I64,
    cards: Cards,
    tokens: list[str],
    devices: list[tuple[str, ...]],
    market: Market,
) -> tuple[list[list[Swipe]], list[FraudReport]]:
    """Each card's past, at most the profile's limit, and the reports of what is planned in it.

    Planned swipes are kept: without the visit that an attack began with there would be nothing to
    find. Of the others the oldest go first.
    """
    # Counters far above those of the replay itself.
    ids = swipe_id(settings, np.arange(len(before)) + 2**40)
    past: list[list[Swipe]] = [[] for _ in range(len(numbers))]
    made = make_swipes(before, ids, cards, tokens, devices, market)
    for card, swipe in zip(before.card.tolist(), made, strict=True):
        past[card].append(swipe)
    early = [
        swipe
        for _, swipe in planned
        if _arrival_ms(swipe) < settings.event_time_start_ms and swipe.card.is_issued
    ]
    early_ids = swipe_id(settings, np.arange(len(early)) + 2**41)
    of_card: dict[int, list[Swipe]] = {}
    reports = []
    for one, given in zip(early, early_ids, strict=True):
        card = int(np.searchsorted(numbers, one.card.number))
        swipe = as_swipe(one, given)
        of_card.setdefault(card, []).append(swipe)
        if one.reported_ms is not None:
            reports.append(report_of(swipe, one.reported_ms))
    for card, kept in of_card.items():
        limit = max(settings.history_limit, 1)
        kept = sorted(kept, key=_event_time_ms)[-limit:]
        room = limit - len(kept)
        others = past[card][-room:] if room else []
        past[card] = sorted([*others, *kept], key=_event_time_ms)
    return past, reports


_event_time_ms = attrgetter("event_time_ms")
