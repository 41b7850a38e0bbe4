"""Does anything that stands in the address reach a file or a query unchecked?

Whatever a browser can send stands in the parameters of the address. Every name that a page reads is
found in the sources, so that one that is added is tried, too; each gets values that would climb out
of a folder, name a file, end a quote or choose more than one. Beside the folders of results lies
what no page may show.
"""

from __future__ import annotations

import ast
import dataclasses
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

import dashboard
from dashboard.view import views
from tests.dashboard.conftest import Opener, Results, text_of

PACKAGE: Final = Path(dashboard.__file__).parent
#: Functions whose first argument is a name in the address.
READERS: Final = {"choose", "choose_id", "ask"}
HIDDEN: Final = "xyzzy-plugh"


def names_in_the_address() -> list[str]:
    """All that the sources read from it."""
    found: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            found |= set(_names_of(node))
    return sorted(found)


def _names_of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        called = node.func
        by_name = isinstance(called, ast.Name) and called.id in READERS
        by_get = isinstance(called, ast.Attribute) and _is_address(called.value)
        if (by_name or by_get) and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
    elif isinstance(node, ast.Subscript) and _is_address(node.value):
        if isinstance(node.slice, ast.Constant):
            yield str(node.slice.value)
    elif (
        isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Constant)
        and any(_is_address(each) for each in node.comparators)
    ):
        yield str(node.left.value)


def _is_address(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "query_params"


#: Names that stand in a constant or a variable, by the file that reads them.
BY_VARIABLE: Final = {
    "choices.py": (),  # hands on what its callers name
    "example.py": ("source",),
    "views/alerts.py": ("since", "until"),
    "views/compare.py": (),  # removes what no longer counts
    "views/incident.py": ("shard", "incident", "card", "at"),
}
#: Controls that Streamlit itself binds to the address.
BOUND: Final = {
    "views/runs.py": ("verdict", "scenario", "mode", "commit", "figure", "along"),
    "compare/two_runs.py": ("all",),
}
#: Names of what is stored: with these a page looks for a folder or a row.
STORED: Final = frozenset({"run", "a", "b", "ab", "exam", "shard", "incident", "card", "at"})
NAMES: Final = sorted(
    {
        *names_in_the_address(),
        *(n for each in (*BY_VARIABLE.values(), *BOUND.values()) for n in each),
    }
)
#: What else has to stand in the address for a name to be looked at.
BESIDE: Final[dict[str, list[dict[str, str]]]] = {
    "shard": [{"of": "exam", "incident": "x"}],
    "incident": [{"of": "exam"}, {"of": "run"}],
    "card": [{"of": "exam"}, {"of": "run"}],
    "at": [{"of": "exam", "card": "x"}, {"of": "run", "card": "x"}],
}


def _reads(view: str, name: str) -> bool:
    """Whether a page reads a name: its own module, and what it imports of the dashboard."""
    seen: set[str] = set()
    waiting = [f"dashboard.views.{view}"]
    while waiting:
        module = waiting.pop()
        if module in seen or not module.startswith("dashboard"):
            continue
        seen.add(module)
        file = PACKAGE.parent / Path(*module.split("."))
        file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
        if not file.is_file():
            continue
        known = str(file.relative_to(PACKAGE))
        if name in (*BY_VARIABLE.get(known, ()), *BOUND.get(known, ())):
            return True
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if name in _names_of(node):
                return True
            if isinstance(node, ast.ImportFrom) and node.module:
                waiting += [node.module, *(f"{node.module}.{each.name}" for each in node.names)]
    return False


#: Which page reads which name.
READ: Final = [(view.path, name) for view in views() for name in NAMES if _reads(view.path, name)]


def hostile(outside: Path) -> list[str]:
    """What somebody would try."""
    return [
        "../outside/run-secret",
        str(outside / "run-secret"),
        "run-1/../../outside/run-secret",
        "' OR 1=1 --",
        f"x'); COPY (SELECT 1) TO '{outside}/written'; --",
        "run-1\x00",
        "*",
        "%2e%2e%2foutside",
        "9" * 5_000,
    ]


def test_the_names_are_found() -> None:
    assert {"run", "exam", "a", "b", "ab", "incident", "card", "at", "source"} <= set(NAMES)
    assert {"entity", "since", "index", "rule", "scenario"} <= set(NAMES)


def test_a_file_that_reads_names_by_variable_is_known_here() -> None:
    found = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if _reads_by_variable(node)
    }
    assert found == set(BY_VARIABLE)
    bound = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if "query-params" in file.read_text(encoding="utf-8")
    }
    assert bound == set(BOUND)


