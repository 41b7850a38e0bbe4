"""Is each thing that is broken on purpose noticed by the judge that is meant to notice?"""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from evaluation.controls.base import control_classes
from evaluation.controls.material import Material
from evaluation.controls.results import positive_control, try_control
from evaluation.evaluate import judge_history
from evaluation.judges.base import judge_classes
from workbench.console import Phases
from workbench.controls import busiest_rule, make_material
from workbench.live_controls import live_control_classes


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """A healthy history, made of real parts."""
    return make_material(tmp_path_factory.mktemp("controls"), Phases(Console(file=io.StringIO())))


def test_the_unbroken_history_passes(material: Material) -> None:
    verdicts = {one.judge: one.verdict for one in positive_control(material.baseline)}
    # Recovery has no verdict of its own: it decides nothing.
    assert verdicts == dict.fromkeys(judge_classes().keys() - {"recovery"}, "pass")


@pytest.mark.parametrize("name", control_classes())
def test_the_judge_that_is_meant_to_notice_does(name: str, material: Material) -> None:
    tried = try_control(control_classes()[name](), material)
    assert tried.outcome == "caught", tried


def test_the_history_is_left_as_it_was(material: Material) -> None:
    again = judge_history(material.history, material.thresholds).results
    assert again == material.baseline


def test_the_stall_that_a_closed_loop_hides_is_in_no_latency(material: Material) -> None:
    control = control_classes()["closed_loop_sender"]()
    history = control.tamper(material)  # type: ignore[attr-defined]
    latency = judge_history(history, material.thresholds).results.judge("latency")
    assert latency is not None
    for view in ("uncommitted_p99", "committed_p99", "slip_p99"):
        figure = latency.figure(view)
        assert figure is not None
        assert figure.verdict == "pass"


def test_the_rule_that_is_switched_off_is_the_one_that_fires_most(material: Material) -> None:
    assert material.without_rule is not None
    assert material.without_rule.rule == busiest_rule(material.history.expected)
    fired = {
        rule for one in material.without_rule.outputs.records("decisions") for rule in one.rules
    }
    assert material.without_rule.rule not in fired


@pytest.mark.parametrize("name", live_control_classes())
def test_every_live_control_is_called_as_its_file_and_can_be_planned(
    name: str, tmp_path: Path
) -> None:
    kind = live_control_classes()[name]
    assert name == f"live_{kind.__module__.rpartition('.')[2]}"
    assert kind.judge in judge_classes()
    assert kind(tmp_path).plan().replay.duration_s >= 10
