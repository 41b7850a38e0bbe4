"""What does a reviewer of a pull request see of the gates: Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from evaluation.gates.results import GatesResult
from evaluation.gates.wording import notes_of, row_of

SUMMARY_FILE: Final = "summary.md"


def summary(result: GatesResult) -> str:
    """The whole page; the verdict first."""
    return "\n".join(_lines(result)) + "\n"


def _lines(result: GatesResult) -> Iterator[str]:
    yield f"## Gates, {_cell(result.profile)}: **{result.verdict.value}**"
    yield ""
    yield f"{_sentence(result.verdict.reason)}."
    yield ""
    yield "| gate | value | 95% interval | threshold | baseline | verdict |"
    yield "| --- | ---: | --- | --- | ---: | --- |"
    for gate in result.gates:
        row = row_of(gate)
        verdict = row.verdict if gate.verdict == "pass" else f"**{row.verdict}**"
        cells = [row.name, row.value, row.interval, row.threshold, row.baseline]
        yield f"| {' | '.join(map(_cell, cells))} | {verdict} |"
    notes = notes_of(result)
    if notes:
        yield ""
    for note in notes:
        aside = "" if note.blocks else ", reported only"
        yield f"- **{_cell(', '.join(note.gates))}** ({note.verdict}{aside}): {_cell(note.text)}"
    yield ""
    commit = (result.commit or "unknown")[:12] + (" with changes" if result.dirty else "")
    machine = f"{result.machine.get('processor')}, {result.machine.get('cores')} cores"
    measured = ", ".join(result.parts)
    yield f"Commit {commit}, {result.started_at}, {_cell(machine)}; measured: {measured}."


def _sentence(text: str) -> str:
    return _cell(text[:1].upper() + text[1:])


def _cell(text: str) -> str:
    """Text that does not end a cell, a line, or begin markup."""
    for mark in "\\|<>*[]":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")
