"""Can the job in containers be judged by the command that the page gives for it?"""

from __future__ import annotations

import shlex

import pytest

from generator.settings import ReplaySettings
from job.flink.options import JobOptions, parse_options
from tests.deployment.compose_file import ROOT
from tests.docs.test_commands import code, dry_run
from tests.judging_asked_for import clock_ahead_ms, judging_asked_for
from workbench.external_job import ExternalJob

PAGE = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")


def documented_job() -> JobOptions:
    """The job as the page has it started."""
    (line,) = (use for use in code(PAGE) if use.startswith("./bin/flink run"))
    return parse_options(shlex.split(line.partition("main.py")[2]))


def documented_judging() -> str:
    """The command that judges it."""
    (line,) = (use for use in code(PAGE) if "job=external" in use)
    return line


def asked_for(command: str, monkeypatch: pytest.MonkeyPatch) -> tuple[ReplaySettings, ExternalJob]:
    """What make and `paystream` make of it."""
    status, printed = dry_run(*shlex.split(command)[1:])
    assert status == 0, printed
    return judging_asked_for(shlex.split(printed.splitlines()[-1])[1:], monkeypatch)


def test_it_judges_the_job_that_the_page_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    _, job = asked_for(documented_judging(), monkeypatch)
    assert job.expect_rules
    assert job.group == documented_job().group_id
    assert job.prefix == documented_job().topic_prefix


def test_the_clock_records_at_the_end_are_not_ahead_of_what_the_job_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replay, _ = asked_for(documented_judging(), monkeypatch)
    assert clock_ahead_ms(replay) < documented_job().event_time_max_ahead_ms


def test_a_replay_that_begins_now_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    now = documented_judging().replace("event_time_start=-1h", "event_time_start=-0s")
    replay, _ = asked_for(now, monkeypatch)
    assert clock_ahead_ms(replay) > documented_job().event_time_max_ahead_ms
