"""What does each event-time window hold, read off the page and not off the code?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job.contracts import WINDOW_KINDS, JudgedSwipe, Swipe, WindowKind, WindowResult
from job.engine.event_windows import (
    DEFAULT_WINDOWS,
    HOUR_MS,
    MINUTE_MS,
    SESSION_GAP_MS,
    EventWindows,
    parse_windows,
)
from job.engine.judged import encode_judged, judged_swipe
from job.rules.example import example_swipe
from tests.swipes_of_hours import swipes_of_hours


def swipe(event_time_ms: int, swipe_id: str = "s", **fields: Any) -> Swipe:
    plain = example_swipe(swipe_id=swipe_id, event_time_ms=event_time_ms)
    return msgspec.structs.replace(plain, **fields)


def windows(
    kind: WindowKind, swipes: Iterable[Swipe], dropped: frozenset[tuple[str, str]] = frozenset()
) -> list[WindowResult]:
    engine = EventWindows([kind], dropped)
    for each in swipes:
        engine.add(judged_swipe(each))
    return list(engine.results())


def bounds(results: list[WindowResult]) -> list[tuple[int, int, int]]:
    return [(each.window_start_ms, each.window_end_ms, each.swipes) for each in results]


def test_a_minute_begins_with_its_first_millisecond_and_ends_before_the_next() -> None:
    times = [0, 59_999, 60_000, 119_999, 240_000]
    expected = [(0, 60_000, 2), (60_000, 120_000, 2), (240_000, 300_000, 1)]
    assert bounds(windows("bin_minute", map(swipe, times))) == expected
    assert bounds(windows("merchant_minute", map(swipe, times))) == expected


def test_an_hour_ends_with_a_minute_in_which_the_card_swiped() -> None:
    times = [0, 59 * MINUTE_MS, 60 * MINUTE_MS, 200 * MINUTE_MS]
    assert bounds(windows("card_hour", map(swipe, times))) == [
        (MINUTE_MS - HOUR_MS, MINUTE_MS, 1),
        (0, HOUR_MS, 2),
        (MINUTE_MS, HOUR_MS + MINUTE_MS, 2),
        (141 * MINUTE_MS, 201 * MINUTE_MS, 1),
    ]


def test_a_session_goes_on_up_to_one_gap_after_its_last_swipe() -> None:
    times = [5, 5 + SESSION_GAP_MS, 6 + 2 * SESSION_GAP_MS]
    assert bounds(windows("card_session", map(swipe, times))) == [
        (5, 5 + 2 * SESSION_GAP_MS, 2),
        (6 + 2 * SESSION_GAP_MS, 6 + 3 * SESSION_GAP_MS, 1),
    ]


def test_only_approved_authorisations_are_spent() -> None:
    (found,) = windows(
        "card_session",
        [
            swipe(1, amount_minor=100),
            swipe(2, amount_minor=30, currency="USD"),
            swipe(3, amount_minor=1_000, response_code="05"),
            swipe(4, amount_minor=1_000, message_type="reversal"),
            swipe(5, amount_minor=0, message_type="zero_amount_check", currency="GBP"),
        ],
    )
    assert (found.swipes, found.declined) == (5, 1)
    assert found.spent_minor == {"EUR": 100, "USD": 30}


def test_each_merchant_and_bin_has_its_own_windows() -> None:
    swipes = [swipe(1, merchant_id="m1"), swipe(2, merchant_id="m2", bin="411111")]
    assert [each.entity_id for each in windows("merchant_minute", swipes)] == ["m1", "m2"]
    assert [each.entity_id for each in windows("bin_minute", swipes)] == ["400000", "411111"]


def test_what_was_dropped_is_left_out_of_its_kind_alone() -> None:
    swipes = [swipe(1, "a"), swipe(2, "b")]
    dropped = frozenset({("bin_minute", "a")})
    assert bounds(windows("bin_minute", swipes, dropped)) == [(0, 60_000, 1)]
    assert bounds(windows("merchant_minute", swipes, dropped)) == [(0, 60_000, 2)]


@given(st.lists(st.integers(0, 5 * HOUR_MS), max_size=60))
def test_every_swipe_is_in_one_minute_and_one_session(times: list[int]) -> None:
    swipes = [swipe(time_ms) for time_ms in times]
    for kind in ("merchant_minute", "bin_minute", "card_session"):
        found = windows(kind, swipes)  # type: ignore[arg-type]
        assert sum(each.swipes for each in found) == len(times)
        assert all(
            each.window_start_ms <= each.first_event_time_ms <= each.last_event_time_ms
            and each.last_event_time_ms < each.window_end_ms
            for each in found
        )


@given(st.lists(st.integers(0, 5 * HOUR_MS), max_size=60))
def test_a_cards_hours_less_its_earlier_minutes_hold_every_swipe_once(times: list[int]) -> None:
    minutes = Counter(("example-card", each // MINUTE_MS * MINUTE_MS) for each in times)
    assert swipes_of_hours(windows("card_hour", map(swipe, times))) == minutes


@given(st.lists(st.integers(0, 5 * HOUR_MS), max_size=60))
def test_sessions_of_a_card_lie_more_than_a_gap_apart(times: list[int]) -> None:
    found = windows("card_session", map(swipe, times))
    for before, after in pairwise(found):
        assert after.window_start_ms > before.window_end_ms


def test_the_array_that_java_reads_has_its_fields_in_this_order() -> None:
    judged = judged_swipe(swipe(7, "s1", merchant_id="m", response_code="05"))
    fields = ["s1", "example-card", "m", "400000", 7, "EUR", 0, True]
    assert msgspec.json.decode(encode_judged(judged)) == fields
    assert JudgedSwipe.__struct_fields__[:4] == ("swipe_id", "card_token", "merchant_id", "bin")


def test_the_kinds_of_a_comma_list_stand_in_their_own_order_and_once() -> None:
    assert parse_windows(" card_hour,bin_minute , card_hour") == ("bin_minute", "card_hour")
    assert parse_windows(",".join(WINDOW_KINDS)) == WINDOW_KINDS
    assert parse_windows("none") == ()
    assert parse_windows(",".join(DEFAULT_WINDOWS)) == DEFAULT_WINDOWS


@pytest.mark.parametrize("text", ["", "card_hours", "none,card_hour", "bin_minute,"])
def test_what_is_no_kind_is_refused_by_name(text: str) -> None:
    wrong = {"none,card_hour": "none", "card_hours": "card_hours"}.get(text, "")
    with pytest.raises(ValueError, match=f"^'{wrong}' is no window; give merchant_minute, "):
        parse_windows(text)
