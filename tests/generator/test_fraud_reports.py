"""Are the reports of a replay late, incomplete and wrong as they are said to be?"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Consumer

from generator.fraud_reports import (
    OVERLOOKED_SHARE,
    REPORT_MEDIAN_DAYS,
    UNREPORTED_SHARE,
    WRONG_SHARE,
    ReportSettings,
    fraud_reports,
    publish_fraud_reports,
)
from generator.tables import LABELS, SWIPES
from job.contracts import FraudReport

DAY_MS = 86_400_000
START_MS = 1_700_000_000_000
HOLDERS, FRAUD_EACH, GENUINE = 2_000, 3, 20_000


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels and swipes of 2,000 holders with three fraudulent swipes each, an hour apart."""
    folder = tmp_path_factory.mktemp("replay")
    rows = [
        row(f"f{holder}-{each}", f"c{holder}", each, incident=f"i{holder}")
        for holder in range(HOLDERS)
        for each in range(FRAUD_EACH)
    ]
    rows += [row(f"d{n}", f"c{n}", 0, incident=f"i{n}", approved=False) for n in range(50)]
    rows += [row(f"z{n}", f"c{n}", 0, incident=f"i{n}", amount_minor=0) for n in range(50)]
    rows += [row(f"g{n}", f"g{n}", n % 24) for n in range(GENUINE)]
    for name, schema in (("labels", LABELS), ("swipes", SWIPES)):
        columns = [pa.array([each.get(key) for each in rows], schema.field(key).type)
                   for key in schema.names]  # fmt: skip
        pq.write_table(pa.table(columns, schema=schema), folder / f"{name}.parquet")
    return folder


def row(
    swipe_id: str, card: str, hour: int, incident: str | None = None, **given: object
) -> dict[str, object]:
    known = {
        "swipe_id": swipe_id,
        "card_token": card,
        "event_time_ms": START_MS + hour * 3_600_000,
        "amount_minor": 1_000,
        "approved": True,
        "is_fraud": incident is not None,
        "incident_id": incident,
        "merchant_id": "m1",
        "terminal_id": "t1",
        "entry_mode": ("chip", "magstripe", "ecommerce")[hour % 3],
    }
    return known | given


@pytest.fixture(scope="module")
def reports(replay: Path) -> list[FraudReport]:
    return fraud_reports(replay)


def of_fraud(reports: list[FraudReport]) -> list[FraudReport]:
    return [report for report in reports if report.swipe_id.startswith("f")]


def test_the_same_seed_gives_the_same_reports(replay: Path, reports: list[FraudReport]) -> None:
    assert fraud_reports(replay) == reports
    assert fraud_reports(replay, ReportSettings(seed=2)) != reports


def test_they_come_in_order_and_never_before_what_they_report(reports: list[FraudReport]) -> None:
    times = [report.reported_ms for report in reports]
    assert times == sorted(times)
    assert all(report.reported_ms >= report.event_time_ms for report in reports)


def test_a_holder_reports_all_at_once(reports: list[FraudReport]) -> None:
    moments: dict[str, set[int]] = {}
    for report in of_fraud(reports):
        moments.setdefault(report.card_token, set()).add(report.reported_ms)
    assert {len(each) for each in moments.values()} == {1}


def test_shares_and_delays_are_those_that_are_stated(reports: list[FraudReport]) -> None:
    told = of_fraud(reports)
    holders = {report.card_token for report in told}
    # Some overlook all three.
    reporting = (1 - UNREPORTED_SHARE) * (1 - OVERLOOKED_SHARE**FRAUD_EACH)
    assert len(holders) / HOLDERS == pytest.approx(reporting, abs=0.03)
    each = (1 - UNREPORTED_SHARE) * (1 - OVERLOOKED_SHARE)
    assert len(told) / (HOLDERS * FRAUD_EACH) == pytest.approx(each, abs=0.03)
    wrong = sum(report.swipe_id.startswith("g") for report in reports)
    assert wrong / len(reports) == pytest.approx(WRONG_SHARE, abs=0.001)
    delays = [report.reported_ms - START_MS for report in told if report.swipe_id.endswith("-0")]
    assert np.median(delays) / DAY_MS == pytest.approx(REPORT_MEDIAN_DAYS, rel=0.1)


def test_what_no_statement_shows_is_not_reported(reports: list[FraudReport]) -> None:
    assert {report.swipe_id[0] for report in reports} == {"f", "g"}


def test_the_kind_is_told_from_how_the_details_were_used(reports: list[FraudReport]) -> None:
    kinds = {report.swipe_id[-2:]: report.kind for report in of_fraud(reports)}
    assert kinds == {"-0": "lost_or_stolen", "-1": "counterfeit", "-2": "card_not_present"}


def test_without_fraud_nobody_reports_anything(replay: Path, tmp_path: Path) -> None:
    labels = pq.read_table(replay / "labels.parquet")
    genuine = labels.filter(pa.compute.equal(labels["is_fraud"], False))
    pq.write_table(genuine, tmp_path / "labels.parquet")
    (tmp_path / "swipes.parquet").write_bytes((replay / "swipes.parquet").read_bytes())
    assert fraud_reports(tmp_path) == []


@pytest.mark.stack
def test_they_reach_their_topic_with_their_own_time(
    kafka_address: str, prefix: str, reports: list[FraudReport]
) -> None:
    assert publish_fraud_reports(kafka_address, prefix, reports[:200]) == 200
    consumer = Consumer(
        {"bootstrap.servers": kafka_address, "group.id": prefix, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([f"{prefix}fraud-reports"])
    found = consumer.consume(200, 30)
    consumer.close()
    read = [msgspec.json.decode(message.value(), type=FraudReport) for message in found]
    assert read == reports[:200]
    assert [message.timestamp()[1] for message in found] == [each.reported_ms for each in read]
    assert found[0].key().decode() == read[0].card_token
