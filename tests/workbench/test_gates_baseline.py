"""Does only what was measured, and measured well, become a baseline?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from evaluation.gates.baseline import Baseline, read_baseline
from evaluation.gates.gate import Gate, Part
from evaluation.gates.profiles import load_profile
from workbench.console import Phases
from workbench.gates import Folders, Request, Session, store

FACTS = {
    "started_at": "2026-01-01",
    "commit": "abc",
    "dirty": False,
    "machine": {"processor": "one", "cores": 2},
    "versions": {"python": "3.11"},
}


@pytest.fixture
def session(tmp_path: Path, quiet: Phases) -> Session:
    """Live and engine were measured."""
    request = Request("ci", load_profile("ci"), parts=("live", "engine"))
    made = Session(request, Folders(baselines=tmp_path), quiet, Baseline(profile="ci"), FACTS)
    measure(made, "live", cpu=[1.0, 2.0], p99=[3.0, math.nan])
    measure(made, "engine", process=[1.0, 1.1])
    return made


def measure(session: Session, part: Part, **figures: list[float]) -> Any:
    return session.against(part, timed=True, settings={}, source=[], figures=figures)


def stored(session: Session) -> Baseline:
    store(session)
    return read_baseline(session.folders.baselines, "ci")


def test_what_was_measured_is_stored_with_machine_and_commit(session: Session) -> None:
    found = stored(session)
    assert found.engine is not None
    assert found.engine.figures == {"process": [1.0, 1.1]}
    assert (found.engine.commit, found.engine.machine) == ("abc", FACTS["machine"])
    assert found.detection is None


def test_a_figure_that_one_repetition_lacks_is_left_out(session: Session) -> None:
    found = stored(session)
    assert found.live is not None
    assert found.live.figures == {"cpu": [1.0, 2.0]}


def test_a_disturbed_machine_makes_no_baseline_and_leaves_the_old_one(session: Session) -> None:
    before = stored(session)
    session.baseline = before
    measure(session, "live", cpu=[7.0, 7.0])
    measure(session, "engine", process=[2.0, 2.0])
    session.unfit["live"] = "the machine was disturbed"
    found = stored(session)
    assert found.live == before.live
    assert found.engine is not None
    assert found.engine.figures == {"process": [2.0, 2.0]}


def test_a_broken_promise_makes_no_baseline(session: Session) -> None:
    lost = Gate(
        name="missing", question="?", part="live", kind="promise", unit="records", verdict="fail"
    )
    session.gates.append(lost)
    found = stored(session)
    assert found.live is None
    assert found.engine is not None


def test_there_is_nothing_to_compare_with_until_it_is_stored(session: Session) -> None:
    first = measure(session, "engine", process=[1.0, 1.1])
    assert "paystream gates --profile ci --store-baseline" in first.missing
    session.baseline = stored(session)
    again = measure(session, "engine", process=[1.0, 1.1])
    assert (again.missing, again.values("process")) == ("", [1.0, 1.1])
