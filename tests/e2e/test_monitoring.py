"""Does every question of boards and rules get an answer from the real job under load?

Prometheus asks Flink, Kafka and the canary once a second while a disturbed replay goes through the
job. What a rule compares with a bound rightly gives nothing in peace: of alerts, each thing that is
compared is asked for alone.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from generator.replay import cached_replay, load_manifest
from generator.settings import ReplaySettings
from generator.topics import create_run_topics
from monitoring import queries
from monitoring.canary.canary import CanaryOrder, run_canary
from monitoring.catalogue import SOURCES
from monitoring.queries import Question
from stack.free_ports import free_ports
from stack.local import LocalStack
from stack.settings import StackSettings
from tests.e2e.conftest import DISTURBED
from tests.in_a_thread import in_a_thread
from workbench.plan import JobPlan
from workbench.running_job import RunningJob
from workbench.submission import submitted

pytestmark = pytest.mark.stack

#: A range that holds several samples at one a second.
RATE_INTERVAL: Final = "10s"
ANSWERED_S: Final = 60.0
#: Metric with what its labels must be, as a rule writes it.
SELECTOR: Final = re.compile(r"((?:flink|kafka|paystream)_\w+|[a-z_]+:\w+:\w+|\bup\b)(\{[^}]*\})?")
#: Which a disturbed replay with profiles meets, all of them.
FATES: Final = ("judged", "repeat", "late", "dead_letter", "profile")


class Asked:
    """A Prometheus that can be asked."""

    def __init__(self, address: str) -> None:
        self._address = address

    def get(self, path: str, **parameters: str) -> Any:
        address = f"{self._address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=10) as response:  # noqa: S310 - loopback
            return json.load(response)["data"]

    def series(self, expression: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("query", query=expression)["result"]
        return found

    def value(self, expression: str) -> float:
        """Of an expression with one series."""
        (found,) = self.series(expression)
        return float(found["value"][1])

    def unanswered(self, questions: list[Question]) -> list[Question]:
        return [each for each in questions if not self.series(each.expression)]

    def firing(self) -> set[str]:
        alerts = self.get("alerts")["alerts"]
        return {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}


def as_grafana_asks(question: Question) -> Question:
    expression = question.expression.replace("$__rate_interval", RATE_INTERVAL)
    return Question(
        question.place, expression.replace("$job_name", ".*").replace("$namespace", ".*")
    )


def all_questions() -> list[Question]:
    """Boards and recorded figures as they stand; of alerts, each thing that is compared."""
    found = [as_grafana_asks(each) for each in queries.of_boards()]
    for question in queries.of_rules():
        if not question.place.startswith("alert "):
            found.append(question)
            continue
        selectors = {"".join(each) for each in SELECTOR.findall(question.expression)}
        found += [Question(question.place, each) for each in sorted(selectors)]
    return found


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackSettings]:
    canary_port, index_alerts_port, publish_profiles_port = free_ports(3)
    settings = StackSettings.with_free_ports(
        tmp_path_factory.mktemp("monitored"),
        monitoring=True,
        scrape_interval_s=1,
        canary_port=canary_port,
        index_alerts_port=index_alerts_port,
        publish_profiles_port=publish_profiles_port,
    )
    stack = LocalStack(settings)
    try:
        stack.up()
        yield settings
    finally:
        stack.down()


@pytest.fixture(scope="module")
def prometheus(
    settings: StackSettings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    """Prometheus while the job judges a replay and the canary sings."""
    folder, prefix = tmp_path_factory.mktemp("replay"), f"m{uuid.uuid4().hex[:8]}."
    create_run_topics(settings.kafka_address, prefix)
    now = datetime.now(UTC).replace(microsecond=0)
    asked = {"scenario": "geo_jump", "rate_per_min": 12_000, "duration_s": 15, "incidents": 40}
    more = {"warm_up_s": 0, "disturbances": DISTURBED, "event_time_start": now}
    replay = cached_replay(ReplaySettings.parse(asked | more), folder)
    # The canary lives now, the swipes of the replay a little earlier.
    limit_ms = max(
        load_manifest(replay).event_time_limit_ms,
        round((now + timedelta(hours=1)).timestamp() * 1000),
    )
    job = RunningJob(LocalStack(settings), JobPlan(checkpoint_interval_ms=500), prefix, limit_ms)
    with (
        submitted(job),
        singing(settings, prefix),
        delivering(settings, prefix),
        sending(settings, prefix, replay, folder),
    ):
        yield Asked(settings.prometheus_url)


@contextmanager
def singing(settings: StackSettings, prefix: str) -> Iterator[None]:
    order = CanaryOrder(
        bootstrap=settings.kafka_address,
        prefix=prefix,
        group=f"{prefix}job",
        port=settings.canary_port,
        interval_ms=100,
    )
    with in_a_thread(
        lambda stopping: run_canary(order, stopping, lambda _count: None, lag_every_s=1.0)
    ):
        yield


@contextmanager
def delivering(settings: StackSettings, prefix: str) -> Iterator[None]:
    """Both of them, each in vain: what they tell does not depend on who is away."""
    (nobody,) = free_ports(1)
    to = ["--bootstrap", settings.kafka_address, "--topic-prefix", prefix]
    commands = (
        ["index-alerts", *to, "--elasticsearch", f"http://127.0.0.1:{nobody}",
         "--port", str(settings.index_alerts_port)],
        ["publish-profiles", *to, "--database", f"postgresql://x@127.0.0.1:{nobody}/x",
         "--port", str(settings.publish_profiles_port)],
    )  # fmt: skip
    programs = [
        subprocess.Popen(
            [Path(sys.executable).with_name("paystream"), *command],
            stdout=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        yield
        assert [each.poll() for each in programs] == [None, None]
        for each in programs:
            each.terminate()
        assert [each.wait(30) for each in programs] == [0, 0]
    finally:
        for each in programs:
            each.kill()
            each.wait()


@contextmanager
def sending(settings: StackSettings, prefix: str, replay: Path, folder: Path) -> Iterator[None]:
    command = [sys.executable, "-m", "generator.send", "--bootstrap", settings.kafka_address]
    where = ["--prefix", prefix, "--replay", str(replay), "--out", str(folder / "out")]
    sender = subprocess.Popen([*command, *where])
    try:
        yield
        assert sender.wait(120) == 0
    finally:
        sender.kill()
        sender.wait()


class TestUnderLoad:
    """One job under load, asked by Prometheus."""

    def test_every_question_of_boards_and_rules_is_answered(self, prometheus: Asked) -> None:
        questions = all_questions()
        assert len(questions) > 100
        deadline_s = time.monotonic() + ANSWERED_S
        while unanswered := prometheus.unanswered(questions):
            lacking = "\n".join(f"{each.place}: {each.expression}" for each in unanswered)
            assert time.monotonic() < deadline_s, f"no answer to\n{lacking}"
            time.sleep(1)

    def test_every_metric_of_the_catalogue_is_told(self, prometheus: Asked) -> None:
        told = set(prometheus.get("label/__name__/values"))
        promised = {name for source in SOURCES for name in source.names()}
        assert {name for name in promised if not {name, f"{name}_bucket"} & told} == set()

    def test_the_labels_of_the_catalogue_are_there(self, prometheus: Asked) -> None:
        for source in SOURCES:
            for name, metric in zip(source.names(), source.metrics, strict=True):
                of = f"{name}_bucket" if name.endswith("latency_seconds") else name
                labels = prometheus.series(of)[0]["metric"].keys()
                assert set(metric.labels) <= labels, name

    def test_a_metric_that_nobody_tells_is_found(self, prometheus: Asked) -> None:
        """The negative control."""
        absent = Question("", "flink_jobmanager_numRunningJobz")
        assert prometheus.unanswered([absent]) == [absent]

    def test_all_rules_are_evaluated_without_an_error(self, prometheus: Asked) -> None:
        found = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
        assert {each["health"] for each in found} == {"ok"}, found
        assert len(found) == len(queries.rules())

    def test_every_process_is_asked_and_answers(self, prometheus: Asked) -> None:
        up = {each["metric"]["job"]: each["value"][1] for each in prometheus.series("up")}
        jobs = ("flink-jobmanager", "flink-taskmanager", "kafka", "canary", "delivery")
        assert up == dict.fromkeys((*jobs, "prometheus"), "1")
        assert prometheus.value('count(up{job="delivery"} == 1)') == 2

    def test_the_job_s_own_counters_count(self, prometheus: Asked) -> None:
        counters = "flink_taskmanager_job_task_operator"
        deadline_s = time.monotonic() + ANSWERED_S
        wanted = [
            *(f'{counters}_fate_records{{fate="{fate}"}}' for fate in FATES),
            f'{counters}_reason_dead_letters{{reason="not_json"}}',
            f'{counters}_rule_alerts{{rule="impossible_travel"}}',
            f"sum({counters}_action_alerts)",
        ]
        while lacking := [each for each in wanted if prometheus.value(each) == 0]:
            assert time.monotonic() < deadline_s, lacking
            time.sleep(1)
        letters = prometheus.value(f'{counters}_fate_records{{fate="dead_letter"}}')
        assert prometheus.value(f"sum({counters}_reason_dead_letters)") == letters

    def test_the_canary_times_both_views_and_loses_nothing(self, prometheus: Asked) -> None:
        for view in ("uncommitted", "committed"):
            labels = f'{{view="{view}"}}'
            assert prometheus.value(f"paystream_canary_latency_seconds_count{labels}") > 10
            assert prometheus.value(f"paystream_canary_lost_total{labels}") == 0
        p50 = "histogram_quantile(0.5, sum by (le) (rate(paystream_canary_latency_seconds_bucket"
        quick = prometheus.value(f'{p50}{{view="uncommitted"}}[1m])))')
        ledger = prometheus.value(f'{p50}{{view="committed"}}[1m])))')
        # The ledger waits for a checkpoint; nothing is said of how long.
        assert 0 < quick < ledger

    def test_deliveries_whose_other_side_is_away_say_that_they_wait(
        self, prometheus: Asked
    ) -> None:
        waiting = prometheus.series("paystream_delivery_waiting == 1")
        names = {each["metric"]["delivery"] for each in waiting}
        assert names == {"index-alerts", "publish-profiles"}

    def test_the_figures_of_a_healthy_job_are_those_of_one(self, prometheus: Asked) -> None:
        """An answer is not enough: one with another meaning would wake somebody for nothing."""
        # 30 s of bounded lateness, and as much again for a busy machine and the replay's end.
        assert 0 < prometheus.value("job_name:watermark_lag_seconds:max") < 300
        assert 0 <= prometheus.value("job_name:checkpoint_age_seconds:max") < 60
        assert 0 < prometheus.value("job_name:alert_ratio:rate30m") < 1
        assert 0 < prometheus.value("job_name:dead_letter_ratio:rate5m") < 1
        assert 0 <= prometheus.value("job_name:checkpoint_failed_ratio:increase10m") <= 1
        assert prometheus.value("job_name:lag_records:sum") >= 0
        cards = "flink_taskmanager_job_task_operator_column_family_rocksdb_estimate_num_keys"
        assert prometheus.value(f'sum({cards}{{column_family="card"}})') > 100

    def test_nothing_of_it_listens_beyond_loopback(
        self, prometheus: Asked, settings: StackSettings
    ) -> None:
        for each in LocalStack(settings).status():
            connections = psutil.Process(each.pid).net_connections("inet")
            listening = {c.laddr.ip.removeprefix("::ffff:") for c in connections
                         if c.status == "LISTEN"}  # fmt: skip
            assert listening == {"127.0.0.1"}, each.name

    def test_who_asks_for_no_monitoring_leaves_it_running(
        self, prometheus: Asked, settings: StackSettings
    ) -> None:
        plain = StackSettings.load(
            data_folder=settings.data_folder,
            scrape_interval_s=1,
            canary_port=settings.canary_port,
            index_alerts_port=settings.index_alerts_port,
            publish_profiles_port=settings.publish_profiles_port,
            **settings.ports(),
        )
        assert LocalStack(plain).up() == ()


@pytest.mark.slow
def test_somebody_is_woken_when_no_job_runs(settings: StackSettings) -> None:
    """The rule itself, in a real Prometheus: nothing was submitted to this stack any more."""
    asked = Asked(settings.prometheus_url)
    deadline_s = time.monotonic() + 180
    while "JobNotRunning" not in asked.firing():
        assert time.monotonic() < deadline_s, asked.firing()
        time.sleep(2)
