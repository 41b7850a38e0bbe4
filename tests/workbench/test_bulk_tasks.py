"""Processes side by side: all are told of, and none is left behind."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import msgspec
import psutil
import pytest

from generator.settings import SettingsError
from workbench.bulk import Task, engine_at, run_tasks
from workbench.children import ChildFailed
from workbench.machine import PROJECT_ROOT

TIMED = PROJECT_ROOT / "workbench" / "timed.py"


def task(folder: Path, name: str, code: str) -> Task:
    return Task(name, [sys.executable, "-c", code], folder / f"{name}.log", folder)


def test_all_tasks_are_done_and_progress_reaches_their_number(tmp_path: Path) -> None:
    seen: list[float] = []
    tasks = [
        task(tmp_path, f"t{n}", f"open('done-{n}', 'w').close()\nprint('1 2')") for n in range(4)
    ]
    run_tasks(tasks, 2, seen.append)
    assert seen[-1] == 4
    assert seen == sorted(seen)
    assert len(list(tmp_path.glob("done-*"))) == 4


def test_one_that_fails_ends_the_others_and_names_itself(tmp_path: Path) -> None:
    slow = task(tmp_path, "slow", "import time; time.sleep(600)")
    bad = task(tmp_path, "bad", "import time; time.sleep(1); raise SystemExit('no such shard')")
    with pytest.raises(ChildFailed, match=r"(?s)bad ended with 1.*no such shard"):
        run_tasks([slow, bad], 2, lambda _: None)
    ours = [child for child in psutil.Process().children() if "time.sleep(600)" in cmdline(child)]
    assert not ours


def cmdline(process: psutil.Process) -> str:
    """Empty for one that has ended."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def test_one_that_refuses_its_settings_is_quoted(tmp_path: Path) -> None:
    refuses = task(tmp_path, "bad", "print('cards: too few'); raise SystemExit(2)")
    with pytest.raises(SettingsError, match=r"^cards: too few$"):
        run_tasks([refuses], 1, lambda _: None)


def test_a_command_s_processor_time_is_written_with_its_children_s(tmp_path: Path) -> None:
    burn = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    command = [
        *(sys.executable, str(TIMED), str(tmp_path / "cpu.json")),
        *("--", sys.executable, "-c", nested),
    ]
    run_tasks([Task("timed", command, tmp_path / "log", tmp_path)], 1, lambda _: None)
    used = msgspec.json.decode((tmp_path / "cpu.json").read_bytes())
    assert 0.3 <= used["user_s"] + used["system_s"] < 5.0


def test_a_timed_command_ends_as_it_ended(tmp_path: Path) -> None:
    command = [
        *(sys.executable, str(TIMED), str(tmp_path / "cpu.json")),
        *("--", sys.executable, "-c", "raise SystemExit(7)"),
    ]
    with pytest.raises(ChildFailed, match="ended with 7"):
        run_tasks([Task("timed", command, tmp_path / "log", tmp_path)], 1, lambda _: None)


def test_an_engine_is_known_by_its_rules(tmp_path: Path) -> None:
    other = tmp_path / "rules.toml"
    other.write_text("[velocity]\nswipes = 7\n")
    assert engine_at().hash == engine_at().hash
    assert engine_at(rules_file=other).hash != engine_at().hash


@pytest.mark.parametrize(
    "file", ["bulk.py", "contracts/inputs.py", "engine/fate.py", "rules/velocity.py"]
)
def test_an_engine_is_another_when_what_makes_its_answers_changes(
    tmp_path: Path, file: str
) -> None:
    shutil.copytree(PROJECT_ROOT / "job", tmp_path / "job")
    before = engine_at(tmp_path).hash
    assert before == engine_at().hash
    with (tmp_path / "job" / file).open("a") as code:
        code.write("# another\n")
    assert engine_at(tmp_path).hash != before


def test_a_commit_that_cannot_be_asked_is_refused_as_the_base(tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "__init__.py").touch()
    (tmp_path / "job" / "bulk.py").write_text("raise SystemExit('error: --out is required')\n")
    with pytest.raises(SettingsError, match=f"{tmp_path.name}: .*error: --out is required"):
        engine_at(tmp_path)
