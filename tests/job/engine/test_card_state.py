"""Is a card's state kept, pruned, stored and warm-started exactly?"""

from __future__ import annotations

import math
import statistics
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.contracts import Swipe
from job.engine.card_engine import Source
from job.engine.card_state import (
    DEVICE_LIMIT,
    HISTORY_LIMIT,
    STATE_VERSION,
    VISIT_KEPT_MS,
    VISIT_LIMIT,
    CardState,
    decode_card_state,
    encode_card_state,
)
from job.engine.detector import Detector
from job.engine.fate import settle
from job.engine.settings import EngineSettings
from job.rules.example import Typical, example_card, example_swipe
from job.rules.parameters import load_rules
from tests.job.a_profile import a_profile

FOREVER_MS = 10**12

SWIPES = st.builds(
    example_swipe,
    swipe_id=st.uuids().map(str),
    event_time_ms=st.integers(0, 200_000_000),
    amount_minor=st.integers(0, 10**6),
    entry_mode=st.sampled_from(["chip", "ecommerce"]),
    device_id=st.none() | st.sampled_from(["d1", "d2"]),
    response_code=st.sampled_from(["00", "55"]),
    latitude=st.none() | st.floats(-90.0, 90.0),
    longitude=st.none() | st.floats(-180.0, 180.0),
)


def times_ms(card: CardState) -> list[int]:
    return [past.event_time_ms for past in card.history]


# History


def test_history_is_sorted_by_event_time_and_by_arrival_where_equal() -> None:
    arrivals = [(100, "a"), (300, "b"), (200, "c"), (200, "d"), (300, "e")]
    card = example_card(*(example_swipe(event_time_ms=t, swipe_id=i) for t, i in arrivals))
    assert [past.swipe_id for past in card.history] == ["a", "c", "d", "b", "e"]
    assert card.high_event_time_ms == 300


def test_what_is_older_than_the_retention_is_forgotten() -> None:
    # retention 100: at 300 the horizon is 200; 200 itself stays
    card = CardState()
    for t in (199, 200, 300):
        card.remember(example_swipe(event_time_ms=t), digest=0, retention_ms=100)
    assert times_ms(card) == [200, 300]


def test_history_is_bounded_in_number_and_keeps_the_newest() -> None:
    swipes = [example_swipe(event_time_ms=t) for t in range(HISTORY_LIMIT + 10)]
    assert times_ms(example_card(*swipes)) == list(range(10, HISTORY_LIMIT + 10))


