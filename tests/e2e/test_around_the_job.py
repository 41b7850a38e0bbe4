"""From PostgreSQL through the real job into Elasticsearch: is what comes out what should?

card_profiles -> publish-profiles -> card-profiles -> job -> alerts -> index-alerts -> index
                                          swipes ->
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from delivery.alerts.connection import ElasticsearchSettings, connect
from delivery.alerts.documents import index_name
from delivery.alerts.indexer import IndexOrder, index_alerts
from delivery.alerts.search import AlertQuery, search_alerts
from delivery.profiles.publisher import PublishOrder, publish_profiles
from delivery.profiles.rows import fill_table
from delivery.stopping import Stopping
from generator.nudge import nudging
from generator.replay import cached_replay, load_manifest
from generator.settings import Disturbances, ReplaySettings
from generator.topics import PARTITIONS, create_run_topics
from job.contracts import Alert
from job.engine.settings import EngineSettings
from job.local import LocalJob, Record
from job.rules.parameters import load_rules
from stack.local import LocalStack
from stack.settings import StackSettings
from workbench.commit_progress import CommitProgress
from workbench.plan import JobPlan
from workbench.running_job import RunningJob
from workbench.submission import submitted, wait_consumed

pytestmark = [pytest.mark.stack, pytest.mark.slow]


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    asked = {"scenario": "geo_jump", "rate_per_min": 6_000, "duration_s": 10, "incidents": 20}
    quiet = {"warm_up_s": 0, "disturbances": Disturbances.none()}
    return cached_replay(ReplaySettings.parse(asked | quiet), tmp_path / "replays")


def expected_alerts(replay: Path) -> dict[str, Alert]:
    """What the engine makes of the replay's own profiles and swipes, by alert id; cards only."""
    job = LocalJob(load_rules(), EngineSettings())
    for row in pq.read_table(replay / "profiles.parquet").to_pylist():
        assert list(job.load_profile(row["card_token"], row["value"])) == []
    found = {}
    for row in pq.read_table(replay / "records.parquet").to_pylist():
        record = Record(0, row["index"], row["record_time_ms"], row["key"], row["value"])
        for _source, output in job.process(record):
            if output.topic == "alerts":
                alert = msgspec.json.decode(output.value, type=Alert)
                if alert.entity_type == "card":
                    found[alert.alert_id] = alert
    return found


def test_every_alert_of_the_job_is_found_by_its_reasons(
    stack_settings: StackSettings,
    database: StackSettings,
    search_node: StackSettings,
    prefix: str,
    replay: Path,
    tmp_path: Path,
) -> None:
    kafka = stack_settings.kafka_address
    create_run_topics(kafka, prefix)
    values = pq.read_table(replay / "profiles.parquet")["value"].to_pylist()
    fill_table(database.postgres_url, values)
    order = PublishOrder(database=database.postgres_url, bootstrap=kafka, prefix=prefix, once=True)
    publish_profiles(order, Stopping(), lambda _counts: None)
    stack, manifest = LocalStack(stack_settings), load_manifest(replay)
    plan, stopping = JobPlan(checkpoint_interval_ms=500), Stopping()
    where = IndexOrder(bootstrap=kafka, index=index_name(prefix), prefix=prefix, group=prefix)
    expected = expected_alerts(replay)
    assert len(expected) >= 10
    with (
        connect(ElasticsearchSettings(url=search_node.elasticsearch_url)) as client,
        submitted(RunningJob(stack, plan, prefix, manifest.event_time_limit_ms)) as job_id,
    ):
        take_in_profiles(stack, job_id, prefix, manifest.event_time_start_ms - 1)
        indexer = threading.Thread(
            target=index_alerts, args=(where, client, stopping, lambda _counts: None)
        )
        indexer.start()
        try:
            send(kafka, prefix, replay, tmp_path)
            deadline_s = time.monotonic() + 240
            found: dict[str, Alert] = {}
            while found.keys() < expected.keys():
                assert time.monotonic() < deadline_s, expected.keys() - found.keys()
                time.sleep(1)
                answer = search_alerts(client, where.index, AlertQuery())
                found = {
                    each.alert_id: each for each in answer.alerts if each.entity_type == "card"
                }
        finally:
            stopping.ask()
            indexer.join(60)
        assert not indexer.is_alive()
    assert found == expected


def take_in_profiles(stack: LocalStack, job_id: str, prefix: str, clock_ms: int) -> None:
    kafka = stack.settings.kafka_address
    progress = CommitProgress(kafka, f"{prefix}job", f"{prefix}card-profiles", PARTITIONS)
    with nudging(kafka, prefix, PARTITIONS, clock_ms) as nudge:
        wait_consumed(stack, job_id, progress, nudge, 240, lambda _done, _total: None)


def send(kafka: str, prefix: str, replay: Path, out: Path) -> None:
    module = [sys.executable, "-m", "generator.send", "--no-profiles"]
    where = ["--bootstrap", kafka, "--prefix", prefix, "--replay", str(replay), "--out", str(out)]
    done = subprocess.run([*module, *where], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
