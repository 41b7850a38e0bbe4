"""Does everything exist that the pages tell a reader to type?"""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from job.flink.options import parse_options
from stack.settings import StackSettings
from workbench import cli_run
from workbench.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")

FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
ASSIGNMENT = re.compile(r"(\w+)=(\S+)")
SETTING_ROW = re.compile(r"^\| (`[^|]+`) \| ([^|]+?) \| [^|]+ \|$", re.MULTILINE)


def code(text: str) -> Iterator[str]:
    """Lines of the shell blocks, comments and continuations removed, and the spans of code."""
    for language, block in FENCED.findall(text):
        if language == "sh":
            lines = block.replace("\\\n", " ").splitlines()
            yield from (line.partition(" #")[0].strip() for line in lines)
    yield from SPAN.findall(FENCED.sub("", text))


def typed(command: str) -> list[str]:
    """Each use of a command in the pages, once."""
    pages = (page.read_text(encoding="utf-8") for page in PAGES)
    uses = {use for page in pages for use in code(page)}
    return sorted(use for use in uses if re.match(rf"(\.venv/bin/)?{re.escape(command)} ", use))


def dry_run(*words: str) -> tuple[int, str]:
    """What make would run; it runs nothing."""
    # Under `make test`, make's own variables would tell this one what to do.
    unset = [part for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS") for part in ("-u", name)]
    done = subprocess.run(
        ["env", *unset, "make", "--dry-run", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def settings() -> list[tuple[str, str]]:
    """Names and defaults in the README's table of settings."""
    _, _, text = README.partition("\n## Settings\n")
    rows = SETTING_ROW.findall(text.partition("\n## ")[0])
    found = []
    for names, defaults in rows:
        each = SPAN.findall(names)
        values = defaults.split(", ") if len(each) > 1 else [defaults]
        found += list(zip(each, values, strict=True))
    return found


# make


@pytest.mark.parametrize("use", typed("make"))
def test_make_knows_the_target_and_passes_each_setting_on(use: str) -> None:
    status, output = dry_run(*use.split()[1:])
    assert status == 0, output
    for name, value in ASSIGNMENT.findall(use):
        option = f"--{name.replace('_', '-')}"
        given = f"{option} '{value}'" in output or f" '{value}'" in output
        assert given or (value == "1" and re.search(rf" {option}(\s|$)", output))


def test_an_unknown_target_is_found() -> None:
    """The negative control."""
    assert dry_run("no-such-target")[0] == 2


# The table of settings


@pytest.mark.parametrize("setting", [name for name, _ in settings()])
def test_simulate_takes_every_setting_through_make(setting: str) -> None:
    name, _, value = setting.partition("=")
    status, output = dry_run("simulate", f"{name}={value or 'something'}")
    option = f"--{name.replace('_', '-')}"
    assert status == 0, output
    assert re.search(rf"simulate.* {option}( 'something')?(\s|$)", output)
    assert option in options("simulate")


@pytest.mark.parametrize(("setting", "default"), settings())
def test_the_default_of_a_setting_is_the_one_that_stands_there(setting: str, default: str) -> None:
    parameters = inspect.signature(cli_run.simulate).parameters
    actual = parameters[setting.partition("=")[0]].default
    said = {"off": "False"}.get(default, default.strip("`").replace(",", ""))
    if actual is None:  # what is worked out when nothing is given is described in words
        assert not said.isdecimal()
    else:
        assert said == (f"{actual:g}" if isinstance(actual, float) else str(actual))


def test_the_table_has_every_setting_that_make_knows() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lists = re.findall(r"^(?:RUN_)?SETTINGS := (.*)$", makefile, re.MULTILINE)
    known = {"undisturbed", "keep_stack", "ha", "s3"} | {
        name for each in lists for name in each.split()
    }
    assert {setting.partition("=")[0] for setting, _ in settings()} == known


# paystream


def subcommand(*names: str) -> Any:
    command: Any = typer.main.get_command(app)
    for name in names:
        assert name in getattr(command, "commands", {}), f"paystream has no command {name}"
        command = command.commands[name]
    return command


def options(*names: str) -> set[str]:
    command = subcommand(*names)
    return {option for each in command.params for option in each.opts} | {"--help"}


@pytest.mark.parametrize("use", typed("paystream"))
def test_paystream_has_the_command_and_its_options(use: str) -> None:
    words = use.split()[1:]
    names: list[str] = []
    while words and hasattr(subcommand(*names), "commands") and not words[0].startswith("-"):
        names.append(words.pop(0))
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert given <= options(*names)


def test_options_that_stand_alone_are_paystream_s() -> None:
    alone = {span for span in SPAN.findall(FENCED.sub("", README)) if re.match(r"--[\w-]+$", span)}
    # The job's command line is spoken of by name in a section of its own.
    assert alone
    assert alone <= options() | options("simulate")


# What else is typed


def test_the_job_takes_the_options_of_the_example_of_production() -> None:
    (line,) = (use for use in code(README) if use.startswith("flink run"))
    arguments = line.partition("main.py")[2].split()
    parsed = parse_options(arguments)
    assert parsed.bootstrap_servers == "HOST:PORT"
    assert parsed.state_backend == "rocksdb"


def test_every_module_that_is_called_by_name_exists() -> None:
    modules = re.findall(r"python -m ([\w.]+)", README)
    assert modules
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


def test_every_variable_of_the_stack_is_a_setting() -> None:
    _, _, text = README.partition("`PAYSTREAM_STACK_<NAME>`")
    named = re.findall(r"`([A-Z_]+)`", text.partition("stack/settings.py")[0])
    assert len(named) >= 5
    assert [name for name in named if name.lower() not in StackSettings.model_fields] == []
