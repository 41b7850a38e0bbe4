"""Do two machines keep their baselines under one key exactly if the gates compare their times?"""

from __future__ import annotations

from typing import Any

import pytest

from evaluation.gates.baseline import Measured
from tools import baseline_keys

MACHINE = {"processor": "one", "cores": 4, "memory_gib": 16.0, "load_average_1min_before": 0.1}
VERSIONS = {"python": "3.11.15", "java": "17"}


@pytest.mark.parametrize(
    ("machine", "versions"),
    [
        ({}, {}),
        ({"memory_gib": 8.0, "load_average_1min_before": 9.0}, {"java": "21"}),
        ({"processor": "another"}, {}),
        ({"cores": 2}, {}),
        ({}, {"python": "3.11.16"}),
    ],
)
def test_the_key_says_whether_times_are_compared(
    machine: dict[str, Any], versions: dict[str, str]
) -> None:
    here, there = MACHINE | machine, VERSIONS | versions
    same_key = baseline_keys.keys(here, there) == baseline_keys.keys(MACHINE, VERSIONS)
    refused = measured(here, there).incomparable(measured(MACHINE, VERSIONS), timed=True)
    assert same_key is (refused == "")


def measured(machine: dict[str, Any], versions: dict[str, str]) -> Measured:
    return Measured(
        measured_at="2026-01-01",
        commit=None,
        dirty=None,
        machine=machine,
        versions=versions,
        settings={},
        source=[],
        figures={},
    )


@pytest.mark.parametrize("raised", ["BASELINE_FORMAT", "CALIBRATION"])
def test_a_baseline_that_cannot_be_read_or_compared_any_more_is_not_found(
    raised: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = baseline_keys.keys(MACHINE, VERSIONS)
    monkeypatch.setattr(baseline_keys, raised, 99)
    after = baseline_keys.keys(MACHINE, VERSIONS)
    assert not before["kind"].startswith(after["any"])


def test_the_keys_of_a_kind_are_among_those_of_all() -> None:
    found = baseline_keys.keys(MACHINE, VERSIONS)
    assert found["kind"].startswith(found["any"])
    assert found["kind"] != found["any"]


def test_they_are_handed_on_as_a_step_s_values(capsys: pytest.CaptureFixture[str]) -> None:
    assert baseline_keys.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("=")[0] for line in lines] == ["any", "kind"]
