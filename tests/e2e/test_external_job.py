"""Can a job that this project knows nothing of be put under test, in another language too?"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from confluent_kafka.admin import AdminClient
from rich.console import Console

from evaluation.contract_check import check_topic
from evaluation.evaluate import Evaluation
from generator.kafka_client import admin_client
from generator.settings import ReplaySettings, SettingsError
from generator.topics import create_topics
from workbench.console import Phases
from workbench.external_job import ExternalJob
from workbench.external_run import simulate_external
from workbench.plan import RunPlan

pytestmark = pytest.mark.stack

ROOT: Final = Path(__file__).resolve().parents[2]
JAVA_JOB: Final = ROOT / "examples" / "java-job"
ALERTING_JOB: Final = Path(__file__).with_name("alerting_job.py")
#: Time is measured here, not gated: this machine does other things too.
PATIENT: Final = """
[latency]
uncommitted_p99_ms = 60000.0
committed_p99_ms = 60000.0
slip_p99_ms = 60000.0
[throughput]
achieved_share_min = 0.5
backlog_growth_share_max = 1.0
"""

RunExternal = Callable[..., tuple[Path, Evaluation]]


@pytest.fixture(scope="session")
def java_jar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built by Maven."""
    folder = tmp_path_factory.mktemp("java-job")
    command = ["mvn", "--quiet", "--batch-mode", f"-DbuildDirectory={folder}", "package"]
    subprocess.run(command, cwd=JAVA_JOB, check=True, timeout=300)
    return folder / "paystream-java-job.jar"


