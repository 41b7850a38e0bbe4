"""What single scenarios keep to beyond the contract of all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from generator.world import PopulationWorld
from scenarios.base import DIFFICULTIES, Difficulty, Incident, PlannedSwipe
from scenarios.discovery import scenario

MakeWorld = Callable[..., PopulationWorld]
HOUR_MS = 3_600_000
each_difficulty = pytest.mark.parametrize("difficulty", DIFFICULTIES)


def planned(
    make_month: MakeWorld, name: str, difficulty: Difficulty, count: int = 40
) -> list[Incident]:
    return scenario(name)(difficulty).plan(make_month(), count)


def attacking(incident: Incident) -> list[PlannedSwipe]:
    return [swipe for swipe in incident.swipes if swipe.role != "ordinary"]


@each_difficulty
def test_a_bin_attack_stays_on_one_issuer_and_one_merchant(
    difficulty: Difficulty, make_month: MakeWorld
) -> None:
    for incident in planned(make_month, "bin_attack", difficulty, 10):
        assert {swipe.card.bin for swipe in incident.swipes} == {incident.entity_id}
        assert len({swipe.terminal.merchant_id for swipe in incident.swipes}) == 1


@each_difficulty
def test_distributed_enumeration_goes_to_many_merchants(
    difficulty: Difficulty, make_month: MakeWorld
) -> None:
    for incident in planned(make_month, "distributed_enumeration", difficulty, 10):
        assert len({swipe.terminal.merchant_id for swipe in incident.swipes}) > 3
        assert {swipe.card.bin for swipe in incident.swipes} == {incident.entity_id}


@each_difficulty
def test_a_household_tries_its_cards_on_the_device_of_one_of_them_until_one_goes_through(
    difficulty: Difficulty, make_month: MakeWorld
) -> None:
    for incident in planned(make_month, "shared_device", difficulty):
        cards = {swipe.card.card_token: swipe.card for swipe in incident.swipes}
        assert {swipe.device_id for swipe in incident.swipes} == {incident.entity_id}
        assert [incident.entity_id in card.device_ids for card in cards.values()].count(True) == 1
        assert len({card.bin for card in cards.values()}) == 1
        assert 2 <= len(cards) <= 6
        codes = [swipe.response_code for swipe in incident.swipes]
        assert codes.index("00") == len(codes) - 1


def test_a_number_that_nobody_has_is_answered_so(make_month: MakeWorld) -> None:
    for incident in planned(make_month, "bin_attack", "easy", 10):
        for swipe in incident.swipes:
            assert (swipe.response_code == "14") == (not swipe.card.is_issued)


@each_difficulty
def test_stored_swipes_arrive_after_they_happened_and_within_a_day(
    difficulty: Difficulty, make_month: MakeWorld
) -> None:
    for incident in planned(make_month, "offline_flush", difficulty):
        for swipe in incident.swipes:
            assert 0 < swipe.arrival_delay_ms <= 24 * HOUR_MS


@each_difficulty
def test_the_compromised_merchant_is_what_all_its_cards_visited_before(
    difficulty: Difficulty, make_month: MakeWorld
) -> None:
    for incident in planned(make_month, "compromised_terminal", difficulty, 15):
        visits = {s.card.card_token: s for s in incident.swipes if s.role == "ordinary"}
        uses = attacking(incident)
        assert len({swipe.card.card_token for swipe in uses}) >= 3
        assert {s.terminal.merchant_id for s in visits.values()} == {incident.entity_id}
        for use in uses:
            assert visits[use.card.card_token].event_time_ms < use.event_time_ms


@each_difficulty
def test_a_found_card_is_never_tapped_above_the_limit(
    difficulty: Difficulty, make_month: MakeWorld
) -> None:
    for incident in planned(make_month, "lost_stolen_contactless", difficulty):
        assert {swipe.entry_mode for swipe in incident.swipes} == {"contactless"}
        euros = [s for s in incident.swipes if s.card.currency == "EUR"]
        assert all(swipe.amount_minor <= 5_000 for swipe in euros)


def test_the_pump_asks_before_it_takes_at_the_same_terminal(make_month: MakeWorld) -> None:
    for incident in planned(make_month, "fuel_preauthorisation", "hard"):
        asked, taken = incident.swipes[:2]
        assert asked.terminal == taken.terminal
        assert asked.event_time_ms < taken.event_time_ms
        assert asked.amount_minor <= taken.amount_minor


def test_cash_is_drawn_in_whole_notes(make_month: MakeWorld) -> None:
    for name in ("atm_cashout", "shift_worker"):
        for incident in planned(make_month, name, "medium"):
            cash = [s for s in incident.swipes if s.terminal.mcc == "6011"]
            assert all(swipe.amount_minor % 1_000 == 0 for swipe in cash)


def test_tests_come_before_the_spending_and_are_smaller(make_month: MakeWorld) -> None:
    for incident in planned(make_month, "test_then_cashout", "easy"):
        assert incident.swipes[0].amount_minor < max(s.amount_minor for s in incident.swipes)


def test_a_subscription_is_taken_without_a_device(make_month: MakeWorld) -> None:
    taken = [
        swipe
        for incident in planned(make_month, "recurring_abroad", "medium")
        for swipe in incident.swipes
        if swipe.entry_mode == "recurring"
    ]
    assert taken
    assert all(swipe.device_id is None for swipe in taken)
