"""How are the figures of gates, and why one did not pass, written for a person?"""

from __future__ import annotations

from typing import NamedTuple

from evaluation.gates.gate import Gate
from evaluation.gates.results import GatesResult
from evaluation.verdict import Value


class Row(NamedTuple):
    """One gate in words; the same in every rendering."""

    name: str
    value: str
    interval: str
    threshold: str
    baseline: str
    verdict: str
    note: str


class Note(NamedTuple):
    """Why some gates did not pass: those with the same reason together."""

    gates: list[str]
    verdict: Value
    blocks: bool
    text: str


def notes_of(result: GatesResult) -> list[Note]:
    """Why each gate that did not pass did not; one reason is said once."""
    found: dict[tuple[Value, bool, str], Note] = {}
    for gate in result.gates:
        if gate.verdict != "pass":
            key = gate.verdict, result.blocks(gate), gate.note
            found.setdefault(key, Note([], *key)).gates.append(gate.name)
    return list(found.values())


def row_of(gate: Gate) -> Row:
    """A gate in words."""
    word = "at most" if gate.bound == "at_most" else "at least"
    return Row(
        name=gate.name,
        value=_with_unit(gate.value, gate.unit),
        interval=_interval(gate),
        threshold="" if gate.threshold is None else f"{word} {figure(gate.threshold)}",
        baseline="" if gate.baseline is None else figure(gate.baseline),
        verdict=gate.verdict,
        note=gate.note,
    )


def figure(value: float | int | str | None) -> str:
    """A figure to three or four digits.

    Examples
    --------
    >>> [figure(each) for each in (None, "infinite", 0, 12345, 0.03512, 41.25, 1234.5)]
    ['not measured', 'infinite', '0', '12,345', '0.0351', '41.2', '1,234']
    """
    if value is None:
        return "not measured"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _with_unit(value: float | int | str | None, unit: str) -> str:
    known = value is not None and unit not in ("", "1")
    return f"{figure(value)} {unit}" if known else figure(value)


def _interval(gate: Gate) -> str:
    if gate.low is None or gate.high is None:
        return ""
    low, high = figure(gate.low), figure(gate.high)
    return "exact" if isinstance(gate.value, int) else f"{low} to {high}"