@contextmanager
def process(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        started = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def await_line(log: Path, text: str, running: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + 90
    while text not in log.read_text(errors="replace"):
        assert running.poll() is None, log.read_text(errors="replace")[-2000:]
        assert time.monotonic() < deadline_s, log.read_text(errors="replace")[-2000:]
        time.sleep(0.1)


@pytest.fixture
def run_external(kafka_address: str, prefix: str, tmp_path: Path) -> RunExternal:
    """Run a small replay against whatever reads this prefix's topics."""
    thresholds = tmp_path / "patient.toml"
    thresholds.write_text(PATIENT)

    def run(seed: int = 1, duration_s: int = 12, **job: Any) -> tuple[Path, Evaluation]:
        replay = ReplaySettings.parse(
            {
                "rate_per_min": 6_000,
                "incidents": 8,
                "duration_s": duration_s,
                "warm_up_s": 2,
                "seed": seed,
            }
        )
        return simulate_external(
            RunPlan(replay=replay, thresholds_file=thresholds),
            ExternalJob(bootstrap=kafka_address, prefix=prefix, **job),
            Phases(Console()),
            tmp_path / "runs",
            replays=tmp_path / "replays",
        )

    return run


def make_topics(bootstrap: str, prefix: str, *names: str) -> None:
    create_topics(bootstrap, {f"{prefix}{name}": 3 for name in names})


def topic_names(bootstrap: str, prefix: str) -> set[str]:
    admin: AdminClient = admin_client(bootstrap)
    return {name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)}


def figures(evaluation: Evaluation, judge: str) -> dict[str, Any]:
    result = evaluation.judge(judge)
    assert result is not None
    return {figure.name: figure.value for figure in result.figures}


@pytest.mark.slow
def test_a_job_in_java_is_judged_and_loses_and_repeats_nothing(
    java_jar, run_external, kafka_address, prefix, tmp_path
):
    make_topics(kafka_address, prefix, "swipes", "card-profiles", "decisions", "alerts")
    before = topic_names(kafka_address, prefix)
    log = tmp_path / "java.log"
    command = ["java", "-jar", str(java_jar), kafka_address, prefix, str(tmp_path / "state")]
    with process(command, log) as job:
        await_line(log, "state RUNNING", job)
        folder, evaluation = run_external(group=f"{prefix}java-job", create_topics=True)
        assert job.poll() is None, "the workbench ends nothing"
        delivery = figures(evaluation, "delivery")
        assert (delivery["missing"], delivery["repeated"], delivery["unexpected"]) == (0, 0, 0)
        assert delivery["out_of_order"] == 0
        assert delivery["owed_answers"] > 1_300
        assert evaluation.verdict.value == "pass", evaluation.verdict.reason
        detection = figures(evaluation, "detection")
        assert detection["incidents_caught"] > 0
        unknown = {f.name: f for f in evaluation.judge("delivery").figures if f.value is None}
        assert unknown["different"].verdict == "inconclusive"
        assert unknown["different"].note == "another job: nobody knows what it should decide"
        stability = evaluation.judge("stability")
        assert (stability.verdict, stability.decides) == ("inconclusive", False)
        for topic in ("decisions", "alerts"):
            check = check_topic(kafka_address, f"{prefix}{topic}", topic)
            assert (check.exit_code, check.breaches) == (0, [])

        # The same replay again would be repeats only; another seed on the same topics is fine.
        with pytest.raises(SettingsError, match=r"was sent before.*another seed"):
            run_external()
        _, second = run_external(seed=2)
        again = figures(second, "delivery")
        assert (again["missing"], again["repeated"], again["unexpected"]) == (0, 0, 0)
    assert before <= topic_names(kafka_address, prefix), "no topic of theirs is removed"
    assert msgspec.json.decode((folder / "history" / "job.json").read_bytes())["complete"]


@pytest.mark.slow
def test_senders_that_run_apart_are_judged_as_one(
    java_jar, run_external, kafka_address, prefix, tmp_path
):
    make_topics(kafka_address, prefix, "swipes", "card-profiles", "decisions", "alerts")
    shared, log = tmp_path / "shared", tmp_path / "java.log"
    shared.mkdir()
    java = ["java", "-jar", str(java_jar), kafka_address, prefix, str(tmp_path / "state")]
    module = [sys.executable, "-m", "generator.send_shard", "--shared", str(shared)]
    where = ["--bootstrap", kafka_address, "--prefix", prefix, "--shards", "2", "--shard"]
    with ExitStack() as running:
        job = running.enter_context(process(java, log))
        for number in range(2):
            command = [*module, *where, str(number)]
            running.enter_context(process(command, tmp_path / f"sender-{number}.log"))
        await_line(log, "state RUNNING", job)
        folder, evaluation = run_external(
            group=f"{prefix}java-job", create_topics=True, sender_shards=2, shared=shared
        )
    delivery = figures(evaluation, "delivery")
    assert (delivery["missing"], delivery["repeated"], delivery["unexpected"]) == (0, 0, 0)
    assert delivery["out_of_order"] == 0
    assert delivery["owed_answers"] > 1_300
    sends = msgspec.json.decode((folder / "sends.json").read_bytes())
    assert sends["complete"]
    numbers = [each["shard"]["number"] for each in sends["settings"]["shards"]]
    assert numbers == [0, 1]
    # Nothing is left for another run to take up.
    assert list(shared.iterdir()) == []


def test_a_job_that_writes_only_alerts_is_judged_by_its_alerts(
    run_external, kafka_address, prefix, tmp_path
):
    make_topics(kafka_address, prefix, "swipes", "alerts")
    log = tmp_path / "alerting.log"
    settings = tmp_path / "client.properties"
    settings.write_text("socket.timeout.ms=15000\nsasl.password=hunter2\n")
    with process([sys.executable, str(ALERTING_JOB), kafka_address, prefix], log) as job:
        await_line(log, "reading", job)
        folder, evaluation = run_external(still_s=2.0, kafka_config_file=settings)
    assert evaluation.verdict.value == "inconclusive"
    for judge in ("delivery", "latency", "throughput"):
        result = evaluation.judge(judge)
        assert result.verdict == "inconclusive"
        assert "decisions are not written by this job" in result.reason
    assert figures(evaluation, "detection")["alerts"] > 0
    assert "missing" not in figures(evaluation, "delivery")
    sends = msgspec.json.decode((folder / "sends.json").read_bytes())
    given = sends["settings"]["kafka_config"]
    assert given == {"socket.timeout.ms": "15000", "sasl.password": "(hidden)"}


def test_a_job_that_loses_and_repeats_fails(run_external, kafka_address, prefix, tmp_path):
    make_topics(kafka_address, prefix, "swipes", "decisions")
    log = tmp_path / "faulty.log"
    command = [sys.executable, str(ALERTING_JOB), kafka_address, prefix, "decisions"]
    with process(command, log) as job:
        await_line(log, "reading", job)
        _, evaluation = run_external(still_s=2.0)
    delivery = figures(evaluation, "delivery")
    # It passes over every 100th swipe and answers every 150th twice.
    assert delivery["missing"] > 5
    assert delivery["repeated"] > 2
    assert evaluation.verdict.value == "fail"


def test_missing_topics_are_named_with_the_command_that_makes_them(
    run_external, kafka_address, prefix
):
    make_topics(kafka_address, prefix, "decisions")
    with pytest.raises(SettingsError) as refused:
        run_external()
    line = str(refused.value)
    assert f"missing on {kafka_address}: {prefix}swipes;" in line
    assert "--create-topics" in line
    assert f"for t in {prefix}swipes; do kafka-topics.sh" in line
    assert "\n" not in line
    assert topic_names(kafka_address, prefix) == {f"{prefix}decisions"}


def test_a_job_that_does_not_run_is_inconclusive_and_says_so(run_external, kafka_address, prefix):
    make_topics(kafka_address, prefix, "swipes", "decisions")
    folder, evaluation = run_external(duration_s=2, timeout_s=3.0)
    assert evaluation.verdict.value == "inconclusive"
    record = msgspec.json.decode((folder / "history" / "job.json").read_bytes())
    assert record["incomplete_because"].startswith("the job had written nothing: does it run")


@pytest.fixture(autouse=True)
def maven_is_there() -> None:
    assert shutil.which("mvn"), "Maven is missing: run `make doctor`"
