"""How does a CI server read the gates: JUnit XML.

A gate is a test case. One that failed is a ``failure``; an inconclusive one is an ``error`` where
it keeps the whole from passing, and ``skipped`` where it is only reported. So a server that knows
nothing of gates is red exactly when the exit code is not 0.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from typing import Final, Literal

from evaluation.gates.gate import Gate
from evaluation.gates.results import GatesResult
from evaluation.gates.wording import row_of

JUNIT_FILE: Final = "junit.xml"

Outcome = Literal["passed", "failure", "error", "skipped"]


def junit_xml(result: GatesResult) -> str:
    """The whole file."""
    outcomes = [outcome_of(gate, result) for gate in result.gates]
    counts = Counter(outcomes)
    # All inconclusive and none blocking: nothing was shown, and no test case says so.
    undecided = result.verdict.value == "inconclusive" and not counts["error"]
    numbers = {
        "tests": str(len(outcomes) + undecided),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"] + undecided),
        "skipped": str(counts["skipped"]),
    }
    suites = ET.Element("testsuites", {"name": "gates", **numbers})
    suite = ET.SubElement(
        suites,
        "testsuite",
        {"name": f"gates {result.profile}", "timestamp": result.started_at, **numbers},
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("gates_id", result.gates_id),
        ("profile", result.profile),
        ("commit", result.commit or "unknown"),
        ("verdict", result.verdict.value),
        ("reason", result.verdict.reason),
    ):
        ET.SubElement(properties, "property", {"name": name, "value": _clean(value)})
    for gate, outcome in zip(result.gates, outcomes, strict=True):
        _case(suite, gate, outcome)
    if undecided:
        case = ET.SubElement(suite, "testcase", {"classname": "gates", "name": "all gates"})
        ET.SubElement(case, "error", {"message": result.verdict.reason, "type": "inconclusive"})
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def outcome_of(gate: Gate, result: GatesResult) -> Outcome:
    """What a gate is to a CI server."""
    if gate.verdict == "pass":
        return "passed"
    if gate.verdict == "fail":
        return "failure"
    return "error" if result.blocks(gate) else "skipped"


def _case(suite: ET.Element, gate: Gate, outcome: Outcome) -> None:
    row = row_of(gate)
    said = f"{row.value}, interval {row.interval or 'none'}, {row.threshold or 'no threshold'}"
    case = ET.SubElement(
        suite, "testcase", {"classname": f"gates.{gate.part}", "name": _clean(gate.name)}
    )
    if outcome == "passed":
        ET.SubElement(case, "system-out").text = _clean(f"{said}\n{gate.note}".strip())
        return
    message = _clean(f"{gate.note} ({said})" if gate.note else said)
    told = ET.SubElement(case, outcome, {"message": message, "type": gate.verdict})
    if outcome == "skipped":
        del told.attrib["type"]  # the schema gives it none
    else:
        told.text = _clean(gate.question)


def _clean(text: str) -> str:
    """Without characters that XML cannot hold."""
    return "".join(each for each in text if each.isprintable() or each in "\n\t")
