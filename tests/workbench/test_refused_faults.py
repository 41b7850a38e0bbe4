"""Is a fault that cannot be brought about refused in one line, with exit code 2, before a run?"""

from __future__ import annotations

import sys

import pytest

from stack.settings import StackSettings
from workbench import cli, cli_chaos, cli_soak, moves
from workbench import simulate as simulate_module
from workbench.fault_fit import kinds, require_fit
from workbench.fault_plan import FLOODS


@pytest.fixture
def refused(monkeypatch, tmp_path, capsys):
    """Give a function: words of a command -> the one line that refuses it."""

    def started(*_: object, **__: object) -> None:
        raise AssertionError("it was started")

    for module in (cli_chaos, cli_soak):
        monkeypatch.setattr(module, "run_chaos", started)
    monkeypatch.setattr(simulate_module, "take_replay", started)
    monkeypatch.setenv("PAYSTREAM_STACK_DATA_FOLDER", str(tmp_path / "stack"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("workbench.cli.signal.signal", lambda *_: None)

    def run(*words: str) -> str:
        out = () if words[0] == "simulate" else ("--out", str(tmp_path / "out"))
        monkeypatch.setattr(sys, "argv", ["paystream", *out_last(words, out)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 2
        assert not (tmp_path / "out").exists()
        return capsys.readouterr().err

    return run


def out_last(words: tuple[str, ...], out: tuple[str, ...]) -> tuple[str, ...]:
    return words if "--out" in words else (*words, *out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chaos", "--fault", "nonsense"], "unknown fault 'nonsense'; known are: disk_full"),
        (["chaos", "--fault", "kafka_kill+nonsense"], "unknown fault 'nonsense'"),
        (["chaos", "--fault", ""], "unknown fault ''"),
        (["chaos", "--fault", "jobmanager_kill"], "jobmanager_kill needs a second JobManager"),
        (["chaos", "--fault", "kafka_kill+zookeeper_kill"], "high availability (--ha)"),
        (["chaos", "--fault", "kafka_kill,s3_outage"], "s3_outage needs checkpoints"),
        (["chaos", "--fault", "s3_outage", "--ha"], "object store (--s3)"),
        (["chaos", "--fault", "rescale", "--taskmanagers", "1"], "--taskmanagers 2"),
        (["chaos", "--times", "2"], "--times goes with one fault"),
        (["chaos", "--fault", "kafka_kill", "--docs", "."], "--docs: . is a folder"),
        (["chaos", "--fault", "kafka_kill", "--docs", "no/faults.md"], "there is no folder no"),
        (["chaos", "--checkpoint-interval-ms", "1"], "checkpoint_interval_ms: "),
        (["chaos", "--rate", "0"], "rate_per_min: "),
        (["soak", "--rate", "0"], "rate_per_min: "),
        (["simulate", "--fault", "jobmanager_kill"], "high availability (--ha)"),
    ],
)
def test_refused_in_one_line(refused, words, said):
    (line,) = refused(*words).splitlines()
    assert line.startswith("paystream: ")
    assert said in line


@pytest.mark.parametrize("command", ["chaos", "soak"])
def test_a_folder_that_cannot_be_made_is_refused(refused, command, tmp_path):
    (tmp_path / "file").write_text("")
    assert "--out: " in refused(command, "--out", str(tmp_path / "file"))


@pytest.mark.parametrize(
    "words",
    [
        ["chaos", "--times", "0"],
        ["chaos", "--seed", "-1"],
        ["chaos", "--taskmanagers", "0"],
        ["soak", "--minutes", "0"],
        ["soak", "--fault-every", "5"],
        ["soak", "--seed", "-1"],
    ],
)
def test_a_number_out_of_range_is_refused_by_name(refused, words):
    assert f"'{words[1]}'" in refused(*words)


def test_whatever_needs_something_says_with_which_option_it_comes():
    bare = StackSettings(taskmanagers=1)
    lacking = {name: kind for name, kind in kinds().items() if not kind.fits(bare)}
    assert lacking.keys() == {"jobmanager_kill", "zookeeper_kill", "s3_outage", "rescale"}
    assert all("(--" in kind.needs for kind in lacking.values())
    assert not any(kind.needs for name, kind in kinds().items() if name not in lacking)
    everything = StackSettings(high_availability=True, object_store=True, taskmanagers=2)
    for name in (*kinds(), *FLOODS, "random", "kafka_kill,rescale"):
        require_fit(name, everything)
    assert set(moves.discover()) <= kinds().keys()
