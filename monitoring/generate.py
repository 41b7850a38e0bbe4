"""How do boards, the table of metrics and what Kubernetes takes of it come into their files?

``python -m monitoring.generate`` writes them; a test compares.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from monitoring.boards import detection, job, kafka, overview, state
from monitoring.catalogue import SOURCES
from monitoring.catalogue.metric import Source
from monitoring.queries import DASHBOARDS, RULES

BOARDS: Final = (overview, job, kafka, state, detection)
FOLDER: Final = Path(__file__).parent
PAGE: Final = Path(__file__).parents[1] / "docs" / "monitoring.md"
#: What runs on Kubernetes, with which options.
_DEPLOYED: Final = Path(__file__).parents[1] / "k8s" / "base" / "flink-deployment.yaml"
_RULE: Final = "prometheus-rule.yaml"
_KAFKA: Final = "kafka-jmx.yml"
_WRITTEN: Final = "# Written by `make docs` from monitoring/; not by hand.\n"
_BEGIN: Final = "<!-- metrics -->\n"
_END: Final = "<!-- /metrics -->"


def dashboards() -> dict[Path, str]:
    """Each board's file and what belongs into it."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    made = (board.build() for board in BOARDS)
    return {
        DASHBOARDS / f"{each.name}.json": encoder.encode(each.dashboard.build()) + "\n"
        for each in made
    }


def for_kubernetes() -> dict[Path, str]:
    """The rules as Prometheus' operator takes them, and a folder that kustomize reads."""
    groups = [
        group
        for file in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    ]
    _let_the_ledger_wait(groups)
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "paystream"},
        "spec": {"groups": groups},
    }
    boards = [f"{file.relative_to(FOLDER)}" for file in sorted(dashboards())]
    folder = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [_RULE],
        "configMapGenerator": [
            {
                "name": "paystream-boards",
                "files": boards,
                # What the sidecar of Grafana's chart looks for.
                "options": {"labels": {"grafana_dashboard": "1"}},
            },
            # What a broker tells, for Strimzi's `metricsConfig`.
            {"name": "paystream-kafka-metrics", "files": [_KAFKA]},
        ],
        "generatorOptions": {"disableNameSuffixHash": True},
    }
    made = {FOLDER / _RULE: rule, FOLDER / "kustomization.yaml": folder}
    return {file: _WRITTEN + yaml.safe_dump(value, width=100) for file, value in made.items()}


def _let_the_ledger_wait(groups: list[dict[str, Any]]) -> None:
    """Put the promise of the committed view at two checkpoints of the deployed job.

    What is promised, 200 ms, is two of the 100 ms that a job has between them elsewhere: a decision
    waits for the next one, and then for what that takes. Measured with a second between them on S3:
    p99 1.1 to 1.2 s (docs/measured.md), so that 200 ms would be over at all times.
    """
    deployed = _DEPLOYED.read_text(encoding="utf-8")
    interval = re.search(r"--checkpoint\.interval=(\d+)s$", deployed, re.MULTILINE)
    if interval is None:
        raise ValueError(f"no --checkpoint.interval in whole seconds in {_DEPLOYED}")
    bound_s = 2 * int(interval[1])
    for rule in (rule for group in groups for rule in group["rules"]):
        if rule.get("alert") == "DecisionsOverPromise":
            rule["expr"] = re.sub(
                r'(\{view="committed"\} > )[\d.]+', rf"\g<1>{bound_s}", rule["expr"]
            )


def metrics_table() -> str:
    """The tables of all metrics, as the page has them."""
    return "\n".join(_table(source) for source in SOURCES)


def page(text: str) -> str:
    """The page with its tables made anew; what stands around them stays."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{metrics_table()}\n{_END}{after}"


def _table(source: Source) -> str:
    prefix = f" All names begin with `{source.prefix}`." if source.prefix else ""
    rows = [
        f"| `{each.name}` | {each.unit} | {', '.join(f'`{name}`' for name in each.labels)} | "
        f"{each.meaning} |"
        for each in source.metrics
    ]
    head = ["| metric | unit | labels | meaning |", "| --- | --- | --- | --- |"]
    told = f"Told by {source.told_by}.{prefix}"
    return "\n".join([f"### {source.title}", "", told, "", *head, *rows, ""])


def main() -> None:
    """Write all of it."""
    for file, text in {**dashboards(), **for_kubernetes()}.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
