"""Does the worked example on the page about one's own data print what the page says?"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from evaluation.evaluate import read_results
from workbench import cli, cli_run

PAGE = (Path(__file__).parents[2] / "docs" / "own-data.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    found = re.search(rf"<!-- {re.escape(name)} -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, name
    return found[1]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("mine.csv", "mine.toml"):
        (tmp_path / name).write_text(block(name))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli_run, "RUNS", tmp_path / "runs")
    # The test process keeps its own way to end.
    monkeypatch.setattr("workbench.cli.signal.signal", lambda *_: None)
    return tmp_path


def paystream(monkeypatch: pytest.MonkeyPatch, *words: str) -> object:
    monkeypatch.setattr(sys, "argv", ["paystream", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def test_the_example_finds_card_testing_and_names_the_blind_rules(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = paystream(monkeypatch, "replay", "--data", "mine.csv", "--mapping", "mine.toml")
    printed = capsys.readouterr().out
    assert code == 3
    for line in block("report").splitlines():
        assert line in printed
    (run,) = (here / "runs").iterdir()
    results = read_results(run)
    assert results.blind_rules["impossible_travel"] == ["latitude", "longitude"]
    assert set(results.blind_rules) == {
        "account_takeover",
        "decline_burst",
        "device_sharing",
        "impossible_travel",
    }
    caught = pq.read_table(run / "results" / "detection_alerts.parquet").to_pylist()
    assert [each["rules"] for each in caught] == [["card_testing"]]
    needs = msgspec.json.decode((run / "rule_needs.json").read_bytes())
    assert needs["velocity"] == []
    everything = printed + "".join(
        file.read_bytes().decode("utf-8", errors="replace")
        for file in run.rglob("*")
        if file.is_file()
    )
    assert "4000001234567899" not in everything


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data", "mine.csv"], "--data needs --mapping"),
        (["--mapping", "mine.toml"], "need --data"),
        (["--data", "mine.csv", "--mapping", "mien.toml"], "no such file"),
        (["--data", "mine.csv", "--mapping", "paysim"], "has no column 'step'"),
        (["--data", "none.csv", "--mapping", "mine.toml"], "none.csv"),
        (["--data", "mine.csv", "--mapping", "mine.toml", "--seed", "2"], "--seed"),
        (["--data", "mine.csv", "--mapping", "mine.toml", "--bad-rows", "go"], "bad_rows"),
        (
            ["--data", "mine.csv", "--mapping", "mine.toml", "--rate", "9", "--speedup", "2"],
            "not both",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_line_with_exit_code_2(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    assert paystream(monkeypatch, "replay", *words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("paystream: ")
    assert said in line
    assert not list((here / "runs").glob("*"))
