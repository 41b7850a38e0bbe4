"""Do terminal, JUnit XML and Markdown all say what the gates said?"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from rich.console import Console

from evaluation.gates.baseline import Baseline, baseline_file, read_baseline, write_baseline
from evaluation.gates.junit import junit_xml
from evaluation.gates.markdown import summary
from evaluation.gates.terminal import print_result
from evaluation.gates.wording import notes_of
from evaluation.toml_file import SettingsFileError


@pytest.fixture
def gates(make_gate: Any) -> list[Any]:
    undecided = {"verdict": "inconclusive", "value": None, "low": None, "high": None}
    return [
        make_gate("held", kind="promise", value=0, low=0, high=0, threshold=0, unit="records"),
        make_gate("broken", verdict="fail", value=140.0, low=120.0, high=160.0, note="a | b <c>"),
        make_gate("promised", kind="promise", note="the floor was slow", **undecided),
        make_gate("compared", note="no baseline: `store it`", threshold=None, **undecided),
        make_gate("share", unit="1", bound="at_least", baseline=0.91, value=0.9, threshold=0.88),
    ]


def read(text: str) -> dict[str, Any]:
    suite = ET.fromstring(text).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    return {str(case.get("name")): case for case in suite.findall("testcase")}


def outcome(case: Any) -> list[str]:
    return [child.tag for child in case if child.tag != "system-out"]


def test_junit_has_a_case_for_each_gate_and_its_outcome(gates: Any, make_result: Any) -> None:
    cases = read(junit_xml(make_result(*gates)))
    assert {name: outcome(case) for name, case in cases.items()} == {
        "held": [],
        "broken": ["failure"],
        "promised": ["error"],
        "compared": ["skipped"],
        "share": [],
    }
    assert cases["held"].get("classname") == "gates.live"
    assert cases["broken"].find("failure").get("message").startswith("a | b <c> (140 ms, interval")


def test_junit_of_a_release_skips_nothing(gates: Any, make_result: Any) -> None:
    cases = read(junit_xml(make_result(*gates, blocks="all")))
    assert [name for name, case in cases.items() if outcome(case) == ["error"]] == [
        "promised",
        "compared",
    ]


@pytest.mark.parametrize("blocks", ["promises", "all"])
def test_junit_is_red_exactly_when_the_exit_code_is_not_0(
    blocks: str, gates: Any, make_result: Any
) -> None:
    for some in ([gates[0]], [gates[0], gates[3]], [gates[3]], [gates[2]], gates, []):
        result = make_result(*some, blocks=blocks)
        suite = ET.fromstring(junit_xml(result)).find("testsuite")  # noqa: S314
        assert suite is not None
        red = int(suite.get("failures", "")) + int(suite.get("errors", ""))
        assert bool(red) == (result.exit_code != 0)
        found = [each for case in suite.findall("testcase") for each in outcome(case)]
        assert found.count("failure") == int(suite.get("failures", ""))
        assert found.count("error") == int(suite.get("errors", ""))
        assert found.count("skipped") == int(suite.get("skipped", ""))
        assert len(suite.findall("testcase")) == int(suite.get("tests", ""))


def test_junit_holds_whatever_a_reason_may_hold(make_gate: Any, make_result: Any) -> None:
    gate = make_gate(verdict="fail", note='"quoted" & <angled> \x1b[31m\x00')
    (case,) = read(junit_xml(make_result(gate))).values()
    assert '"quoted" & <angled>' in case.find("failure").get("message")


def test_markdown_has_the_verdict_first_and_a_row_for_each_gate(
    gates: Any, make_result: Any
) -> None:
    lines = summary(make_result(*gates)).splitlines()
    assert lines[0] == "## Gates, laptop: **fail**"
    rows = [line for line in lines if line.startswith("| ")][2:]
    assert len(rows) == len(gates)
    assert rows[0] == "| held | 0 records | exact | at most 0 |  | pass |"
    assert rows[4] == "| share | 0.9 | 75 to 90 | at least 0.88 | 0.91 | pass |"
    # A bar in a reason must not end its cell, nor a tag become markup.
    assert r"- **broken** (fail): a \| b \<c\>" in lines
    assert "- **compared** (inconclusive, reported only): no baseline: `store it`" in lines
    assert lines[-1].startswith("Commit 0123456789ab, 2026-01-01T00:00:00+00:00, a processor")


@pytest.mark.parametrize("terminal", [True, False])
def test_the_table_says_every_verdict_in_words(
    terminal: bool, gates: Any, make_result: Any
) -> None:
    out = io.StringIO()
    print_result(
        make_result(*gates), Console(file=out, width=120, force_terminal=terminal, highlight=False)
    )
    text = out.getvalue()
    assert ("\x1b[" in text) == terminal
    for word in ("FAIL", "held", "at most 100", "at least 0.88", "inconclusive", "pass", "fail"):
        assert word in text
    assert "compared: inconclusive (reported only): no baseline: `store it`" in text


def test_a_baseline_reads_back_and_none_is_empty(tmp_path: Any) -> None:
    assert read_baseline(tmp_path, "ci") == Baseline(profile="ci")
    file = write_baseline(tmp_path, Baseline(profile="ci"))
    assert file == baseline_file(tmp_path, "ci")
    assert read_baseline(tmp_path, "ci") == Baseline(profile="ci")
    for damaged in ("{", '{"profile": 5}', '{"profile": "ci", "format": 9}'):
        file.write_text(damaged)
        with pytest.raises(SettingsFileError, match="store it anew"):
            read_baseline(tmp_path, "ci")


def test_a_reason_that_gates_share_is_said_once(make_gate: Any, make_result: Any) -> None:
    undecided = {"verdict": "inconclusive", "value": None, "low": None, "high": None}
    result = make_result(
        make_gate("encode", note="no baseline", **undecided),
        make_gate("held"),
        make_gate("decode", note="no baseline", **undecided),
        make_gate("p99", note="slow", **undecided),
    )
    said = [(note.gates, note.text) for note in notes_of(result)]
    assert said == [(["encode", "decode"], "no baseline"), (["p99"], "slow")]
    assert summary(result).count("no baseline") == 1
