"""What do the tests of the gates share: runs that were judged, gates by hand, a result of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evaluation.evaluate import judge_run
from evaluation.gates.gate import Gate
from evaluation.gates.profiles import Profile, load_profile
from evaluation.gates.repetition import Repetition, read_repetition
from evaluation.gates.results import GatesResult, verdict_of
from evaluation.thresholds import load_thresholds

#: 12 seconds with 100 swipes each: a recording of the tests is too short for the shipped bounds.
SMALL = """
[laptop.runs]
repetitions_min = 2
[laptop.latency]
resamples = 200
block_s = 0.5
samples_beyond = 10
blocks_min = 20
"""


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """The laptop's, with samples and blocks that short runs have."""
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    return load_profile("laptop", file)


@pytest.fixture
def repeat(
    record: Callable[..., Any], profile: Profile
) -> Callable[[Callable[[Any], None] | None], list[Repetition]]:
    """Three repetitions, the last of them changed by the test; the first does not count."""

    def made(change: Callable[[Any], None] | None = None) -> list[Repetition]:
        found = []
        for number in range(3):
            recording = record(name=f"run-{number}")
            recording.run["run_id"] = f"run-{number}"
            if number == 2 and change is not None:
                change(recording)
            folder = recording.write()
            judge_run(folder, load_thresholds())
            found.append(read_repetition(folder, profile.latency, counts=number > 0))
        return found

    return made


@pytest.fixture
def make_gate() -> Callable[..., Gate]:
    """A gate that held, but for what the test says."""

    def make(name: str = "a_gate", **more: Any) -> Gate:
        given: dict[str, Any] = {
            "name": name,
            "question": "Does it hold?",
            "part": "live",
            "kind": "relative",
            "unit": "ms",
            "verdict": "pass",
            "value": 80.0,
            "low": 75.0,
            "high": 90.0,
            "threshold": 100.0,
        }
        return Gate(**{**given, **more})

    return make


@pytest.fixture
def make_result() -> Callable[..., GatesResult]:
    """A result of some gates under a profile, with its verdict."""

    def make(*gates: Gate, blocks: str = "promises") -> GatesResult:
        profile = load_profile("laptop")
        verdict = msgspec.structs.replace(profile.verdict, inconclusive_blocks=blocks)
        profile = msgspec.structs.replace(profile, verdict=verdict)
        return GatesResult(
            gates_id="20260101T000000-laptop-abcd",
            profile="laptop",
            commit="0123456789abcdef",
            dirty=False,
            started_at="2026-01-01T00:00:00+00:00",
            machine={"processor": "a processor", "cores": 2},
            versions={"python": "3.11"},
            verdict=verdict_of(gates, profile),
            gates=list(gates),
            thresholds=profile,
            parts=["live"],
        )

    return make
