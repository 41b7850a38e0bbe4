"""What is left of a run that broke, and with which code does it end?"""

from __future__ import annotations

from typing import Any

import pytest

from generator.kafka_client import KafkaUnreachable
from generator.replay import write_replay
from generator.settings import ReplaySettings, SettingsError
from stack.process import StackError
from workbench import simulate as simulate_module
from workbench.clean_up import put_away
from workbench.console import Phases, make_console
from workbench.plan import JobPlan, RunPlan
from workbench.problems import RunBroken, problem_line


def test_a_step_of_cleaning_up_that_fails_is_said_and_nothing_more(capsys):
    def refuse(topic: str) -> None:
        raise KafkaUnreachable(f"no broker for {topic}\nand more")

    put_away("removing topics", refuse, "swipes")
    assert capsys.readouterr().err == "paystream: removing topics failed: no broker for swipes\n"


def test_a_bug_while_cleaning_up_is_not_swallowed():
    with pytest.raises(ZeroDivisionError):
        put_away("dividing", lambda: 1 // 0)


@pytest.fixture
def run_that_breaks(monkeypatch, tmp_path):
    """Give a function: what happens in the live part -> run it, with everything real left out."""

    def run(live: Any) -> None:
        monkeypatch.setattr(simulate_module, "take_replay", lambda *_: None)
        monkeypatch.setattr(simulate_module, "bring_up", lambda *_, **__: None)
        monkeypatch.setattr(simulate_module, "_live", live)
        simulate_module.simulate(RunPlan(), Phases(make_console()), tmp_path)

    return run


def test_a_service_that_fails_midway_makes_the_run_inconclusive(run_that_breaks, tmp_path):
    def live(*_: Any) -> None:
        raise StackError("the JobManager is gone")

    with pytest.raises(RunBroken, match="the JobManager is gone") as broken:
        run_that_breaks(live)
    assert broken.value.exit_code == 3
    assert problem_line(broken.value) == "the JobManager is gone"
    assert list(tmp_path.iterdir()) == []


def test_what_was_recorded_before_it_broke_is_kept(run_that_breaks, tmp_path, capsys):
    def live(run: Any, *_: Any) -> None:
        run.sent = True
        raise KafkaUnreachable("no broker")

    with pytest.raises(RunBroken):
        run_that_breaks(live)
    (kept,) = tmp_path.iterdir()
    assert kept.name.endswith(".partial")
    assert str(kept) in capsys.readouterr().err


def test_an_interrupted_run_leaves_nothing(run_that_breaks, tmp_path):
    def live(run: Any, *_: Any) -> None:
        run.sent = True
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_that_breaks(live)
    assert list(tmp_path.iterdir()) == []


def test_rules_that_cannot_be_used_are_refused_before_anything_starts(tmp_path):
    plan = RunPlan(job=JobPlan(rules_file=tmp_path / "absent.toml"))
    with pytest.raises(Exception, match=r"absent\.toml") as refused:
        simulate_module.simulate(plan, Phases(make_console()), tmp_path / "runs")
    assert problem_line(refused.value) is not None
    assert not (tmp_path / "runs").exists()


def test_more_incidents_than_swipes_are_a_wrong_setting(tmp_path):
    settings = ReplaySettings.parse(
        {"scenario": "geo_jump", "rate_per_min": 60, "duration_s": 5, "incidents": 50}
    )
    with pytest.raises(SettingsError, match="fewer"):
        write_replay(settings, tmp_path / "replay")
