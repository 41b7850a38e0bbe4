"""What is said of controls that are caught, that are not, and that cannot be tried."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from evaluation.controls.base import CannotTry, Control, Tampering, control_classes
from evaluation.controls.broken.dropped_decision import DroppedDecision
from evaluation.controls.broken.late_decisions import LateDecisions
from evaluation.controls.broken.one_late_decision import OneLateDecision
from evaluation.controls.material import Material
from evaluation.controls.report import print_controls
from evaluation.controls.results import (
    Controls,
    positive_control,
    read_controls,
    summed_up,
    try_control,
    write_controls,
)
from evaluation.history import History, load_history
from evaluation.judges.base import judge_classes
from evaluation.realism.base import check_classes
from evaluation.thresholds import load_thresholds


class Nothing(DroppedDecision):
    """A control whose tampering does nothing."""

    name = "nothing"

    def tamper(self, material: Material) -> History:
        return material.history


class NothingLate(OneLateDecision):
    """The same, of a figure without a bound."""

    name = "nothing_late"

    def tamper(self, material: Material) -> History:
        return material.history


class Impossible(DroppedDecision):
    name = "impossible"

    def tamper(self, material: Material) -> History:
        raise CannotTry("there is nothing to break")


@pytest.fixture
def material(recording: Any) -> Material:
    return Material(load_history(recording.write()), load_thresholds())


def tried(material: Material, *controls: Control) -> Controls:
    found = [try_control(control, material) for control in controls]
    return summed_up(positive_control(material.baseline), found, {"run": "run-1"})


def shown(controls: Controls) -> str:
    text = io.StringIO()
    print_controls(controls, Console(file=text, width=140))
    return text.getvalue()


def test_what_is_noticed_is_caught(material: Material) -> None:
    found = tried(material, DroppedDecision())
    (control,) = found.controls
    assert (control.outcome, control.verdict, control.before, control.after) == (
        "caught",
        "fail",
        0,
        1,
    )
    assert found.exit_code == 0


@pytest.mark.parametrize("control", [Nothing(), NothingLate()])
def test_a_control_that_breaks_nothing_is_reported_as_not_caught(
    material: Material, control: Control
) -> None:
    found = tried(material, DroppedDecision(), control)
    assert [one.outcome for one in found.controls] == ["caught", "not caught"]
    assert found.exit_code == 1
    assert "NOT CAUGHT" in shown(found)


def test_what_cannot_be_tried_is_said_and_is_inconclusive(material: Material) -> None:
    found = tried(material, DroppedDecision(), Impossible())
    assert [one.outcome for one in found.controls] == ["caught", "not tried"]
    assert found.exit_code == 3
    assert "there is nothing to break" in shown(found)


def test_what_is_not_caught_outweighs_what_cannot_be_tried(material: Material) -> None:
    assert tried(material, Nothing(), Impossible()).exit_code == 1


def test_no_control_at_all_proves_nothing(material: Material) -> None:
    assert tried(material).exit_code == 3


def test_a_figure_that_was_as_bad_before_proves_nothing(recording: Any) -> None:
    recording.drop("decisions", 300, ("uncommitted", "committed"))
    broken = Material(load_history(recording.write()), load_thresholds())
    found = tried(broken, DroppedDecision())
    assert found.controls[0].outcome == "not tried"
    # The positive control says that what should be whole is not.
    assert found.exit_code == 1


def test_a_run_that_is_not_sure_of_itself_leaves_the_controls_inconclusive(
    record: Callable[..., Any],
) -> None:
    short = Material(load_history(record(swipes=500).write()), load_thresholds())
    found = tried(short, DroppedDecision())
    assert found.controls[0].outcome == "caught"
    assert {one.judge for one in found.positive if one.verdict == "inconclusive"} == {
        "latency",
        "throughput",
    }
    assert found.exit_code == 3


def test_where_the_machine_excuses_a_slow_job_no_slow_job_can_be_tried(recording: Any) -> None:
    for row in recording.floor:
        row["received_ns"] += 40_000_000
    excused = Material(load_history(recording.write()), load_thresholds())
    found = tried(excused, LateDecisions(), DroppedDecision())
    assert [one.outcome for one in found.controls] == ["not tried", "caught"]
    assert "floor_p99" in found.controls[0].reason


def test_results_are_read_back_as_they_were_written(material: Material, tmp_path: Any) -> None:
    found = tried(material, DroppedDecision(), Nothing(), Impossible())
    write_controls(found, tmp_path)
    assert read_controls(tmp_path) == found


@pytest.mark.parametrize("name", control_classes())
def test_every_control_is_called_as_its_file_and_names_who_must_notice(name: str) -> None:
    kind = control_classes()[name]
    assert kind.name == kind.__module__.rpartition(".")[2]
    assert kind.judge in {*judge_classes(), *check_classes(), "board"}
    assert kind.broken
    assert (kind.__doc__ or "").strip()
    assert kind.expected in ("fail", "inconclusive") or kind.noticed is not Tampering.noticed
