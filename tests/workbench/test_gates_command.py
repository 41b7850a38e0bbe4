"""Does `paystream gates` refuse what is wrong by name, and leave nothing when it is stopped?"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from evaluation.gates.gate import Gate
from evaluation.gates.profiles import load_profile
from workbench import cli
from workbench.children import ChildFailed
from workbench.console import Phases
from workbench.gates import Folders, Request, in_one_line, run_gates, with_broken

PAYSTREAM = [sys.executable, "-c", "from workbench.cli import main; main()"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--profile", "night"], "night: no such profile; there are laptop, ci, release"),
        (["--thresholds", "{mine}"], "ci.runs.repetitions: Expected `int` >= 1"),
        (["--thresholds", "{none}"], "no such file"),
        (["--only", "lvie"], "only: 'lvie' is none of live, engine, detection"),
        (["--repeat", "3"], "repeat: goes with --only engine alone"),
        (["--only", "engine", "--run", "x"], "run: stored runs are judged by the live gates"),
        (["--run", "unknown"], "run: unknown: no judged run of that name"),
        (["--only", "engine"], "laptop.json: no baseline: "),
    ],
)
def test_what_is_wrong_is_refused_by_name_with_exit_code_2(
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "mine.toml").write_text("[ci.runs]\nrepetitions = 0\n")
    (tmp_path / "baselines").mkdir()
    (tmp_path / "baselines" / "laptop.json").write_text("{")
    files = {"mine": tmp_path / "mine.toml", "none": tmp_path / "none.toml"}
    folders = [
        part
        for name in ("out", "runs", "exams", "baselines", "replays")
        for part in (f"--{name}", str(tmp_path / name))
    ]
    given = [each.format(**files) for each in arguments]
    monkeypatch.setattr(sys, "argv", ["paystream", "gates", *folders, *given])
    # The test process keeps its own way to end.
    monkeypatch.setattr("workbench.cli.signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("paystream: ")
    assert said in line
    assert not (tmp_path / "out").exists()


def test_benchmarks_that_do_not_run_leave_no_folder(tmp_path: Path, quiet: Phases) -> None:
    request = Request("ci", load_profile("ci"), parts=("engine",), bench_root=tmp_path)
    with pytest.raises(ChildFailed, match="the benchmarks ended with"):
        run_gates(request, quiet, Folders(gates=tmp_path / "gates"))
    assert list((tmp_path / "gates").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_it_leaves_no_folder_and_no_process(number: int, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [*PAYSTREAM, "gates", "--only", "engine", "--out", str(out)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        children: list[psutil.Process] = []
        while not children and process.poll() is None:
            time.sleep(0.1)
            if out.exists() and any(out.iterdir()):
                children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, errors
    assert children
    assert [child for child in children if child.is_running()] == []
    assert list(out.iterdir()) == []


def test_a_run_that_broke_leaves_open_what_it_might_have_shown() -> None:
    held, failed = a_gate("pass"), a_gate("fail")
    broken = with_broken(held, "run 3 broke: Kafka is gone")
    assert (broken.verdict, broken.note) == ("inconclusive", "run 3 broke: Kafka is gone")
    assert with_broken(failed, "run 3 broke: Kafka is gone") == failed
    assert with_broken(held, "") == held


def test_one_turn_in_one_line_counts_verdicts_and_names_the_dearest() -> None:
    gates = [a_gate("pass"), a_gate("fail", name="dear", value=1.5, baseline=1.0)]
    assert in_one_line(gates) == "1 pass, 1 fail; highest 1.50 (dear)"
    assert in_one_line(gates[:1]) == "1 pass"


def a_gate(verdict: Any, name: str = "missing", **more: Any) -> Gate:
    return Gate(
        name=name,
        question="?",
        part="live",
        kind="promise",
        unit="records",
        verdict=verdict,
        **more,
    )
