"""Does each rule fire when it should, stay quiet when it should, and say what to do?"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from evaluation.thresholds import load_thresholds
from monitoring import queries
from monitoring.catalogue import SOURCES
from stack.prometheus import RULES, binary
from stack.settings import StackSettings
from workbench.plan import JobPlan

ROOT: Final = Path(__file__).parents[2]
CASES: Final = sorted((Path(__file__).parent / "rules").glob("*.yml"))
ALERTS: Final = [rule for rule in queries.rules() if "alert" in rule]
HEADING: Final = re.compile(r"^### (\w+)$", re.MULTILINE)
#: Metrics that Prometheus makes itself.
OF_PROMETHEUS: Final = {"up", "ALERTS"}
#: What somebody has to be told of, and the rule that tells.
WOKEN_FOR: Final = {
    "restarts": "JobRestarting",
    "failed checkpoints": "CheckpointsFailing",
    "checkpoint age": "CheckpointOld",
    "lag": "LagHigh",
    "slope of the lag": "LagGrowing",
    "watermark lag": "WatermarkBehind",
    "backpressure": "Backpressured",
    "failed commits": "CommitsFailing",
    "dead letters": "DeadLetters",
    "alert rate above its band": "AlertRateHigh",
    "alert rate below its band": "AlertRateLow",
    "p99": "DecisionsOverPromise",
}


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    command = [str(binary(StackSettings.load(), "promtool")), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def entry(name: str) -> str:
    """What the runbook says of a rule, below its heading."""
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n### {name}\n")
    return re.split(r"^##+ ", rest, maxsplit=1, flags=re.MULTILINE)[0].strip()


def cases() -> list[dict[str, Any]]:
    return [case for file in CASES for case in yaml.safe_load(file.read_text())["tests"]]


@pytest.mark.parametrize("file", sorted(RULES.glob("*.yml")), ids=lambda file: file.stem)
def test_promtool_takes_the_rules(file: Path) -> None:
    done = promtool("check", "rules", "--lint-fatal", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_takes_what_an_operator_of_prometheus_is_given(tmp_path: Path) -> None:
    """The same rules with one bound of the deployed job's: it is no copy of the files above."""
    resource = yaml.safe_load((ROOT / "monitoring" / "prometheus-rule.yaml").read_text())
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump(resource["spec"]), encoding="utf-8")
    done = promtool("check", "rules", "--lint-fatal", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
def test_promtool_s_cases_hold(file: Path) -> None:
    done = promtool("test", "rules", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_case_that_does_not_hold_is_found(tmp_path: Path) -> None:
    """The negative control: the same cases with another bound."""
    for file in RULES.glob("*.yml"):
        text = file.read_text(encoding="utf-8").replace(
            "lag_seconds:sum > 60", "lag_seconds:sum > 600"
        )
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    case = next(file for file in CASES if file.stem == "lag").read_text(encoding="utf-8")
    (tmp_path / "case.yml").write_text(case.replace("../../../monitoring/rules", str(tmp_path)))
    done = promtool("test", "rules", str(tmp_path / "case.yml"))
    assert done.returncode != 0
    assert "LagHigh fires" in done.stdout + done.stderr


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
class TestEachAlert:
    def test_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(self, rule: Any) -> None:
        of_rule = [
            bool(asked["exp_alerts"])
            for case in cases()
            for asked in case["alert_rule_test"]
            if asked["alertname"] == rule["alert"]
        ]
        assert set(of_rule) == {True, False}

    def test_leads_to_an_entry_of_the_runbook_that_says_what_to_do(self, rule: Any) -> None:
        name = rule["alert"]
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{name.lower()}"
        text = entry(name)
        assert text.startswith("Page." if rule["labels"]["severity"] == "page" else "Ticket.")
        assert len(text.split()) >= 20

    def test_says_in_a_sentence_what_is_wrong(self, rule: Any) -> None:
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_runbook_has_no_entry_without_a_rule() -> None:
    headings = HEADING.findall((ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"))
    assert sorted(headings) == sorted(rule["alert"] for rule in ALERTS)


@pytest.mark.parametrize(("reason", "rule"), WOKEN_FOR.items())
def test_somebody_is_told_of(reason: str, rule: str) -> None:
    assert rule in {each["alert"] for each in ALERTS}, reason


def ledger_bound_ms(rules: list[dict[str, Any]]) -> float:
    """Above which p99 of the committed view somebody is told."""
    (rule,) = (rule for rule in rules if rule.get("alert") == "DecisionsOverPromise")
    (bound_s,) = re.findall(r'\{view="committed"\} > ([\d.]+)', rule["expr"])
    return float(bound_s) * 1_000


def test_a_ledger_waits_for_two_checkpoints_wherever_the_job_runs() -> None:
    """What is committed with a checkpoint each second cannot be there after 200 ms."""
    promised = load_thresholds().latency.committed_p99_ms
    assert ledger_bound_ms(ALERTS) == promised == 2 * JobPlan().checkpoint_interval_ms
    manifest = (ROOT / "k8s" / "base" / "flink-deployment.yaml").read_text(encoding="utf-8")
    (interval_s,) = re.findall(r"--checkpoint\.interval=(\d+)s$", manifest, re.MULTILINE)
    written = yaml.safe_load((RULES.parent / "prometheus-rule.yaml").read_text(encoding="utf-8"))
    there = [rule for group in written["spec"]["groups"] for rule in group["rules"]]
    assert ledger_bound_ms(there) == 2 * int(interval_s) * 1_000


def test_no_overlay_has_checkpoints_at_another_interval() -> None:
    """Its rules would be the base's."""
    setting = "checkpoint.interval="
    found = [f for f in (ROOT / "k8s").rglob("*.yaml") if setting in f.read_text(encoding="utf-8")]
    assert found == [ROOT / "k8s" / "base" / "flink-deployment.yaml"]


def mixes_environments(expression: str) -> bool:
    """Whether it adds up or joins series without keeping in which namespace each was told."""
    sums = re.findall(r"(?<![:\w])(?:sum|max|min|avg|count)\b\s*(?:by \(([^)]*)\))?", expression)
    joins = re.findall(r"\bon \(([^)]*)\)", expression)
    return any("namespace" not in labels.split(", ") for labels in (*sums, *joins))


@pytest.mark.parametrize("question", queries.of_rules(), ids=lambda question: question.place)
def test_one_environment_does_not_hide_what_another_lacks(question: queries.Question) -> None:
    """The same job runs in staging and production, and one Prometheus may watch both."""
    assert not mixes_environments(question.expression)


@pytest.mark.parametrize("expression", ["sum by (job_name) (x)", "max(x) > 0", "x / on (topic) y"])
def test_a_rule_that_mixes_environments_is_found(expression: str) -> None:
    """The negative controls."""
    assert mixes_environments(expression)


def test_every_metric_that_is_asked_for_stands_in_the_catalogue() -> None:
    known = {name for source in SOURCES for name in source.names()}
    recorded = {rule["record"] for rule in queries.rules() if "record" in rule}
    questions = [*queries.of_rules(), *queries.of_boards()]
    asked = {name for question in questions for name in question.metrics()}
    assert len(asked) > 50
    known |= recorded | OF_PROMETHEUS
    assert {name.removesuffix("_bucket") for name in asked} - known == set()


def test_every_metric_of_the_catalogue_is_asked_for_or_explains_another() -> None:
    """What nobody looks at is not promised."""
    questions = [*queries.of_rules(), *queries.of_boards()]
    asked = {name.removesuffix("_bucket") for each in questions for name in each.metrics()}
    unasked = {name for source in SOURCES for name in source.names()} - asked
    prefix = "flink_taskmanager_job_task_operator_windows_"
    # The rest of a set of counters whose main ones stand on a board.
    assert unasked == {f"{prefix}{name}" for name in ("shadow_alert", "snoozed_alert", "unasked")}


def test_every_recorded_figure_is_used() -> None:
    recorded = {rule["record"] for rule in queries.rules() if "record" in rule}
    questions = [*queries.of_rules(), *queries.of_boards()]
    assert recorded <= {name for question in questions for name in question.metrics()}


def rests_on_the_broker(rule: dict[str, Any]) -> bool:
    """Whether it says nothing where the broker tells nothing, by way of a recorded figure too."""
    recorded = {each["record"]: each for each in queries.rules() if "record" in each}
    asked = queries.Question("", rule["expr"]).metrics()
    return any(name.startswith("kafka_") for name in asked) or any(
        rests_on_the_broker(recorded[name]) for name in asked if name in recorded
    )


def test_the_page_names_what_stays_silent_where_nobody_asks_the_broker() -> None:
    """On Kubernetes the cluster of Kafka is somebody else's, and so are its metrics."""
    page = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    groups = yaml.safe_load((RULES / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    silent = {
        (group["name"], rule["alert"])
        for group in groups
        for rule in group["rules"]
        if rests_on_the_broker(rule)
    }
    assert ("lag", "LagAtBroker") in silent
    unnamed = [
        rule
        for group, rule in silent
        if f"group `{group}`" not in page or (group != "kafka" and rule not in page)
    ]
    assert unnamed == []
