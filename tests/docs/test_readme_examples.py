"""Are the README's examples complete and right, dropped in as a reader would drop them in?

Each code block of a how-to section is written to the file that the text names before it, in a copy
of the packages. There it meets the tests that find every rule and every scenario by themselves.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
#: What the tests of rules and scenarios import or read. Without tests/conftest.py: no Kafka here.
COPIED = ("job", "scenarios", "generator", "tests/job", "tests/scenarios")
RULE_TESTS = (
    "tests/job/rules/test_contract.py",
    "tests/job/rules/test_pages.py",
    "tests/job/rules/test_parameters.py",
    "tests/job/rules/test_references.py",
)
SCENARIO_TESTS = ("tests/scenarios/test_scenario_contract.py",)

BLOCK = re.compile(r"^```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_IN_TEXT = re.compile(r"`((?:\w+/)+\w+\.\w+)`")


def examples(section: str) -> dict[str, str]:
    """Code blocks of a section by the file that the text names last before each."""
    _, heading, text = README.read_text(encoding="utf-8").partition(f"\n## {section}\n")
    assert heading, f"README.md has no section {section!r}"
    text = text.partition("\n## ")[0]
    found, end = {}, 0
    for block in BLOCK.finditer(text):
        named = FILE_IN_TEXT.findall(text[end : block.start()])
        assert named, f"README.md, {section!r}: no file is named before the block {block[1][:60]!r}"
        found[named[-1]] = block[1]
        end = block.end()
    return found


RULE = examples("Add a rule")
SCENARIO = examples("Add a scenario")


def drop_in(files: dict[str, str], copy: Path) -> None:
    for name, text in files.items():
        with (copy / name).open("a", encoding="utf-8") as file:
            file.write(text)


def module_of(files: dict[str, str]) -> str:
    (module,) = (name for name in files if name.endswith(".py"))
    return module


def python(copy: Path, *arguments: str) -> tuple[int, str]:
    """Run Python on the copy's packages, not on those of this repository."""
    # What pytest says of this process, as xdist's worker, is not so of the other.
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("PYTEST_")}
    own = {
        "PYTHONPATH": str(copy),
        # To load every plugin, and to make Hypothesis's tables anew, takes longer than the tests.
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(ROOT / ".hypothesis"),
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=inherited | own,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def run_tests(
    copy: Path, files: dict[str, str], tests: tuple[str, ...], only: str = ""
) -> tuple[int, str]:
    """Run those of the tests that concern the example, and the doctests of its page."""
    module = module_of(files)
    names = Path(module).stem + only
    options = ["-p", "pytest_timeout", "-q", "-rpf", "-k", names]
    return python(copy, "-m", "pytest", *options, module, *tests)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their tests as they are, without the examples."""
    for folder in COPIED:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "tests"), [(RULE, RULE_TESTS), (SCENARIO, SCENARIO_TESTS)], ids=["rule", "scenario"]
)
def test_an_example_passes_the_tests_that_find_it(
    files: dict[str, str], tests: tuple[str, ...], copy: Path
) -> None:
    drop_in(files, copy)
    code, output = run_tests(copy, files, tests)
    assert code == 0, output
    # Whatever finds nothing to test passes too.
    ran = (module_of(files), *tests) if ">>> " in files[module_of(files)] else tests
    assert [name for name in ran if f"PASSED {name}::" not in output] == []


def test_the_rule_s_doctest_mutants_and_reference_are_part_of_the_example() -> None:
    assert ">>> " in RULE[module_of(RULE)]
    assert sorted(Path(name).name for name in RULE) == [
        "chip_fallback.py",
        "chip_fallback.sql",
        "mutants.toml",
    ]


def test_a_rotten_example_is_found(copy: Path) -> None:
    """The negative control: a reason code that breaks the contract."""
    module = module_of(RULE)
    rotten = RULE | {module: RULE[module].replace('"CHIP_FALLBACK"', '"FALLBACK"')}
    assert rotten != RULE
    drop_in(rotten, copy)
    code, output = run_tests(copy, rotten, RULE_TESTS[:1], " and reason_code")
    assert code == 1, output
    assert "FAILED tests/job/rules/test_contract.py::test_reason_code" in output


def test_the_examples_pass_the_checks_on_style_and_types(copy: Path) -> None:
    modules = [module_of(RULE), module_of(SCENARIO)]
    drop_in(RULE | SCENARIO, copy)
    for check in (
        ["ruff", "format", "--no-cache", "--check"],
        ["ruff", "check", "--no-cache"],
        ["mypy", "--cache-dir", str(copy / "types")],
    ):
        code, output = python(copy, "-m", *check, *modules)
        assert code == 0, output
