"""What does the engine find, without Kafka and Flink?

Judges what the engine would have written over a replay. There was no topic, no clock and no
failure, so only detection is measured; the other judges are named as not measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from evaluation.evaluate import Evaluated, Evaluation, usable_thresholds
from evaluation.history import expected_records
from evaluation.judges.base import Findings, judge_classes
from evaluation.judges.delivery import Delivery, judge_rule_errors
from evaluation.judges.detection import Detection, judge_alerts
from evaluation.run_folder import ManifestRecord, blind_rules
from evaluation.thresholds import DeliveryThresholds, Thresholds
from evaluation.verdict import JudgeResult, combine


def judge_local(
    run_id: str,
    replay_folder: Path,
    expected_file: Path,
    thresholds: Thresholds,
    rule_needs: dict[str, list[str]] | None = None,
) -> Evaluated:
    """Judge what the engine writes for a replay.

    Parameters
    ----------
    run_id
        The run's own name.
    replay_folder
        With ``manifest.json``, ``labels.parquet`` and ``incidents.parquet``.
    expected_file
        What the engine wrote, as ``expected.parquet``.
    thresholds
        What it is held against.
    rule_needs
        Fields of a swipe that each rule needs.

    Raises
    ------
    FileNotFoundError
        If one of the files is missing.
    """
    manifest = msgspec.json.decode(
        (replay_folder / "manifest.json").read_bytes(), type=ManifestRecord
    )
    expected = expected_records(pq.read_table(expected_file))
    blind = blind_rules(rule_needs or {}, manifest)
    outcome = judge_alerts(
        [alert for alert in expected.records("alerts") if alert is not None],
        expected.records("decisions"),
        pq.read_table(replay_folder / "labels.parquet"),
        pq.read_table(replay_folder / "incidents.parquet"),
        thresholds.detection,
        blind,
    )
    measured = {
        Detection.name: outcome.result,
        Delivery.name: _delivery(expected.records("decisions"), thresholds.delivery),
    }
    judged = [
        msgspec.structs.replace(measured[name], decides=name in thresholds.verdict.local_judges)
        if name in measured
        else JudgeResult(name, "inconclusive", "not measured without Kafka", decides=False)
        for name in judge_classes()
    ]
    settings = msgspec.structs.asdict(manifest)
    results = Evaluation(
        run_id=run_id,
        mode="local",
        verdict=combine(judged),
        judges=judged,
        settings={name: value for name, value in settings.items() if value is not None},
        job={},
        thresholds=thresholds,
        tables={name: f"results/{name}.parquet" for name in outcome.tables},
        blind_rules=blind,
    )
    return Evaluated(results, outcome.tables)


def _delivery(decisions: list[Any], bounds: DeliveryThresholds) -> JudgeResult:
    """Of the delivery, what can be said without Kafka: whether every rule judged."""
    findings = Findings()
    judge_rule_errors(findings, decisions, bounds)
    return findings.result(Delivery.name, "no rule raised; the rest is not measured without Kafka")


def evaluate_local(
    run_id: str, replay_folder: Path, expected_file: Path, thresholds_file: Path | None = None
) -> Evaluation:
    """The results of :func:`judge_local` by a file of thresholds, without the tables."""
    thresholds = usable_thresholds(thresholds_file)
    return judge_local(run_id, replay_folder, expected_file, thresholds).results
