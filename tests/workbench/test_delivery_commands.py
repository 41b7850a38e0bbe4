"""Does what a person types bring a replay's profiles and reports through PostgreSQL and Kafka?"""

from __future__ import annotations

import io
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from confluent_kafka import Consumer
from rich.console import Console
from typer.testing import CliRunner, Result

from delivery.problems import DeliveryError
from delivery.profiles.publisher import PublishCounts
from generator.replay import cached_replay
from generator.settings import ReplaySettings, SettingsError
from generator.topics import create_run_topics
from stack.settings import StackSettings
from workbench.cli import app
from workbench.cli_delivery import _LeftOut


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    asked = {"scenario": "geo_jump", "rate_per_min": 6_000, "duration_s": 10, "incidents": 8}
    return cached_replay(ReplaySettings.parse(asked), tmp_path_factory.mktemp("replays"))


def typed(*words: str) -> Result:
    done = CliRunner().invoke(app, words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done


def read(kafka_address: str, topic: str, count: int) -> dict[str, bytes]:
    consumer = Consumer(
        {"bootstrap.servers": kafka_address, "group.id": topic, "auto.offset.reset": "earliest"}
    )
    consumer.subscribe([topic])
    found = consumer.consume(count, 30)
    consumer.close()
    return {message.key().decode(): message.value() for message in found}


@pytest.mark.stack
def test_profiles_of_a_replay_come_through_the_table_as_they_are(
    kafka_address: str, prefix: str, replay: Path, database: StackSettings
) -> None:
    table = pq.read_table(replay / "profiles.parquet")
    rendered = dict(zip(table["card_token"].to_pylist(), table["value"].to_pylist(), strict=True))
    where = ["--database", database.postgres_url]
    assert f"{len(rendered):,} cards" in typed("import-profiles", str(replay), *where).output
    create_run_topics(kafka_address, prefix)
    to = ["--bootstrap", kafka_address, "--topic-prefix", prefix]
    said = typed("publish-profiles", *where, *to, "--once").output
    assert f"published {len(rendered):,} profiles, 0 deletions; left out 0 rows" in said
    assert read(kafka_address, f"{prefix}card-profiles", len(rendered)) == rendered


@pytest.mark.stack
def test_reports_of_a_replay_reach_their_topic(
    kafka_address: str, prefix: str, replay: Path
) -> None:
    to = ["--bootstrap", kafka_address, "--topic-prefix", prefix]
    told = [
        int(found)
        for until in ("2999-01-01T00:00:00Z", "2000-01-01T00:00:00Z")
        for found in re.findall(
            r"(\d+) reports", typed("publish-reports", str(replay), *to, "--known-by", until).output
        )
    ]
    assert told[0] > 0
    assert told[1:] == [0]
    assert len(read(kafka_address, f"{prefix}fraud-reports", told[0])) > 0


def test_a_row_that_is_left_out_is_named_at_once_and_then_each_minute() -> None:
    said = io.StringIO()
    now_s = 0.0
    left_out = _LeftOut(Console(file=said), lambda: now_s)
    counts = PublishCounts()
    for moment_s, refused in [(0, 0), (1, 1), (2, 1), (3, 5), (60, 6), (61, 7), (500, 7)]:
        now_s = float(moment_s)
        if refused:
            counts.first_refused, counts.last_refused = "c[/1]: no", f"c{refused}: no"
        counts.refused = refused
        left_out.look(counts)
    assert said.getvalue().splitlines() == [
        "  left out so far: 1; c[/1]: no",
        "  left out so far: 7; c7: no",
    ]


def test_a_time_without_a_zone_is_refused(replay: Path) -> None:
    with pytest.raises(SettingsError, match="names no zone"):
        typed("publish-reports", str(replay), "--known-by", "2026-01-01T00:00:00")


def test_a_database_that_is_not_there_says_how_to_start_one(replay: Path) -> None:
    with pytest.raises(DeliveryError, match="make stack-up postgres=1"):
        typed("import-profiles", str(replay), "--database", "postgresql://x@127.0.0.1:9/x")
