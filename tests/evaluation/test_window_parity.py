"""Is a window that is lost, repeated, changed or made up noticed, and an honest one not accused?"""

import msgspec
import pytest

from evaluation.history import load_history
from evaluation.judges.delivery import Delivery
from evaluation.thresholds import load_thresholds
from job.contracts import WindowResult

THRESHOLDS = load_thresholds()
BOTH = ("uncommitted", "committed")
GAP_MS = 30 * 60_000
MINUTE = "windows-merchant-minute"
SESSION = "windows-card-session"
HOUR = "windows-card-hour"


def result(window="merchant_minute", start_ms=0, swipes=2, end_ms=None, **changes):
    fields = {
        "v": 1,
        "window": window,
        "entity_id": "m1",
        "window_start_ms": start_ms,
        "window_end_ms": start_ms + 60_000 if end_ms is None else end_ms,
        "swipes": swipes,
        "declined": 0,
        "spent_minor": {"EUR": 100 * swipes},
        "first_event_time_ms": start_ms,
        "last_event_time_ms": start_ms,
        **changes,
    }
    return WindowResult(**fields)


def session(first_ms, last_ms, swipes):
    return result(
        "card_session", first_ms, swipes, end_ms=last_ms + GAP_MS, last_event_time_ms=last_ms
    )


@pytest.fixture
def small(record):
    return record(60)


def expect(recording, topic, *results):
    for each in results:
        value = msgspec.json.encode(each)
        place = {"partition": -1, "offset": -1}
        recording.expected.append({"topic": topic, "key": "", **place, "value": value})


def write(recording, topic, *results):
    for each in results:
        recording.emit(topic, msgspec.json.encode(each))


def judged(recording):
    outcome = Delivery().judge(load_history(recording.write()), THRESHOLDS)
    figures = {figure.name: figure.value for figure in outcome.result.figures}
    names = ("missing", "repeated", "unexpected", "different")
    wrong = {name: figures[f"windows_{name}"] for name in names if figures[f"windows_{name}"]}
    return outcome.result.verdict, wrong, figures


def test_windows_that_hold_what_they_should_pass(small):
    windows = [result(), result(start_ms=60_000)]
    expect(small, MINUTE, *windows)
    write(small, MINUTE, *reversed(windows))
    verdict, wrong, figures = judged(small)
    assert (verdict, wrong, figures["expected_windows"]) == ("pass", {}, 2)


def test_a_run_without_windows_says_nothing_of_them(small):
    outcome = Delivery().judge(load_history(small.write()), THRESHOLDS)
    assert outcome.result.verdict == "pass"
    assert not [f for f in outcome.result.figures if "windows" in f.name]


def test_a_window_that_never_came_is_missing(small):
    expect(small, MINUTE, result(), result(start_ms=60_000))
    write(small, MINUTE, result())
    assert judged(small)[:2] == ("fail", {"missing": 1})


def test_a_window_that_was_only_seen_uncommitted_is_missing(small):
    expect(small, MINUTE, result())
    small.emit(MINUTE, msgspec.json.encode(result()), views=("uncommitted",))
    assert judged(small)[:2] == ("fail", {"missing": 1})


def test_a_window_written_twice_is_repeated(small):
    expect(small, MINUTE, result())
    write(small, MINUTE, result(), result())
    assert judged(small)[:2] == ("fail", {"repeated": 1})


def test_a_window_of_nothing_is_unexpected(small):
    expect(small, MINUTE, result())
    write(small, MINUTE, result(), result(entity_id="m2"))
    assert judged(small)[:2] == ("fail", {"unexpected": 1})


@pytest.mark.parametrize(
    "change", [{"swipes": 3}, {"declined": 1}, {"spent_minor": {"USD": 200}}], ids=str
)
def test_a_window_that_says_something_else_is_different(small, change):
    expect(small, MINUTE, result())
    write(small, MINUTE, msgspec.structs.replace(result(), **change))
    assert judged(small)[:2] == ("fail", {"different": 1})


def test_a_window_opened_again_after_a_restart_counts_with_both_parts(small):
    expect(small, MINUTE, result(swipes=3))
    write(small, MINUTE, result(swipes=2), result(swipes=1))
    verdict, wrong, figures = judged(small)
    assert (verdict, wrong, figures["windows_reopened"]) == ("pass", {}, 1)


def test_an_hour_opened_again_holds_its_minutes_still(small):
    expect(small, HOUR, result("card_hour", swipes=3))
    write(small, HOUR, result("card_hour", swipes=2), result("card_hour", swipes=3))
    assert judged(small)[:2] == ("pass", {})


def test_a_session_that_was_cut_by_the_watermark_is_one(small):
    expect(small, SESSION, session(0, 2 * GAP_MS, 4))
    write(small, SESSION, session(0, GAP_MS - 1, 3), session(2 * GAP_MS - 1, 2 * GAP_MS, 1))
    assert judged(small)[:2] == ("pass", {})


def test_sessions_that_do_not_touch_stay_two(small):
    expect(small, SESSION, session(0, 0, 1), session(GAP_MS + 1, GAP_MS + 1, 1))
    write(small, SESSION, session(0, GAP_MS + 1, 2))
    assert judged(small)[:2] == ("fail", {"missing": 1, "different": 1})
