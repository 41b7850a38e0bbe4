"""Is the population distributed as its choices say?"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from typing import Any

import msgspec
import numpy as np
import pytest

from generator.cards import ACTIVITY_CLASSES, Portfolio
from generator.mixing import bits, normal, uniform, zipf_rank
from generator.places import PLACES
from generator.settings import ReplaySettings
from generator.spending import CATEGORIES
from job.contracts import CARD_PRESENT, CardProfile, Swipe
from scenarios.geography import distance_km

NUMBERS = np.arange(50_000, dtype=np.uint64)


@pytest.fixture(scope="module")
def histories(soak: Any) -> dict[str, list[Swipe]]:
    """Each card's past and present by event time, without those that incidents or errors touch."""
    touched = {row["entity_id"] for row in soak.rows("incidents")}
    swipes: defaultdict[str, list[Swipe]] = defaultdict(list)
    for row in soak.rows("profiles"):
        swipes[row["card_token"]] += msgspec.json.decode(row["value"], type=CardProfile).recent
    for row in soak.rows("records"):
        if row["disturbance"] in ("none", "disorder"):
            swipes[row["key"]].append(msgspec.json.decode(row["value"], type=Swipe))
    return {
        token: sorted(own, key=lambda one: one.event_time_ms)
        for token, own in swipes.items()
        if token not in touched
    }


def test_random_bits_of_a_stream_never_meet() -> None:
    assert len(np.unique(bits(NUMBERS, 3))) == len(NUMBERS)


def test_uniform_values_are_uniform() -> None:
    counts, _ = np.histogram(uniform(NUMBERS, 1), bins=20, range=(0, 1))
    # Five standard deviations of a count of 2,500.
    assert np.abs(counts - 2_500).max() < 5 * math.sqrt(2_500)


def test_normal_values_have_mean_0_and_deviation_1() -> None:
    values = normal(NUMBERS, 1)
    assert abs(values.mean()) < 0.02
    assert values.std() == pytest.approx(1.0, abs=0.02)


def test_streams_are_not_correlated() -> None:
    assert abs(np.corrcoef(normal(NUMBERS, 1), normal(NUMBERS, 2))[0, 1]) < 0.02


def test_ranks_by_popularity_fall_as_rank_to_the_minus_eight_tenths() -> None:
    ranks = zipf_rank(uniform(NUMBERS, 1), np.full(len(NUMBERS), 10_000.0))
    low, high = ((ranks >= 100) & (ranks < 110)).sum(), ((ranks >= 1_600) & (ranks < 1_760)).sum()
    # Sixteen times the ranks, at 16^-0.8 of the popularity each.
    assert high / low == pytest.approx(16**0.2, rel=0.25)
    assert ranks.min() == 0
    assert ranks.max() < 10_000


def test_the_activities_of_the_classes_average_to_one() -> None:
    assert sum(share for share, _ in ACTIVITY_CLASSES) == pytest.approx(1.0)
    assert sum(share * rate for share, rate in ACTIVITY_CLASSES) == pytest.approx(1.0)


def test_the_shares_of_the_categories_add_up() -> None:
    for online in (False, True):
        shares = [c.share for c in CATEGORIES if c.online == online]
        assert sum(shares) == pytest.approx(1.0)


def test_the_number_of_cards_follows_from_rate_and_swipes_per_card() -> None:
    one_day = ReplaySettings(
        rate_per_min=1_000, duration_s=60, warm_up_s=0, speedup=1_440.0, swipes_per_card_day=0.5
    )
    assert Portfolio(one_day).size == pytest.approx(1_000 / 0.5, rel=0.001)


def test_a_minute_at_the_full_rate_is_of_a_portfolio_of_tens_of_millions() -> None:
    assert 1e7 < Portfolio(ReplaySettings()).size < 1e8


