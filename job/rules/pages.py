"""What do the rules do, on one page for people?

The page is made of the rules' own docstrings and parameters; ``docs/rules.md`` is kept equal to it
by a test. Write it anew with ``python -m job.rules.pages docs/rules.md``.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

import job.rules.base
from job.docstrings import markdown, page, parameter_texts
from job.rules.base import CardRule, Rule, RuleParameters
from job.rules.discovery import rule_classes

#: The sections of a rule's page, in their order; the question stands before them.
SECTIONS: Final = ("Formula", "Misses", "Disorder", "References", "Examples")


def render() -> str:
    """The whole page, in Markdown."""
    return "\n".join([_opening(), *(_rule(rule) for rule in rule_classes().values())])


def _opening() -> str:
    lines = [
        "# The rules",
        "",
        "Generated from the rules' own pages (`python -m job.rules.pages docs/rules.md`).",
        "",
        _words(),
        "",
        "| rule | question | fires at | weight |",
        "| --- | --- | --- | --- |",
    ]
    for name, rule_class in rule_classes().items():
        rule = rule_class()
        fires_at = f"{rule.threshold:g} {rule.unit}"
        question = page(rule_class).question
        lines.append(f"| [{name}](#{name}) | {question} | {fires_at} | {rule.parameters.weight} |")
    return "\n".join([*lines, ""])


def _words() -> str:
    """The words that all pages use, as the base module defines them."""
    text = inspect.getdoc(job.rules.base) or ""
    return markdown(text[text.index("Words that all pages use") : text.index("The class doc")])


def _rule(rule_class: type[Rule]) -> str:
    rule_page = page(rule_class)
    looks_at = "one card" if issubclass(rule_class, CardRule) else "many cards, by window"
    lines = [
        f"## {rule_class.name}",
        "",
        f"**{rule_page.question}** Looks at {looks_at}; reason code `{rule_class.reason_code}`.",
        "",
    ]
    for title in SECTIONS:
        text = rule_page.sections[title]
        shown = _example(text) if title == "Examples" else markdown(text)
        lines += [f"### {title}", "", shown, ""]
    lines += ["### Parameters", "", *_parameters(rule_class.Parameters), ""]
    return "\n".join(lines)


def _parameters(parameters_class: type[RuleParameters]) -> Iterator[str]:
    texts = parameter_texts(parameters_class, RuleParameters)
    defaults = msgspec.to_builtins(parameters_class())
    yield "| parameter | default | meaning |"
    yield "| --- | --- | --- |"
    for name, default in defaults.items():
        shown = msgspec.json.encode(default).decode()
        yield f"| `{name}` | {shown} | {markdown(texts[name])} |"


def _example(text: str) -> str:
    """A doctest as it stands, its words between the blocks included."""
    return f"```pycon\n{text}\n```"


def main(arguments: list[str]) -> None:
    """Write the page to the file named by the only argument."""
    if len(arguments) != 1:
        raise SystemExit("usage: python -m job.rules.pages FILE")
    Path(arguments[0]).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
