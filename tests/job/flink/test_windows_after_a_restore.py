"""What do the windows write when a job comes back from a checkpoint without its watermark?

The classes of the job's jar on a Flink inside one JVM. Event time in minutes:seconds; what stands
behind the bar comes after the restore, of each card at most 30 s behind its newest swipe.

    A   57:10, 58:10         | 57:40, 70:00   the minute before its last one is opened again
    B   0:10, 59:10          | 59:00          its hour begins with a minute that is an hour old
    C   0:10, 59:50, 60:10/12 | 59:45         its hour begins before that of its last minute
    D   -6:50, 52:10         | 52:05          its hour ended eight minutes ago
    S   10:00                | 30:00          a session of its own, less than a gap after the first
    watermark 60:59.999 before the restore, which closes every window, and again after it
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from job.contracts import JudgedSwipe, WindowResult
from job.engine.event_windows import EventWindows
from job.engine.judged import encode_judged
from stack.flink_home import package_folder

ROOT: Final = Path(__file__).parents[3]
SOURCES: Final = ROOT / "job" / "java" / "src" / "main" / "java" / "dev/paystream/flink/windows"
PROGRAM: Final = Path(__file__).parent / "java" / "PlayWindows.java"
START_MS: Final = 1_699_999_200_000
BEFORE: Final = {
    "A": ("57:10", "58:10"),
    "B": ("0:10", "59:10"),
    "C": ("0:10", "59:50", "60:10", "60:12"),
    "D": ("-6:50", "52:10"),
    "S": ("10:00",),
}
AFTER: Final = {
    "A": ("57:40", "70:00"),
    "B": ("59:00",),
    "C": ("59:45",),
    "D": ("52:05",),
    "S": ("30:00",),
}
Timeline = Mapping[str, Sequence[str]]


def at(text: str) -> int:
    """Event time of minutes:seconds, ms; a minus is of both."""
    minutes, seconds = text.lstrip("-").split(":")
    sign = -1 if text.startswith("-") else 1
    return START_MS + sign * (int(minutes) * 60_000 + int(seconds) * 1_000)


def swipes(timeline: Timeline) -> list[JudgedSwipe]:
    return [
        JudgedSwipe(
            swipe_id=f"{card}{time}",
            card_token=card,
            merchant_id="m",
            bin="400000",
            event_time_ms=at(time),
            currency="EUR",
            spent_minor=100,
            declined=False,
        )
        for card, times in timeline.items()
        for time in times
    ]


def java(*command: object) -> list[str]:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[WindowResult]:
    """All results of cards, in the order in which they were written."""
    folder = tmp_path_factory.mktemp("windows")
    watermark = f"watermark {at('61:00') - 1}"
    script = [
        *(f"swipe {encode_judged(each).decode()}" for each in swipes(BEFORE)),
        watermark,
        "fail",
        *(f"swipe {encode_judged(each).decode()}" for each in swipes(AFTER)),
        watermark,
    ]
    (folder / "script").write_text("\n".join(script))
    jars = f"{package_folder()}/lib/*"
    java("javac", "-nowarn", "-d", folder, "-cp", jars, *SOURCES.glob("*.java"), PROGRAM)
    lines = java(
        "java",
        # Lives for seconds: compiled code for long lives is not worth its price.
        *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{folder}:{jars}"),
        *("PlayWindows", folder / "script", "card_hour", "card_session"),
    )
    outputs = [line.split("\t", 1) for line in lines]
    assert {topic for topic, _ in outputs} == {"card_hour", "card_session"}
    return [msgspec.json.decode(value, type=WindowResult) for _, value in outputs]


def held(written: list[WindowResult], kind: str, card: str) -> dict[Any, list[int]]:
    """Counts of swipes by start and end in minutes, in the order in which they were written."""
    counts: dict[Any, list[int]] = defaultdict(list)
    for each in written:
        if (each.window, each.entity_id) == (kind, card):
            bounds = (each.window_start_ms, each.window_end_ms)
            counts[tuple((ms - START_MS) / 60_000 for ms in bounds)].append(each.swipes)
    return dict(counts)


def test_an_hour_opened_again_holds_no_minute_after_its_end(written: list[WindowResult]) -> None:
    hours = held(written, "card_hour", "A")
    assert hours[-2, 58] == [1, 2]
    for each in written:
        assert each.window_start_ms <= each.first_event_time_ms
        assert each.last_event_time_ms < each.window_end_ms


def test_a_later_hour_that_had_ended_is_written_again_with_what_came(
    written: list[WindowResult],
) -> None:
    hours = held(written, "card_hour", "A")
    assert hours[-1, 59] == [2, 3]
    assert hours[11, 71] == [4]


@pytest.mark.parametrize(("card", "hour"), [("B", (0, 60)), ("C", (0, 60)), ("D", (-7, 53))])
def test_an_hour_opened_again_still_has_its_oldest_minute(
    written: list[WindowResult], card: str, hour: tuple[int, int]
) -> None:
    assert held(written, "card_hour", card)[hour] == [2, 3]


def test_the_larger_result_of_each_hour_is_that_of_the_specification(
    written: list[WindowResult],
) -> None:
    specification = EventWindows(["card_hour"])
    for swipe in swipes(BEFORE) + swipes(AFTER):
        specification.add(swipe)
    larger: dict[tuple[str, int], WindowResult] = {}
    for each in written:
        key = (each.entity_id, each.window_start_ms)
        if each.window == "card_hour" and (key not in larger or each.swipes > larger[key].swipes):
            larger[key] = each
    expected = {(each.entity_id, each.window_start_ms): each for each in specification.results()}
    assert larger == expected


def test_no_result_is_written_twice(written: list[WindowResult]) -> None:
    assert all(each not in written[:index] for index, each in enumerate(written))


def test_a_session_opened_again_has_another_start(written: list[WindowResult]) -> None:
    assert held(written, "card_session", "S") == {(10, 40): [1], (30, 60): [1]}