def test_a_card_is_the_same_whoever_asks() -> None:
    portfolio = Portfolio(ReplaySettings())
    many, one = portfolio.cards(np.array([5, 77, 912])), portfolio.cards(np.array([77]))
    assert one.bin[0] == many.bin[1]
    assert one.level[0] == many.level[1]
    assert one.amount_log_mean[0] == many.amount_log_mean[1]


def test_cards_live_in_the_issuers_countries() -> None:
    settings = ReplaySettings(issuer_countries=("NL", "PL"))
    cards = Portfolio(settings).cards(np.arange(5_000))
    assert {PLACES[home].country for home in cards.home.tolist()} == {"NL", "PL"}


def test_profiles_describe_what_the_cards_spend(histories: Any, soak: Any) -> None:
    deviations = []
    for row in soak.rows("profiles"):
        profile = msgspec.json.decode(row["value"], type=CardProfile)
        deviations += [
            (math.log(swipe.amount_minor) - profile.amount_log_mean) / profile.amount_log_sd
            for swipe in histories.get(row["card_token"], [])
            if swipe.amount_minor > 0 and swipe.message_type == "authorisation"
        ]
    assert len(deviations) > 4_000
    assert np.mean(deviations) == pytest.approx(0.0, abs=0.06)
    assert np.std(deviations) == pytest.approx(1.0, abs=0.06)


def test_nobody_is_in_two_places_at_once(histories: Any) -> None:
    checked = 0
    for swipes in histories.values():
        present = [swipe for swipe in swipes if swipe.latitude is not None]
        for one, other in itertools.pairwise(present):
            hours = (other.event_time_ms - one.event_time_ms) / 3_600_000
            apart_km = distance_km(one.latitude, one.longitude, other.latitude, other.longitude)
            # The generator reckons on a plane; half a percent covers the difference.
            assert apart_km <= 1.005 * (0.3 + 50.0 * hours)
            checked += 1
    assert checked > 1_000


def test_a_reversal_takes_back_the_card_s_swipe_before(histories: Any) -> None:
    reversals = 0
    for swipes in histories.values():
        for before, swipe in itertools.pairwise(swipes):
            if swipe.message_type == "reversal":
                reversals += 1
                assert swipe.amount_minor == before.amount_minor
                assert swipe.merchant_id == before.merchant_id
                assert before.response_code == "00"
    assert reversals > 10


def test_cash_comes_in_whole_notes_and_never_contactless(histories: Any) -> None:
    cash = [swipe for own in histories.values() for swipe in own if swipe.mcc == "6011"]
    assert len(cash) > 100
    assert all(swipe.amount_minor % 1_000 == 0 for swipe in cash)
    assert all(swipe.entry_mode != "contactless" for swipe in cash)


def test_remote_swipes_have_no_place_and_present_ones_no_device(histories: Any) -> None:
    for swipes in histories.values():
        for swipe in swipes:
            assert (swipe.latitude is not None) == (swipe.entry_mode in CARD_PRESENT)
            assert (swipe.device_id is not None) == (swipe.entry_mode == "ecommerce")


@pytest.mark.parametrize(
    ("what", "low", "high"),
    [
        ("remote", 0.22, 0.28),
        ("contactless", 0.50, 0.62),
        ("approved", 0.94, 0.97),
        ("abroad", 0.02, 0.12),
    ],
)
def test_shares_are_as_chosen(
    histories: Any, soak: Any, what: str, low: float, high: float
) -> None:
    issuers = set(soak.settings.issuer_countries)
    tests = {
        "remote": lambda s: s.latitude is None,
        "contactless": lambda s: s.entry_mode == "contactless",
        "approved": lambda s: s.response_code == "00",
        "abroad": lambda s: s.country not in issuers,
    }
    swipes = [swipe for own in histories.values() for swipe in own]
    assert low < sum(map(tests[what], swipes)) / len(swipes) < high


def test_the_mean_amount_is_near_the_statistics(histories: Any) -> None:
    amounts = [s.amount_minor for own in histories.values() for s in own if s.amount_minor]
    assert 3_000 < np.mean(amounts) < 5_500
