"""Is what a person gets wrong refused by name, with exit code 2, before anything is started?"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workbench import cli, cli_ab, cli_exam, cli_run


@pytest.mark.parametrize("command", ["simulate", "local"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no such file"),
        ("[latency]\ncommitted_p99_ms = -1.0", "latency.committed_p99_ms: "),
        ("[latency]\ncommited_p99_ms = 1.0", "commited_p99_ms"),
        ("[verdict]\nlocal_judges = ['detektion']", "verdict.local_judges: no judge is called"),
    ],
)
def test_wrong_thresholds(
    command: str,
    text: str | None,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "mine.toml"
    if text is not None:
        file.write_text(text)
    monkeypatch.setattr(cli_run, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(sys, "argv", ["paystream", command, "--thresholds", str(file)])
    # The test process keeps its own way to end.
    monkeypatch.setattr("workbench.cli.signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"paystream: {file}: ")
    assert said in line
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", ["evaluate", "ab"])
@pytest.mark.parametrize("workers", ["-1", "0"])
def test_no_worker_is_refused_before_anything_waits_for_one(
    command: str, workers: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("it was started")

    for module, run in ((cli_exam, "run_exam"), (cli_ab, "run_ab")):
        monkeypatch.setattr(module, run, started)
    monkeypatch.setattr(sys, "argv", ["paystream", command, "--workers", workers])
    monkeypatch.setattr("workbench.cli.signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "--workers" in capsys.readouterr().err
