"""Does the workbench have the commands and options that the containers start it with?"""

from __future__ import annotations

from typing import Any

import pytest
import typer

from tests.deployment import compose_file
from workbench.cli import app


def ours() -> dict[str, list[str]]:
    """Commands of `paystream` by service."""
    return {
        name: each["command"]
        for name, each in compose_file.services(compose_file.read()).items()
        if each["image"].startswith("paystream/workbench:") and "entrypoint" not in each
    }


def unknown(words: list[str]) -> list[str]:
    """What the command line does not have of a command."""
    commands: dict[str, Any] = getattr(typer.main.get_command(app), "commands", {})
    command = commands.get(words[0])
    if command is None:
        return [words[0]]
    known = {option for each in command.params for option in each.opts}
    given = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
    return [option for option in given if option not in known]


@pytest.mark.parametrize("service", ours())
def test_it_can_be_started(service: str) -> None:
    assert unknown(ours()[service]) == []


def test_a_misspelt_option_is_found() -> None:
    """The negative control."""
    assert unknown(["dashboard", "--adress=0.0.0.0"]) == ["--adress"]
    assert unknown(["dashbord"]) == ["dashbord"]
