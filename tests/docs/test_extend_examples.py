"""Are the judge and the fault of `docs/extend.md` complete and right, as a reader drops them in?"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"Here is `([\w/]+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = dict(EXAMPLE.findall(PAGE))
JUDGE, FAULT = "evaluation/judges/refusals.py", "stack/faults/zookeeper_pause.py"
TESTS = {JUDGE: "tests/evaluation/test_evaluate_history.py", FAULT: "tests/stack/test_faults.py"}
PACKAGES = (
    *("job", "scenarios", "generator", "evaluation", "stack", "workbench", "delivery"),
    *("monitoring", "tests/evaluation", "tests/stack"),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and the tests that find the examples, with them in it."""
    folder = tmp_path_factory.mktemp("extended")
    for each in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__", "target")
        shutil.copytree(ROOT / each, folder / each, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, text in EXAMPLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def python(copy: Path, *arguments: str) -> tuple[int, str]:
    """Run Python on the copy's packages."""
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=inherited | {"PYTHONPATH": str(copy), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_page_has_both() -> None:
    assert EXAMPLES.keys() == {JUDGE, FAULT}


@pytest.mark.parametrize("example", [JUDGE, FAULT])
def test_the_tests_that_find_it_pass(example: str, copy: Path) -> None:
    name = Path(example).stem
    options = ("-p", "pytest_timeout", "-q", "-rpf", "-k", name)
    code, output = python(copy, "-m", "pytest", *options, TESTS[example])
    assert code == 0, output
    assert f"PASSED {TESTS[example]}::" in output


def test_the_judge_is_asked_about_a_run(copy: Path) -> None:
    run = copy / "a-run"
    shutil.copytree(ROOT / "examples" / "run", run)
    program = (
        "from pathlib import Path; from evaluation.evaluate import evaluate;"
        f"found = evaluate(Path({str(run)!r})).judge('refusals');"
        "print(found.verdict, *(each.name for each in found.figures))"
    )
    code, output = python(copy, "-W", "ignore", "-c", program)
    assert code == 0, output
    assert output.split() == ["pass", "refused_share"]


def test_the_fault_can_be_asked_for(copy: Path) -> None:
    program = "from workbench.fault_plan import known_faults; print(*known_faults())"
    code, output = python(copy, "-W", "ignore", "-c", program)
    assert code == 0, output
    assert "zookeeper_pause" in output.split()


def test_style_and_types(copy: Path) -> None:
    for check in (
        ["ruff", "format", "--no-cache", "--check"],
        ["ruff", "check", "--no-cache"],
        ["mypy", "--cache-dir", str(copy / "types")],
    ):
        code, output = python(copy, "-m", *check, *EXAMPLES)
        assert code == 0, output