def _reads_by_variable(node: ast.AST) -> bool:
    if isinstance(node, ast.Subscript):
        return _is_address(node.value) and not isinstance(node.slice, ast.Constant)
    if not isinstance(node, ast.Call) or not node.args or isinstance(node.args[0], ast.Constant):
        return False
    called = node.func
    if isinstance(called, ast.Name):
        return called.id in READERS
    return isinstance(called, ast.Attribute) and called.attr == "get" and _is_address(called.value)


@dataclass
class Opened:
    """Files that Python opened while it was watched."""

    watching: bool = False
    files: list[str] = field(default_factory=list)

    def hear(self, event: str, given: tuple[Any, ...]) -> None:
        if self.watching and event == "open" and isinstance(given[0], str | Path):
            self.files.append(str(given[0]))


OPENED: Final = Opened()


@contextmanager
def watched() -> Iterator[list[str]]:
    OPENED.files.clear()
    OPENED.watching = True
    try:
        yield OPENED.files
    finally:
        OPENED.watching = False


@pytest.fixture(scope="module")
def outside(results: Results) -> Path:
    """Beside the results: a run, an exam and a file that are none of this dashboard's."""
    # A hook cannot be taken away again: it is quiet unless asked.
    sys.addaudithook(OPENED.hear)
    folder = results.runs.parent / "outside"
    shutil.copytree(results.runs / "run-1", folder / "run-secret")
    for file in folder.rglob("*.json"):
        file.write_text(file.read_text().replace("run-1", HIDDEN))
    shutil.copytree(results.exams / "20260101T000000-exam-aaaa", folder / "exam-secret")
    return folder


def test_the_watch_sees_what_is_opened(outside: Path) -> None:
    with watched() as files:
        (outside / "run-secret" / "run.json").read_text()
    assert any("outside" in file for file in files)


def test_what_lies_outside_would_be_shown_were_it_asked_for_rightly(
    open_page: Opener, results: Results, outside: Path
) -> None:
    page = open_page("run", dataclasses.replace(results, runs=outside), run="run-secret")
    assert not page.exception
    assert page.selectbox[0].value == "run-secret"


Visit = Callable[[str, str, list[str]], None]


@pytest.fixture
def visit(open_page: Opener, results: Results, outside: Path) -> Visit:
    """Open a page with each of some values in the address, and look at what it did."""

    def opened(view: str, name: str, values: list[str]) -> None:
        for value in values:
            with watched() as files:
                pages = [
                    open_page(view, results, **beside, **{name: value})
                    for beside in BESIDE.get(name, [{}])
                ]
            for page in pages:
                assert not page.exception, (name, value, page.exception)
                assert HIDDEN not in text_of(page)
            assert [file for file in files if "outside" in file or "/etc/" in file] == []
        assert not (outside / "written").exists()

    return opened


@pytest.mark.parametrize(("view", "name"), [pair for pair in READ if pair[1] in STORED])
def test_what_names_something_stored_leads_nowhere_else(
    visit: Visit, outside: Path, view: str, name: str
) -> None:
    climbs, absolute, *_, digits = hostile(outside)
    visit(view, name, [digits] if name == "at" else [climbs, absolute])


@pytest.mark.slow
@pytest.mark.parametrize(("view", "name"), READ)
def test_nothing_that_can_be_sent_leads_out_of_the_folders(
    visit: Visit, outside: Path, view: str, name: str
) -> None:
    visit(view, name, hostile(outside))
