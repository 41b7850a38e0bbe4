"""Does a package find its modules after the folder that it was imported from is gone?"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import job.rules
from job.rules.discovery import rule_classes

ROOT = Path(__file__).parents[2]
#: What a TaskManager's Python does when an attempt is broken off while it imports: the folder of
#: the first goes, the second has its own, and the packages are still those of the first.
PROGRAM = """
import shutil, sys
first, second = sys.argv[1:]
sys.path.insert(0, first)
import job.engine, job.rules
shutil.rmtree(first)
sys.path.insert(0, second)
import job.engine.card_engine, job.rules.discovery
print(job.engine.card_engine.__file__, len(job.rules.discovery.rule_classes()))
"""


def test_the_next_attempt_finds_what_the_first_had_not_yet_imported(tmp_path: Path) -> None:
    for name in ("first", "second"):
        ignore = shutil.ignore_patterns("__pycache__", "java")
        shutil.copytree(ROOT / "job", tmp_path / name / "job", ignore=ignore)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "first"), str(tmp_path / "second")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    file, rules = done.stdout.split()
    assert file == str(tmp_path / "second" / "job" / "engine" / "card_engine.py")
    assert int(rules) == len(rule_classes())


def test_while_its_folder_is_there_it_looks_nowhere_else() -> None:
    assert list(job.rules.__path__) == [str(Path(job.rules.__file__).parent)]
