"""Are the reports of a replay late, incomplete and wrong as they are said to be?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Consumer

from evaluation.read_back import read_back
from generator.fraud_reports import (
    OVERLOOKED_SHARE,
    REPORT_MEDIAN_DAYS,
    UNREPORTED_SHARE,
    WRONG_SHARE,
    ReportSettings,
    fraud_reports,
    publish_fraud_reports,
)
from generator.replay import load_manifest, write_replay
from generator.report_feed import ReportFeed
from generator.settings import ReplaySettings
from generator.tables import LABELS, SWIPES
from generator.topics import create_run_topics
from job.contracts import CardProfile, FraudReport

decode_profile = msgspec.json.Decoder(CardProfile).decode
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


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds in which cards copied days before are in use, and are reported."""
    folder = tmp_path_factory.mktemp("minute") / "replay"
    settings = ReplaySettings(
        scenario="compromised_terminal",
        difficulty="easy",
        incidents=2,
        rate_per_min=6_000,
        duration_s=15,
        warm_up_s=5,
    )
    write_replay(settings, folder)
    return folder


def replay_reports(replay: Path) -> list[tuple[dict[str, Any], FraudReport]]:
    rows = pq.read_table(replay / "reports.parquet").to_pylist()
    return [(row, msgspec.json.decode(row["value"], type=FraudReport)) for row in rows]


def test_a_minute_s_reports_are_of_swipes_that_their_cards_profiles_hold(minute: Path) -> None:
    reports = replay_reports(minute)
    assert len(reports) >= 2 * 5
    profiles = pq.read_table(minute / "profiles.parquet")
    past = {
        token: {swipe.swipe_id: swipe for swipe in decode_profile(value).recent}
        for token, value in zip(*(profiles.column(n).to_pylist() for n in profiles.column_names),
                                strict=True)
    }  # fmt: skip
    (shop, other) = pq.read_table(minute / "incidents.parquet").column("entity_id").to_pylist()
    for _, report in reports:
        known = past[report.card_token]
        assert known[report.swipe_id].event_time_ms == report.event_time_ms
        # Without the visit there would be nothing that the cards have in common.
        assert {shop, other} & {swipe.merchant_id for swipe in known.values()}


def test_a_minute_s_reports_come_in_it_in_order_and_are_due_at_their_time(minute: Path) -> None:
    manifest = load_manifest(minute)
    rows = [row for row, _ in replay_reports(minute)]
    times = [row["record_time_ms"] for row in rows]
    assert times == sorted(times)
    for row, report in replay_reports(minute):
        assert manifest.event_time_start_ms <= report.reported_ms < manifest.event_time_end_ms
        assert row["record_time_ms"] == report.reported_ms
        assert row["due_us"] == (report.reported_ms - manifest.event_time_start_ms) * 1_000
        assert row["key"] == report.card_token
    assert manifest.counts["fraud_reports"] == len(rows)


@pytest.mark.stack
def test_a_sender_publishes_what_is_due_and_no_more(
    kafka_address: str, prefix: str, minute: Path
) -> None:
    create_run_topics(kafka_address, prefix)
    feed = ReportFeed(minute, kafka_address, prefix)
    reports = [report for _, report in replay_reports(minute)]
    now_ns = time.monotonic_ns()
    feed.send_due(now_ns + 1_000_000_000)
    assert feed.sent == 0
    feed.send_due(now_ns - 20_000_000_000)
    feed.finish()
    assert feed.sent == len(reports)
    sent = minute / f"{prefix}back.parquet"
    assert read_back(kafka_address, f"{prefix}fraud-reports", sent) == len(reports)
    decode = msgspec.json.Decoder(FraudReport).decode
    found = list(map(decode, pq.read_table(sent).column("value").to_pylist()))
    assert sorted(each.report_id for each in found) == sorted(each.report_id for each in reports)


@pytest.mark.stack
def test_a_replay_without_reports_needs_no_topic(
    kafka_address: str, prefix: str, tmp_path: Path
) -> None:
    feed = ReportFeed(tmp_path, kafka_address, f"{prefix}nothing-here.")
    feed.send_due(0)
    feed.finish()
    assert feed.sent == 0
