"""Is a wrong threshold refused by name, and does each profile say what it should?"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from evaluation.gates.profiles import load_profile
from evaluation.toml_file import SettingsFileError

PROFILES = ("laptop", "ci", "release")


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_promises_the_same(name: str) -> None:
    profile = load_profile(name)
    assert profile.promises == load_profile("laptop").promises
    assert (profile.promises.missing, profile.promises.repeated, profile.promises.different) == (
        0,
        0,
        0,
    )
    assert profile.promises.uncommitted_p99_ms == 100.0
    assert profile.runs.repetitions >= profile.runs.repetitions_min >= 5


def test_only_a_release_is_blocked_by_every_gate_that_nobody_could_decide() -> None:
    said = {name: load_profile(name).verdict.inconclusive_blocks for name in PROFILES}
    assert said == {"laptop": "promises", "ci": "promises", "release": "all"}


def test_a_file_states_only_what_differs_and_may_add_a_profile(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[ci.runs]\nduration_s = 30\n[nightly.engine]\nsessions = 9\n")
    ci, nightly = load_profile("ci", file), load_profile("nightly", file)
    assert ci.runs == msgspec.structs.replace(load_profile("ci").runs, duration_s=30)
    assert nightly.engine.sessions == 9
    assert nightly.promises == ci.promises


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[ci.runs]\nrepetition = 3", "ci.runs: Object contains unknown field `repetition`"),
        ("[ci.runs]\nrepetitions = 0", "ci.runs.repetitions: "),
        ("[every.cpu]\nratio_max = 0.9", "laptop.cpu.ratio_max: "),
        ("[release.verdict]\ninconclusive_blocks = 'none'", "release.verdict.inconclusive_blocks"),
        ("[laptop.latnecy]\nresamples = 500", "unknown field `latnecy`"),
        ("[laptop]\nruns = 5", "laptop.runs: "),
        ("laptop = 5", "laptop: "),
        ("[laptop", "not readable as TOML"),
    ],
)
def test_a_wrong_field_of_any_profile_is_named(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(SettingsFileError) as refused:
        load_profile("laptop", file)
    assert str(refused.value).startswith(f"{file}: ")
    assert said in str(refused.value)


def test_an_unknown_profile_names_those_that_there_are() -> None:
    with pytest.raises(SettingsFileError, match="night: no such profile; there are laptop"):
        load_profile("night")
    with pytest.raises(SettingsFileError, match="every: no such profile"):
        load_profile("every")
