"""Does `paystream simulate --windows KINDS` reach the job, and is a wrong one refused?"""

from __future__ import annotations

import sys

import pytest

from job.engine.event_windows import DEFAULT_WINDOWS
from job.flink.options import parse_options
from workbench import cli
from workbench.plan import CLOCK_GAP_MS, JobPlan

#: Of the longest wait of a window: a session's gap, and the lateness bound.
LONGEST_WAIT_MS = 1_800_000 + 30_000


@pytest.mark.parametrize(
    ("said", "windows"),
    [(None, DEFAULT_WINDOWS), ("none", ()), ("card_hour", ("card_hour",))],
)
def test_the_windows_of_the_plan_reach_the_job(said, windows):
    arguments = JobPlan(windows=said).arguments("run-7.", "127.0.0.1:9092", 0)
    assert parse_options(arguments).windows == windows


def test_where_nothing_is_said_an_older_job_is_not_asked():
    assert "--windows.enabled" not in JobPlan().arguments("run-7.", "127.0.0.1:9092", 0)


def test_a_window_that_does_not_exist_is_refused_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["paystream", "simulate", "--windows", "card_hours"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("paystream: --windows: 'card_hours' is no window; give merchant_minute,")


def test_the_end_of_a_replay_closes_every_window():
    assert CLOCK_GAP_MS > LONGEST_WAIT_MS
