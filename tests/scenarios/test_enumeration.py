"""What holds for numbers tried out, and for a sale that looks like it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from generator.world import PopulationWorld
from scenarios.base import DIFFICULTIES, Difficulty, Incident
from scenarios.discovery import scenario

MakeWorld = Callable[..., PopulationWorld]
ENUMERATIONS = ("bin_attack", "distributed_enumeration")
INCIDENTS = 25

each_difficulty = pytest.mark.parametrize("difficulty", DIFFICULTIES)
each_enumeration = pytest.mark.parametrize("name", ENUMERATIONS)


def plan(name: str, difficulty: Difficulty, make_month: MakeWorld) -> list[Incident]:
    return scenario(name)(difficulty).plan(make_month(), INCIDENTS)


@each_difficulty
@pytest.mark.parametrize("name", [*ENUMERATIONS, "flash_sale"])
def test_all_of_an_incident_is_of_the_one_issuer_number(
    name: str, difficulty: Difficulty, make_month: MakeWorld
) -> None:
    for incident in plan(name, difficulty, make_month):
        assert incident.entity_type == "bin"
        assert {swipe.card.bin for swipe in incident.swipes} == {incident.entity_id}


@each_enumeration
def test_the_harder_the_more_numbers_exist_and_one_always_does(
    name: str, make_month: MakeWorld
) -> None:
    shares = []
    for difficulty in DIFFICULTIES:
        incidents = plan(name, difficulty, make_month)
        issued = [sum(s.card.is_issued for s in one.swipes) for one in incidents]
        assert min(issued) >= 1
        shares.append(sum(issued) / sum(len(one.swipes) for one in incidents))
    assert shares[0] < 0.1
    assert 0.4 < shares[1] < 0.7
    assert shares[2] > 0.75


@each_difficulty
@each_enumeration
def test_no_number_is_tried_twice(name: str, difficulty: Difficulty, make_month: MakeWorld) -> None:
    for incident in plan(name, difficulty, make_month):
        tokens = [swipe.card.card_token for swipe in incident.swipes]
        assert len(set(tokens)) == len(tokens)


@each_difficulty
@each_enumeration
def test_a_stranger_s_device_is_none_of_the_cards_own(
    name: str, difficulty: Difficulty, make_month: MakeWorld
) -> None:
    for incident in plan(name, difficulty, make_month):
        assert all(swipe.device_id not in swipe.card.device_ids for swipe in incident.swipes)


@each_difficulty
@pytest.mark.parametrize("name", ["bin_attack", "flash_sale"])
def test_it_stays_at_one_merchant(name: str, difficulty: Difficulty, make_month: MakeWorld) -> None:
    for incident in plan(name, difficulty, make_month):
        assert len({swipe.terminal.merchant_id for swipe in incident.swipes}) == 1


def test_distributed_over_more_merchants_the_harder_it_is(make_month: MakeWorld) -> None:
    shares = []
    for difficulty in DIFFICULTIES:
        incidents = plan("distributed_enumeration", difficulty, make_month)
        merchants = sum(len({s.terminal.merchant_id for s in one.swipes}) for one in incidents)
        shares.append(merchants / sum(len(one.swipes) for one in incidents))
    assert shares == sorted(shares)
    assert shares[-1] > 0.7


@each_difficulty
def test_every_customer_of_a_sale_has_a_device_of_their_own(
    difficulty: Difficulty, make_month: MakeWorld
) -> None:
    for incident in plan("flash_sale", difficulty, make_month):
        devices = [swipe.device_id for swipe in incident.swipes]
        assert len(set(devices)) == len(devices)
        assert 10 <= len(incident.swipes) <= 25


def test_at_hard_an_unknown_number_alone_proves_nothing(make_month: MakeWorld) -> None:
    incidents = plan("flash_sale", "hard", make_month)
    with_unknown = [i for i in incidents if any(not s.card.is_issued for s in i.swipes)]
    assert len(with_unknown) > INCIDENTS / 2
