"""Are costs read from pytest-benchmark's file, and held against a baseline that compares?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from evaluation.gates.against import Reference, reference
from evaluation.gates.baseline import Measured
from evaluation.gates.engine_gates import (
    Session,
    engine_figures,
    engine_gates,
    engine_settings,
    read_session,
)


def benchmark(name: str, params: Any, fastest_s: float, calibration_s: list[float]) -> Any:
    return {
        "name": name,
        "fullname": f"tests/bench/bench_engine.py::{name}",
        "params": params,
        "stats": {"min": fastest_s, "median": 9.0},
        "extra_info": {"calibration": 1, "calibration_s": calibration_s},
    }


def sessions(**costs: list[float]) -> list[Session]:
    rows = [dict(zip(costs, row, strict=True)) for row in zip(*costs.values(), strict=True)]
    return [Session(calibration=1, costs=row, seconds=row) for row in rows]


def stored(found: list[Session], **more: Any) -> Measured:
    return Measured(
        **{
            "measured_at": "2026-01-01",
            "commit": "abc",
            "dirty": False,
            "machine": {"processor": "one", "cores": 2},
            "versions": {"python": "3.11"},
            "settings": engine_settings(found),
            "source": [],
            "figures": engine_figures(found),
            **more,
        }
    )


def against(found: list[Session]) -> Reference:
    return Reference(stored(found), "")


def test_kinds_are_added_up_each_in_loops_of_its_own_moment(tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    rows = [
        benchmark("bench_measure[v-one]", {"name": "v", "kind": "one"}, 2e-6, [1e-3, 2e-3]),
        benchmark("bench_measure[v-other]", {"name": "v", "kind": "other"}, 6e-6, [3e-3, 2e-3]),
        benchmark("bench_render_swipes", None, 5e-3, [1e-3, 1e-3]),
    ]
    file.write_bytes(msgspec.json.encode({"benchmarks": rows, "machine_info": {}}))
    read = read_session(file)
    assert read.costs == pytest.approx({"measure v": 2e-3 + 3e-3, "render_swipes": 5.0})
    assert read.seconds == pytest.approx({"measure v": 8e-6, "render_swipes": 5e-3})


def test_a_file_without_calibration_or_without_benchmarks_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "session.json"
    row = benchmark("bench_x", None, 1.0, [1.0]) | {"extra_info": {}}
    file.write_bytes(msgspec.json.encode({"benchmarks": [row]}))
    with pytest.raises(msgspec.ValidationError, match="calibration"):
        read_session(file)
    file.write_bytes(b'{"benchmarks": []}')
    with pytest.raises(ValueError, match="no benchmark was run"):
        read_session(file)


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        ([1.02, 0.98, 1.0], "pass"),
        ([2.02, 1.98, 2.0], "fail"),
        ([0.5, 0.51, 0.49], "pass"),
        ([1.1, 1.3, 1.5], "inconclusive"),
    ],
)
def test_a_cost_is_judged_by_the_interval_of_its_ratio(now: list[float], verdict: str) -> None:
    compared_with = against(sessions(process=[1.01, 0.99, 1.0]))
    (gate,) = engine_gates(sessions(process=now), compared_with, 1.3)
    assert gate.verdict == verdict
    assert gate.threshold == pytest.approx(1.3, rel=1e-3)


def test_a_subject_that_is_gone_or_new_is_not_decided() -> None:
    compared_with = against(sessions(old=[1.0, 1.0]))
    new, old = engine_gates(sessions(new=[1.0, 1.0]), compared_with, 1.3)
    assert (new.name, new.verdict, new.note) == ("new", "inconclusive", "the baseline has no new")
    assert (old.name, old.verdict, old.value) == ("old", "inconclusive", None)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"machine": {"processor": "other", "cores": 2}}, "processor other, here one"),
        ({"machine": {"processor": "one", "cores": 64}}, "cores 64, here 2"),
        ({"versions": {"python": "3.10"}}, "Python 3.10, here 3.11"),
        ({"settings": {"calibration loop": 0}}, "calibration loop 0, here 1"),
    ],
)
def test_a_baseline_of_another_machine_compares_with_nothing(more: Any, said: str) -> None:
    found = sessions(process=[1.0, 1.0])
    compared_with = reference(stored(found), stored(found, **more), "store it", timed=True)
    (gate,) = engine_gates(found, compared_with, 1.3)
    assert gate.verdict == "inconclusive"
    assert said in gate.note
    assert "store it" in gate.note


def test_no_baseline_says_what_to_run() -> None:
    found = sessions(process=[1.0, 1.0])
    (gate,) = engine_gates(found, reference(stored(found), None, "store it", timed=True), 1.3)
    assert (gate.verdict, gate.value) == ("inconclusive", 1.0)
    assert gate.note.startswith("no baseline: `store it`")
