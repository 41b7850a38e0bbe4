"""Does what the services take grow, or does it only fill up and go up and down?"""

import pytest

from stack.footprint import Footprint, room_bytes
from workbench.growth import JUDGED_FROM_S, Reading, growing, rows, summary, verdict_line

MIB = 2**20


def readings(taskmanagers, kafka=lambda at: 100 * at, minutes=60):
    return [
        Reading(
            at_s=at,
            sent=int(10 * at),
            footprint=Footprint(
                taskmanagers=int(taskmanagers(at)),
                jobmanagers=500 * MIB,
                kafka=int(kafka(at)),
                checkpoints=20 * MIB,
            ),
        )
        for at in range(0, minutes * 60 + 1, 30)
    ]


def test_what_stays_does_not_grow():
    found = readings(lambda _: 900 * MIB)
    assert growing(found) == ()
    assert verdict_line(found) == "nothing grew steadily"


def test_a_leak_is_named():
    found = readings(lambda at: 900 * MIB + at * MIB / 4)
    assert growing(found) == ("TaskManagers, memory",)
    assert "WARNING" in verdict_line(found)
    assert "TaskManagers, memory" in verdict_line(found)


def test_a_cache_that_fills_at_the_beginning_is_no_leak():
    assert growing(readings(lambda at: MIB * min(900, 300 + at))) == ()


def test_what_falls_when_a_process_is_renewed_is_no_leak():
    assert growing(readings(lambda at: 500 * MIB + (at % 900) * MIB)) == ()


def test_topics_grow_with_what_is_sent_and_only_more_than_that_is_growth():
    assert growing(readings(lambda _: MIB, kafka=lambda at: 2_000 * at)) == ()
    assert growing(readings(lambda _: MIB, kafka=lambda at: at * at)) == ("Kafka, disk by swipe",)


def test_a_short_time_says_nothing():
    short = int(JUDGED_FROM_S / 60) - 1
    found = readings(lambda at: MIB * (1 + at), minutes=short)
    assert growing(found) == ()
    assert "nobody can tell" in verdict_line(found)


def test_start_middle_and_end_are_told():
    table = {name: values for name, *values in rows(readings(lambda at: at * MIB))}
    assert table["TaskManagers, memory"] == ["0 MiB", "1,800 MiB", "3,600 MiB"]
    stored = summary(readings(lambda at: at * MIB))
    assert stored["at_s"] == [0, 1800, 3600]
    assert stored["TaskManagers, memory"]["values"] == [0, 1800, 3600]


def test_without_a_reading_there_is_nothing_to_tell():
    assert list(rows([])) == []
    assert summary([]) == {}
    assert growing([]) == ()


def test_files_are_counted_by_the_room_they_take(tmp_path):
    (tmp_path / "topic").mkdir()
    (tmp_path / "topic" / "log").write_bytes(b"x" * 100_000)
    with (tmp_path / "index").open("wb") as index:  # as Kafka's: long, and empty
        index.truncate(10 * MIB)
    assert 100_000 <= room_bytes(tmp_path) < MIB
    assert room_bytes(tmp_path / "absent") == 0


def test_a_file_with_two_names_takes_room_once(tmp_path):
    """A local copy of a checkpoint is a second name of RocksDB's file."""
    (tmp_path / "a").write_bytes(b"x" * 100_000)
    once = room_bytes(tmp_path)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert room_bytes(tmp_path) == once


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_readings_are_no_ground_for_a_warning(count):
    few = readings(lambda at: at * MIB)
    assert growing(few[:: len(few) // count][:count]) == ()
