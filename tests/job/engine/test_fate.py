"""Has every record exactly one fate, in the order dead letter, late, repeat, judged?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.contracts import CardProfile, ClockRecord, Decision, Swipe
from job.engine.card_engine import Source
from job.rules.example import example_swipe

KEY = "example-card"
BOUND_MS = 30_000
NOW_MS = 10_000_000


def test_a_first_swipe_is_judged(bench: Any) -> None:
    assert bench.swipe(NOW_MS, "a") == "judged"


@pytest.mark.parametrize(
    ("behind_ms", "fate"), [(BOUND_MS - 1, "judged"), (BOUND_MS, "judged"), (BOUND_MS + 1, "late")]
)
def test_late_begins_one_millisecond_beyond_the_bound(
    bench: Any, behind_ms: int, fate: str
) -> None:
    bench.swipe(NOW_MS, "a")
    assert bench.swipe(NOW_MS - behind_ms, "b") == fate


def test_a_late_swipe_says_how_late(bench: Any) -> None:
    bench.swipe(NOW_MS, "a")
    late = example_swipe(swipe_id="b", event_time_ms=NOW_MS - 31_000)
    (output,) = bench.send(msgspec.json.encode(late), late.event_time_ms)
    assert msgspec.json.decode(output.value)["lateness_ms"] == 31_000


def test_lateness_is_the_cards_own(bench: Any, make_bench: Callable[..., Any]) -> None:
    bench.swipe(NOW_MS, "a")
    other_card = make_bench()
    assert other_card.swipe(NOW_MS - BOUND_MS - 1, "b") == "judged"


def test_the_same_record_again_is_a_repeat(bench: Any) -> None:
    bench.swipe(NOW_MS, "a")
    assert bench.swipe(NOW_MS, "a") == "repeat"


def test_the_same_id_with_other_content_is_a_dead_letter(bench: Any) -> None:
    bench.swipe(NOW_MS, "a", amount_minor=100)
    assert bench.swipe(NOW_MS, "a", amount_minor=200) == "dead_letter: id_conflict"


def test_the_same_id_with_other_content_is_a_dead_letter_even_if_late(bench: Any) -> None:
    bench.swipe(NOW_MS, "a")
    assert bench.swipe(NOW_MS - BOUND_MS - 1, "a") == "dead_letter: id_conflict"


@pytest.mark.parametrize(
    ("ahead_ms", "fate"), [(BOUND_MS - 1, "repeat"), (BOUND_MS, "repeat"), (BOUND_MS + 1, "late")]
)
def test_repeats_are_recognised_within_the_bound(bench: Any, ahead_ms: int, fate: str) -> None:
    bench.swipe(NOW_MS, "a")
    bench.swipe(NOW_MS + ahead_ms, "b")
    assert bench.swipe(NOW_MS, "a") == fate


@pytest.mark.parametrize("live", [{}, {"amount_minor": 1}], ids=["same", "other content"])
def test_a_swipe_that_the_profile_brought_is_a_repeat_whatever_its_bytes(
    bench: Any, live: dict[str, Any]
) -> None:
    warm_up(bench, example_swipe(event_time_ms=NOW_MS, swipe_id="a"))
    assert bench.swipe(NOW_MS, "a", **live) == "repeat"
    assert bench.card.judged_count == 0


@pytest.mark.parametrize(
    ("ahead_ms", "fate"), [(BOUND_MS - 1, "repeat"), (BOUND_MS, "repeat"), (BOUND_MS + 1, "late")]
)
def test_a_swipe_that_the_profile_brought_is_recognised_within_the_bound(
    bench: Any, ahead_ms: int, fate: str
) -> None:
    warm_up(bench, example_swipe(event_time_ms=NOW_MS, swipe_id="a"))
    bench.swipe(NOW_MS + ahead_ms, "b")
    assert bench.swipe(NOW_MS, "a") == fate


def test_an_id_used_again_after_the_bound_is_another_swipe(bench: Any) -> None:
    bench.swipe(NOW_MS, "a")
    bench.swipe(NOW_MS + BOUND_MS + 1, "b")
    assert bench.swipe(NOW_MS + BOUND_MS + 2, "a") == "judged"


def test_an_id_is_in_use_as_long_as_its_swipe_is_within_the_bound_of_the_newest(
    bench: Any,
) -> None:
    bench.swipe(NOW_MS, "a")
    assert bench.swipe(NOW_MS + BOUND_MS + 1, "a") == "dead_letter: id_conflict"


def test_what_was_not_judged_leaves_the_card_as_it_was(bench: Any) -> None:
    bench.swipe(NOW_MS, "a")
    before = msgspec.json.encode(bench.card)
    bench.swipe(NOW_MS, "a")
    bench.swipe(NOW_MS, "a", amount_minor=1)
    bench.swipe(NOW_MS - BOUND_MS - 1, "b")
    bench.send(b"{")
    assert msgspec.json.encode(bench.card) == before


def counts_of(outputs: list[Any]) -> list[int | None]:
    return [
        msgspec.json.decode(each.value, type=Decision).card_count
        for each in outputs
        if each.topic == "decisions"
    ]


def test_a_repeat_has_no_card_count(bench: Any) -> None:
    value = msgspec.json.encode(example_swipe(event_time_ms=NOW_MS))
    assert counts_of(bench.send(value, NOW_MS)) == [1]
    assert counts_of(bench.send(value, NOW_MS)) == [None]


def test_swipes_of_the_warm_start_are_not_in_the_card_count(bench: Any) -> None:
    warm_up(bench, example_swipe(swipe_id="past", event_time_ms=NOW_MS - 1_000))
    value = msgspec.json.encode(example_swipe(event_time_ms=NOW_MS))
    assert counts_of(bench.send(value, NOW_MS)) == [1]


def test_a_clock_record_has_no_fate_and_is_counted_apart(bench: Any) -> None:
    assert bench.send(msgspec.json.encode(ClockRecord(clock_time_ms=NOW_MS))) == []
    assert bench.engine.counts == {"clock": 1}


RECORDS = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.builds(
            lambda swipe_id, at_ms, amount_minor: msgspec.json.encode(
                example_swipe(
                    swipe_id=swipe_id, event_time_ms=NOW_MS + at_ms, amount_minor=amount_minor
                )
            ),
            st.sampled_from("abcdef"),
            st.sampled_from([-30_001, -30_000, 0, 1, 30_000, 30_001, 90_000]),
            st.sampled_from([1, 2]),
        ),
        st.just(msgspec.json.encode(ClockRecord(clock_time_ms=NOW_MS))),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(records=RECORDS)
def test_the_sums_add_up(make_bench: Callable[..., Any], records: list[bytes]) -> None:
    bench = make_bench()
    fates: list[str] = []
    card_counts: list[int | None] = []
    for value in records:
        outputs = bench.send(value, event_time_of(value))
        card_counts += counts_of(outputs)
        if outputs:
            fates.append(bench.fate(outputs))
    counts = bench.engine.counts
    assert sum(counts.values()) == len(records)
    assert len(fates) + counts["clock"] == len(records)
    assert bench.card.judged_count == counts["judged"] == fates.count("judged")
    assert [n for n in card_counts if n is not None] == list(range(1, counts["judged"] + 1))
    assert len(bench.card.history) == counts["judged"]


def warm_up(bench: Any, *recent: Swipe) -> None:
    profile = CardProfile(
        card_token=KEY,
        bin="400000",
        updated_ms=0,
        home_country="FR",
        home_latitude=48.85,
        home_longitude=2.35,
        currency="EUR",
        amount_count=10,
        amount_log_mean=8.0,
        amount_log_sd=0.5,
        recent=list(recent),
    )
    source = Source("card-profiles", 0, 0)
    value = msgspec.json.encode(profile)
    assert bench.engine.load_profile(value, KEY, bench.card, source, []) == []


def event_time_of(value: bytes) -> int:
    try:
        return int(msgspec.json.decode(value)["event_time_ms"])
    except Exception:  # what is no swipe may have any time
        return 0