@settings(max_examples=40, deadline=None)
@given(swipes=st.lists(SWIPES, max_size=30))
def test_decisions_on_a_pruned_history_are_those_on_the_whole(swipes: list[Swipe]) -> None:
    # By time, so that few are late; disorder within the bound stays.
    in_order = sorted(swipes, key=lambda s: s.event_time_ms // 20_000)
    detector = Detector(load_rules(), EngineSettings())
    pruned, whole = CardState(), CardState()
    for number, swipe in enumerate(in_order):
        fate = settle(swipe, number, pruned, detector.settings.lateness_ms)
        assert fate == settle(swipe, number, whole, detector.settings.lateness_ms)
        if fate != "judged":
            continue
        assert detector.judge(swipe, pruned) == detector.judge(swipe, whole)
        pruned.remember(swipe, number, detector.retention_ms)
        whole.remember(swipe, number, FOREVER_MS)


# Running figures and devices


def test_running_figures_are_mean_and_deviation_of_the_logarithms() -> None:
    amounts_minor = [100, 2_500, 40_000, 777]
    card = example_card(*(example_swipe(amount_minor=amount) for amount in amounts_minor))
    logs = [math.log(amount) for amount in amounts_minor]
    assert card.amount_count == 4
    assert card.amount_log_mean == pytest.approx(statistics.mean(logs))
    assert card.amount_log_m2 / 3 == pytest.approx(statistics.variance(logs))


@pytest.mark.parametrize(
    "fields",
    [
        {"amount_minor": 0},
        {"response_code": "55"},
        {"message_type": "reversal"},
        {"message_type": "zero_amount_check"},
    ],
    ids=str,
)
def test_running_figures_leave_out_what_was_not_paid(fields: dict[str, Any]) -> None:
    assert example_card(example_swipe(**fields)).amount_count == 0


def test_a_device_is_known_from_its_first_approved_swipe() -> None:
    card = example_card(
        example_swipe(event_time_ms=1, device_id="d", response_code="55"),
        example_swipe(event_time_ms=2, device_id="d"),
        example_swipe(event_time_ms=3, device_id="d"),
        example_swipe(event_time_ms=4),
    )
    assert card.device_first_seen_ms == {"d": 2}


def test_devices_are_bounded_and_the_one_seen_first_goes_first() -> None:
    seen = range(1, DEVICE_LIMIT + 3)
    card = example_card(*(example_swipe(event_time_ms=n, device_id=f"d{n}") for n in seen))
    assert set(card.device_first_seen_ms) == {f"d{n}" for n in seen[2:]}


# Profiles


def test_a_profile_warms_a_card_up() -> None:
    recent = [example_swipe(event_time_ms=t, swipe_id=f"r{t}") for t in (300, 100, 200)]
    card = CardState()
    card.apply_profile(
        a_profile(recent=recent, device_ids=["d"], usual_countries=["BE"]), FOREVER_MS
    )
    assert times_ms(card) == [100, 200, 300]
    assert card.high_event_time_ms == 300
    assert (card.has_profile, card.home_country, card.usual_countries) == (True, "FR", ["BE"])
    assert card.device_first_seen_ms == {"d": 0}
    assert card.amount_log_m2 / (card.amount_count - 1) == pytest.approx(0.25)
    assert card.judged_count == 0


def test_a_profile_that_comes_twice_before_a_swipe_counts_once() -> None:
    once, twice = CardState(), CardState()
    warm = a_profile(recent=[example_swipe(event_time_ms=1)], device_ids=["d"])
    once.apply_profile(warm, FOREVER_MS)
    twice.apply_profile(warm, FOREVER_MS)
    twice.apply_profile(warm, FOREVER_MS)
    assert encode_card_state(once) == encode_card_state(twice)


def test_a_card_that_has_swiped_keeps_its_history_and_figures() -> None:
    card = example_card(example_swipe(event_time_ms=500, amount_minor=100))
    card.apply_profile(a_profile(recent=[example_swipe(event_time_ms=900)]), FOREVER_MS)
    assert times_ms(card) == [500]
    assert card.amount_count == 1
    assert card.home_country == "FR"


def test_a_new_profile_replaces_the_former_ones_devices_and_keeps_those_seen() -> None:
    card = CardState()
    card.apply_profile(a_profile(device_ids=["old"]), FOREVER_MS)
    card.remember(example_swipe(event_time_ms=5, device_id="seen"), 0, FOREVER_MS)
    card.apply_profile(a_profile(device_ids=["new"]), FOREVER_MS)
    assert card.device_first_seen_ms == {"new": 0, "seen": 5}


def test_profiles_that_change_for_ever_do_not_grow_the_state() -> None:
    card = CardState()
    for number in range(10):
        devices = [f"{number}-{device}" for device in range(DEVICE_LIMIT)]
        card.apply_profile(a_profile(device_ids=devices), FOREVER_MS)
        assert set(card.device_first_seen_ms) == set(devices)


@pytest.mark.parametrize("field", ["amount_log_mean", "amount_log_sd"])
def test_a_profile_with_figures_out_of_this_world_is_a_dead_letter(bench: Any, field: str) -> None:
    value = msgspec.json.encode(msgspec.to_builtins(a_profile()) | {field: 1e200})
    (output,) = bench.engine.load_profile(
        value, "example-card", bench.card, Source("card-profiles", 0, 0), []
    )
    assert msgspec.json.decode(output.value)["reason"] == "contract"
    assert not bench.card.has_profile


@pytest.mark.parametrize(
    ("recent", "reason"),
    [
        ({"card_token": "another-card"}, "key_mismatch"),
        ({"event_time_ms": 5_001}, "event_time_ahead"),
    ],
)
def test_a_profile_with_an_unfit_recent_swipe_is_a_dead_letter(
    make_bench: Any, recent: dict[str, Any], reason: str
) -> None:
    bench = make_bench(EngineSettings(event_time_limit_ms=5_000))
    swipe = msgspec.to_builtins(example_swipe(event_time_ms=5_000)) | recent
    value = msgspec.json.encode(msgspec.to_builtins(a_profile()) | {"recent": [swipe]})
    (output,) = bench.engine.load_profile(
        value, "example-card", bench.card, Source("card-profiles", 0, 0), []
    )
    assert msgspec.json.decode(output.value)["reason"] == reason
    assert bench.card == CardState()


# The stored form


@settings(max_examples=40, deadline=None)
@given(swipes=st.lists(SWIPES, max_size=10))
def test_a_state_comes_back_as_it_was_stored(swipes: list[Swipe]) -> None:
    card = example_card(*swipes, typical=Typical())
    assert decode_card_state(encode_card_state(card)) == card


def test_a_new_cards_state_shares_nothing_with_another() -> None:
    first, second = CardState(), CardState()
    first.remember(example_swipe(device_id="d"), 0, FOREVER_MS)
    assert second.history == []
    assert second.device_first_seen_ms == {}


def test_a_state_of_another_version_is_refused() -> None:
    stored = encode_card_state(CardState(version=STATE_VERSION + 1))
    with pytest.raises(msgspec.ValidationError, match="version"):
        decode_card_state(stored)


def test_a_state_of_the_former_version_is_read_and_has_no_visits() -> None:
    card = example_card(example_swipe(event_time_ms=500))
    *former, visits = msgspec.to_builtins(card)
    assert visits == []
    former[0] = 1
    assert decode_card_state(msgspec.msgpack.encode(former)) == card


# Visits


def visits(*swipes: Swipe) -> list[tuple[int, str]]:
    card = CardState()
    for swipe in swipes:
        card.note_visit(swipe)
    return [(visit.event_time_ms, visit.merchant_id) for visit in card.visits]


def at(event_time_ms: int, merchant_id: str = "m1") -> Swipe:
    swipe = example_swipe(event_time_ms=event_time_ms)
    return msgspec.structs.replace(swipe, merchant_id=merchant_id)


def test_a_merchant_counts_once_a_day() -> None:
    day_ms = 86_400_000
    seen = visits(at(1), at(2, "m2"), at(3), at(day_ms - 1), at(day_ms), at(day_ms + 1))
    assert seen == [(1, "m1"), (2, "m2"), (day_ms, "m1")]


@pytest.mark.parametrize(
    "changed",
    [{"entry_mode": "ecommerce"}, {"response_code": "05"}, {"message_type": "reversal"}],
)
def test_who_was_not_there_or_did_not_pay_has_not_visited(changed: dict[str, Any]) -> None:
    assert visits(example_swipe(**changed)) == []


def test_the_newest_visits_are_kept_and_none_that_is_too_old() -> None:
    many = visits(*(at(number, f"m{number}") for number in range(VISIT_LIMIT + 5)))
    assert many == [(number, f"m{number}") for number in range(5, VISIT_LIMIT + 5)]
    assert visits(at(0), at(1, "m2"), at(VISIT_KEPT_MS + 1, "m3")) == [
        (1, "m2"),
        (VISIT_KEPT_MS + 1, "m3"),
    ]
