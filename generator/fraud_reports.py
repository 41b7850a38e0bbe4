"""What would the issuer be told of a replay's fraud, when, and how far would it be right?

Made from the labels: late, incomplete and partly wrong, as reports are. A holder looks at a
statement, so only approved swipes with an amount are reported, all of one attack on one card
together. All shares and delays are choices; the exam's board uses the same ones.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from generator import tables
from generator.bookends import open_producer
from generator.kafka_client import KafkaRefused, Settings, require_broker
from generator.reporting import ReportableSwipe, report_of
from generator.settings import ReplaySettings
from generator.topics import create_topics
from job.contracts import FraudReport, Topics

#: Days until half of the reports are in, and the deviation of ln(days). Choices: the delays in
#: Dal Pozzolo et al. (2018) are of some days.
REPORT_MEDIAN_DAYS: Final = 7.0
REPORT_LOG_SD: Final = 1.0
#: Share of holders who never report. A choice.
UNREPORTED_SHARE: Final = 0.15
#: Share of a reporting holder's fraudulent swipes that are not on the report. A choice.
OVERLOOKED_SHARE: Final = 0.1
#: Share of all reports that are of a genuine swipe: forgotten, not recognised, or denied. A choice.
WRONG_SHARE: Final = 0.05
_MS_PER_DAY: Final = 86_400_000


class ReportSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How reports come about; see the constants of this module.

    Parameters
    ----------
    seed
        Of all randomness.
    median_days, log_sd
        Of the delay from an attack's first swipe on the card, log-normal.
    unreported_share, overlooked_share, wrong_share
        From 0 to 1; the last below 1.
    """

    seed: int = 1
    median_days: float = REPORT_MEDIAN_DAYS
    log_sd: float = REPORT_LOG_SD
    unreported_share: float = UNREPORTED_SHARE
    overlooked_share: float = OVERLOOKED_SHARE
    wrong_share: float = WRONG_SHARE


def fraud_reports(replay: Path, settings: ReportSettings | None = None) -> list[FraudReport]:
    """All reports of a replay, in the order in which they come in.

    Parameters
    ----------
    replay
        Its folder.
    settings
        The choices; ours when left out.
    """
    chosen = settings or ReportSettings()
    fraud, genuine = _reportable(replay)
    rng = np.random.default_rng(chosen.seed)
    reports = _of_fraud(fraud, chosen, rng)
    wrong = round(len(reports) * chosen.wrong_share / (1 - chosen.wrong_share))
    reports += _of_genuine(genuine, min(wrong, len(genuine)), chosen, rng)
    return sorted(reports, key=lambda report: (report.reported_ms, report.report_id))


def write_reports(
    folder: Path, replay: ReplaySettings, past: list[FraudReport]
) -> list[FraudReport]:
    """Write ``reports.parquet`` of a replay: what comes in before it ends.

    Parameters
    ----------
    folder
        Of the replay, with its swipes and labels.
    replay
        Its settings.
    past
        Reports of fraud before its first second.
    """
    known = [*past, *fraud_reports(folder, ReportSettings(seed=replay.seed))]
    in_time = sorted(
        (report for report in known if report.reported_ms < replay.event_time_end_ms),
        key=lambda report: (report.reported_ms, report.report_id),
    )
    tables.write(folder, "reports", tables.reports_table(in_time, replay))
    return in_time


def publish_fraud_reports(
    bootstrap: str, prefix: str, reports: list[FraudReport], extra: Settings | None = None
) -> int:
    """Write reports to their topic, which is made where it is not there.

    Returns
    -------
    int
        How many.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, or one was not confirmed.
    """
    topic = Topics.with_prefix(prefix).fraud_reports
    known = require_broker(bootstrap, extra).list_topics(timeout=10).topics
    if topic not in known:
        create_topics(bootstrap, {topic: 1}, extra=extra)
    producer = open_producer(bootstrap, extra, linger_ms=50)
    refused: list[str] = []

    def report_back(error: Any, _message: object) -> None:
        if error is not None:
            refused.append(error.str())

    for report in reports:
        producer.produce(
            topic,
            msgspec.json.encode(report),
            report.card_token.encode(),
            on_delivery=report_back,
            timestamp=report.reported_ms,
        )
        producer.poll(0)
    left = producer.flush(60)
    if left or refused:
        said = refused[0] if refused else "no answer within 60 s"
        raise KafkaRefused(f"{left + len(refused)} reports were not taken by {topic}: {said}")
    return len(reports)


def _reportable(replay: Path) -> tuple[list[ReportableSwipe], list[ReportableSwipe]]:
    """Approved swipes with an amount: fraudulent ones, genuine ones."""
    labels = pq.read_table(replay / "labels.parquet")
    labels = labels.filter(pc.and_(labels["approved"], pc.greater(labels["amount_minor"], 0)))
    names = ["swipe_id", "terminal_id", "entry_mode"]
    rows = labels.join(pq.read_table(replay / "swipes.parquet", columns=names), "swipe_id")
    rows = rows.sort_by("swipe_id")
    columns = [rows[name].to_pylist() for name in ReportableSwipe._fields]
    swipes = [ReportableSwipe(*row) for row in zip(*columns, strict=True)]
    is_fraud = rows["is_fraud"].to_pylist()
    fraud = [swipe for swipe, is_one in zip(swipes, is_fraud, strict=True) if is_one]
    genuine = [swipe for swipe, is_one in zip(swipes, is_fraud, strict=True) if not is_one]
    return fraud, genuine


def _of_fraud(
    fraud: list[ReportableSwipe], settings: ReportSettings, rng: np.random.Generator
) -> list[FraudReport]:
    of_holder: dict[tuple[str, str], list[ReportableSwipe]] = {}
    for swipe in fraud:
        of_holder.setdefault((swipe.incident_id or "", swipe.card_token), []).append(swipe)
    reports = []
    for pair in sorted(of_holder):
        swipes = of_holder[pair]
        # Drawn for each holder whether used or not: one share then does not shift the next.
        is_told, delay_ms = rng.random() >= settings.unreported_share, _delay_ms(settings, rng)
        seen = rng.random(len(swipes)) >= settings.overlooked_share
        first_ms = min(swipe.event_time_ms for swipe in swipes)
        last_ms = max(swipe.event_time_ms for swipe in swipes)
        # Nobody reports what has not happened yet.
        reported_ms = max(first_ms + delay_ms, last_ms)
        told = [swipe for swipe, is_seen in zip(swipes, seen, strict=True) if is_seen]
        reports += [report_of(swipe, reported_ms) for swipe in told if is_told]
    return reports


def _of_genuine(
    genuine: list[ReportableSwipe], count: int, settings: ReportSettings, rng: np.random.Generator
) -> list[FraudReport]:
    if not count:
        return []
    chosen = rng.choice(len(genuine), size=count, replace=False)
    return [
        report_of(genuine[row], genuine[row].event_time_ms + _delay_ms(settings, rng))
        for row in chosen
    ]


def _delay_ms(settings: ReportSettings, rng: np.random.Generator) -> int:
    days = rng.lognormal(math.log(settings.median_days), settings.log_sd)
    return round(float(days) * _MS_PER_DAY)
