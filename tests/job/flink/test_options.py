"""Does the job's command line mean what it says, and refuse what it does not know?"""

from __future__ import annotations

import argparse
import re

import pytest

from job.contracts import Topics
from job.engine.event_windows import DEFAULT_WINDOWS
from job.flink.options import parse_duration_ms, parse_options
from job.flink.tables import sink_table, source_table
from job.flink.topology import flink_settings


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The line on stderr with which a command line is refused."""
    with pytest.raises(SystemExit) as ended:
        parse_options(arguments)
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    "given", [["--checkpoint.intervall", "1s"], ["--checkpoint.intervall=1s"]], ids=str
)
def test_an_unknown_option_is_refused_by_name_with_the_nearest_known(
    capsys: pytest.CaptureFixture[str], given: list[str]
) -> None:
    line = refusal(capsys, *given)
    assert "--checkpoint.intervall" in line
    assert "did you mean --checkpoint.interval?" in line


def test_an_unknown_option_like_no_other_points_to_the_help(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "unknown option --zzz; see --help" in refusal(capsys, "--zzz")


def test_an_option_cannot_be_shortened(capsys: pytest.CaptureFixture[str]) -> None:
    assert "unknown option --checkpoint.int" in refusal(capsys, "--checkpoint.int", "1s")


@pytest.mark.parametrize(
    ("text", "duration_ms"),
    [
        ("0ms", 0),
        ("100 ms", 100),
        ("30s", 30_000),
        ("5min", 300_000),
        ("5m", 300_000),
        (" 2h ", 7_200_000),
        ("7d", 604_800_000),
    ],
)
def test_durations_are_read_as_flink_writes_them(text: str, duration_ms: int) -> None:
    assert parse_duration_ms(text) == duration_ms


@pytest.mark.parametrize("text", ["", "30", "s", "-1s", "1.5s", "1 week", "1s1s", "1S"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no duration such as"):
        parse_duration_ms(text)


def test_a_wrong_duration_is_refused_with_its_option(capsys: pytest.CaptureFixture[str]) -> None:
    line = refusal(capsys, "--checkpoint.interval", "soon")
    assert "--checkpoint.interval" in line
    assert "'soon' is no duration" in line


@pytest.mark.parametrize("text", ["2026-01-01T00:00:00", "yesterday"])
def test_an_instant_needs_iso_8601_and_a_zone(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert f"--event-time.limit: '{text}'" in refusal(capsys, "--event-time.limit", text)


def test_an_instant_is_read() -> None:
    options = parse_options(["--event-time.limit", "1970-01-01T00:00:01.5Z"])
    assert options.event_time_limit_ms == 1_500


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "two"])
def test_parallelism_is_a_whole_number_above_0(
    capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert "--parallelism" in refusal(capsys, f"--parallelism={text}")


def test_windows_are_a_comma_list_of_kinds_or_none() -> None:
    assert parse_options([]).windows == DEFAULT_WINDOWS
    assert parse_options(["--windows.enabled", "none"]).windows == ()
    given = ["--windows.enabled", "card_session,card_hour"]
    assert parse_options(given).windows == ("card_hour", "card_session")


def test_a_window_that_does_not_exist_is_refused_by_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = refusal(capsys, "--windows.enabled", "card_hour,bin_hour")
    assert "--windows.enabled: 'bin_hour' is no window; give merchant_minute, " in line


@pytest.mark.parametrize("option", ["--kafka.property", "--flink.property"])
@pytest.mark.parametrize("text", ["name", "=value"])
def test_a_property_without_name_or_value_is_refused(
    capsys: pytest.CaptureFixture[str], option: str, text: str
) -> None:
    assert f"{option}: '{text}' is not NAME=VALUE" in refusal(capsys, f"{option}={text}")


def test_properties_can_be_repeated_and_hold_equals_signs() -> None:
    options = parse_options(
        ["--kafka.property", "a=b=c", "--kafka.property=x=", "--flink.property", "k=v=w"]
    )
    assert options.kafka_properties == {"a": "b=c", "x": ""}
    assert options.flink_properties == {"k": "v=w"}


@pytest.mark.parametrize(
    ("name", "own", "table"),
    [("fetch.min.bytes", "1", "swipes"), ("linger.ms", "8", "outputs")],
)
def test_a_kafka_property_wins_over_what_the_job_sets_itself(
    name: str, own: str, table: str
) -> None:
    def stated(*given: str) -> list[str]:
        options, topics = parse_options(given), Topics.with_prefix("t.")
        ddl = (
            source_table(options, topics)
            if table == "swipes"
            else sink_table(table, options, topics)
        )
        return re.findall(rf"'properties\.{re.escape(name)}' = '([^']*)'", ddl)

    assert stated() == [own]
    assert stated(f"--kafka.property={name}=77") == ["77"]


def test_a_flink_property_wins_over_what_the_job_sets_itself() -> None:
    name = "execution.buffer-timeout.interval"
    assert flink_settings(parse_options([]))[name] == "2 ms"
    given = ["--flink.property", f"{name}=7 ms", "--flink.property", "taskmanager.any=1"]
    settings = flink_settings(parse_options(given))
    assert (settings[name], settings["taskmanager.any"]) == ("7 ms", "1")
