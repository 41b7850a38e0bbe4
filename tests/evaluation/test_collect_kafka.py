"""Two readers of a real Kafka see what is written and what is committed, and nothing else."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer

from evaluation.collect import collect
from evaluation.collect_status import CollectOrder
from evaluation.glance import Glance, read_glance
from evaluation.observed_file import OBSERVED_SCHEMA
from evaluation.offsets import open_transaction_records
from evaluation.read_back import SENT_SCHEMA, read_back
from generator.bookends import open_producer
from generator.kafka_client import KafkaRefused, client_settings, silent_logger
from generator.topics import create_run_topics, create_topics
from job.contracts import Decision, Topics
from tests.evaluation.conftest import card_alert, encode, swipe_of

pytestmark = pytest.mark.stack

Writer = Callable[..., None]


@pytest.fixture
def topics(kafka_address: str, prefix: str) -> Topics:
    create_run_topics(kafka_address, prefix)
    return Topics.with_prefix(prefix)


@pytest.fixture
def transactions(kafka_address: str, prefix: str) -> Producer:
    producer = Producer(
        client_settings(kafka_address, transactional_id=prefix), logger=silent_logger
    )
    producer.init_transactions(30)
    return producer


@pytest.fixture
def collector(
    kafka_address: str, prefix: str, topics: Topics, tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    module = [sys.executable, "-m", "evaluation.collect", "--out", str(tmp_path / "history")]
    process = subprocess.Popen([*module, "--bootstrap", kafka_address, "--prefix", prefix])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def write(producer: Producer, topic: str, values: range) -> None:
    for number in values:
        producer.produce(topic, b"%d" % number, b"key", number % 4, timestamp=1_000 + number)
    producer.flush(30)


def await_status(history: Path, reached: Callable[[Any], bool]) -> Any:
    path, deadline_s = history / "collect-status.json", time.monotonic() + 90
    while True:
        status = json.loads(path.read_text()) if path.exists() else None
        if status and reached(status):
            return status
        assert time.monotonic() < deadline_s, f"not reached: {status}"
        time.sleep(0.05)


def finish(process: subprocess.Popen[bytes], history: Path) -> list[dict[str, Any]]:
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    table = pq.read_table(history / "observed.parquet")
    assert table.schema.equals(OBSERVED_SCHEMA)
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def seen(rows: list[dict[str, Any]], view: str) -> list[int]:
    return sorted(int(row["value"]) for row in rows if row["view"] == view)


def records(status: Any, view: str) -> int:
    return int(status["views"][view]["records"])


def test_a_record_is_seen_uncommitted_before_it_is_committed(
    collector: subprocess.Popen[bytes], transactions: Producer, topics: Topics, tmp_path: Path
) -> None:
    history = tmp_path / "history"
    transactions.begin_transaction()
    write(transactions, topics.decisions, range(100))
    status = await_status(
        history, lambda s: records(s, "uncommitted") == 100 and s["open_transaction_records"] == 100
    )
    assert records(status, "committed") == 0
    committing_ns = time.monotonic_ns()
    transactions.commit_transaction(30)
    await_status(history, lambda s: records(s, "committed") == 100)
    rows = finish(collector, history)
    assert seen(rows, "uncommitted") == seen(rows, "committed") == list(range(100))
    for row in rows:
        assert (row["received_ns"] < committing_ns) == (row["view"] == "uncommitted")


def test_an_aborted_record_is_never_seen_committed(
    collector: subprocess.Popen[bytes], transactions: Producer, topics: Topics, tmp_path: Path
) -> None:
    history = tmp_path / "history"
    transactions.begin_transaction()
    write(transactions, topics.alerts, range(100, 140))
    await_status(history, lambda s: records(s, "uncommitted") == 40)
    transactions.abort_transaction(30)
    transactions.begin_transaction()
    write(transactions, topics.alerts, range(10))
    transactions.commit_transaction(30)
    await_status(history, lambda s: records(s, "committed") == 10)
    rows = finish(collector, history)
    assert seen(rows, "uncommitted") == [*range(10), *range(100, 140)]
    assert seen(rows, "committed") == list(range(10))


def test_every_column_is_as_kafka_has_it(
    collector: subprocess.Popen[bytes],
    transactions: Producer,
    topics: Topics,
    prefix: str,
    tmp_path: Path,
) -> None:
    history = tmp_path / "history"
    transactions.begin_transaction()
    for topic in topics.outputs():
        transactions.produce(topic, b"value", b"key", 3, timestamp=77)
        transactions.produce(topic, None, None, 3, timestamp=78)
    transactions.commit_transaction(30)
    await_status(history, lambda s: records(s, "committed") == 2 * len(topics.outputs()))
    rows = [row for row in finish(collector, history) if row["view"] == "committed"]
    names = {topic.removeprefix(prefix) for topic in topics.outputs()}
    assert names >= {"decisions", "alerts", "late-swipes", "dead-letters", "window-drops"}
    assert {row["topic"] for row in rows} == names
    fields = ("partition", "offset", "record_time_ms", "key", "value")
    contents = {tuple(row[field] for field in fields) for row in rows}
    assert contents == {(3, 0, 77, b"key", b"value"), (3, 1, 78, None, None)}


def test_topics_of_event_time_windows_need_not_exist(
    kafka_address: str, prefix: str, tmp_path: Path
) -> None:
    topics = Topics.with_prefix(prefix)
    others = set(topics.outputs()) - set(topics.windows().values())
    create_topics(kafka_address, dict.fromkeys({topics.swipes, *others}, 1))
    order = CollectOrder(out=tmp_path, bootstrap=kafka_address, prefix=prefix, floor=False)
    status = collect(order, lambda: True)
    assert status.complete
    assert set(status.ends) == {topic.removeprefix(prefix) for topic in others}


def test_the_collector_reads_on_to_the_end_before_it_stops(
    collector: subprocess.Popen[bytes], transactions: Producer, topics: Topics, tmp_path: Path
) -> None:
    history = tmp_path / "history"
    await_status(history, lambda s: s["phase"] == "collecting")
    transactions.begin_transaction()
    write(transactions, topics.decisions, range(20_000))
    transactions.commit_transaction(30)
    rows = finish(collector, history)
    summary = json.loads((history / "collect.json").read_text())
    assert summary["complete"]
    assert seen(rows, "uncommitted") == seen(rows, "committed") == list(range(20_000))
    assert not list(history.glob("*partial*"))


def test_floor_and_lag_are_measured_beside(
    collector: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    history = tmp_path / "history"
    await_status(history, lambda s: s["round_trips"] >= 10)
    finish(collector, history)
    floor = pq.read_table(history / "floor.parquet").to_pylist()
    assert len(floor) >= 10
    assert all(0 < row["sent_ns"] < row["received_ns"] for row in floor)
    lag = pq.read_table(history / "lag.parquet")
    assert lag.num_rows >= 1
    assert lag["end_offset_sum"].to_pylist()[0] == 0


def test_a_collector_that_stands_still_shows_in_the_floor_that_it_measures(
    collector: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    stall_s, interval_s = 2.0, 0.02
    history = tmp_path / "history"
    before = await_status(history, lambda s: s["round_trips"] >= 10)["round_trips"]
    collector.send_signal(signal.SIGSTOP)
    time.sleep(stall_s)
    collector.send_signal(signal.SIGCONT)
    due = stall_s / interval_s
    await_status(history, lambda s: s["round_trips"] >= before + due)
    finish(collector, history)
    floor = pq.read_table(history / "floor.parquet").to_pylist()
    # Due during the first half of the stall, and received after it.
    late = [row for row in floor if row["received_ns"] - row["sent_ns"] > stall_s / 2 * 1e9]
    assert len(late) >= 0.8 * due / 2


def test_a_broker_that_is_not_there_gives_one_line_and_exit_code_2(tmp_path: Path) -> None:
    module = [sys.executable, "-m", "evaluation.collect", "--out", str(tmp_path)]
    done = subprocess.run(
        [*module, "--bootstrap", "127.0.0.1:9"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "127.0.0.1:9" in done.stderr


def test_the_records_of_an_open_transaction_are_counted_exactly(
    kafka_address: str, transactions: Producer, topics: Topics
) -> None:
    assert open_transaction_records(kafka_address, topics.outputs()) == 0
    transactions.begin_transaction()
    write(transactions, topics.decisions, range(123))
    write(transactions, topics.alerts, range(7))
    assert open_transaction_records(kafka_address, topics.outputs()) == 130
    assert open_transaction_records(kafka_address, [topics.alerts]) == 7
    transactions.commit_transaction(30)
    # The markers reach the partitions a moment after the commit has been confirmed.
    deadline_s = time.monotonic() + 60
    while open_transaction_records(kafka_address, topics.outputs()):
        assert time.monotonic() < deadline_s, "the commit never reached the partitions"


def test_the_topic_is_read_back_whole_in_order_of_partition_and_offset(
    kafka_address: str, topics: Topics, tmp_path: Path
) -> None:
    producer = open_producer(kafka_address)
    write(producer, topics.swipes, range(45_001))
    assert read_back(kafka_address, topics.swipes, tmp_path / "sent.parquet") == 45_001
    table = pq.read_table(tmp_path / "sent.parquet")
    assert table.schema.equals(SENT_SCHEMA)
    expected = [(n % 4, n // 4, 1_000 + n, b"%d" % n) for n in range(45_001)]
    columns = (table[name].to_pylist() for name in ("partition", "offset", "record_time_ms"))
    assert list(zip(*columns, table["value"].to_pylist(), strict=True)) == sorted(expected)


def test_an_empty_topic_is_read_back_empty(
    kafka_address: str, topics: Topics, tmp_path: Path
) -> None:
    assert read_back(kafka_address, topics.swipes, tmp_path / "sent.parquet") == 0
    assert pq.read_table(tmp_path / "sent.parquet").num_rows == 0


def test_reading_back_a_topic_that_does_not_exist_names_it(
    kafka_address: str, tmp_path: Path
) -> None:
    with pytest.raises(KafkaRefused, match=r"nowhere\.swipes"):
        read_back(kafka_address, "nowhere.swipes", tmp_path / "sent.parquet")


def test_who_watches_sees_alerts_and_a_sample_of_the_decisions(
    collector: subprocess.Popen[bytes], transactions: Producer, topics: Topics, tmp_path: Path
) -> None:
    history = tmp_path / "history"
    decisions = [encode(decision_of(number)) for number in range(1_000)]
    transactions.begin_transaction()
    for value in decisions:
        transactions.produce(topics.decisions, value, b"key", 0)
    transactions.produce(topics.alerts, encode(card_alert(swipe_of(7))), b"key", 0)
    transactions.produce(topics.alerts, b"{", b"key", 0)
    transactions.flush(30)
    await_status(history, lambda s: records(s, "uncommitted") == 1_002)
    glance = await_glance(history, lambda g: len(g.alerts) == 1)
    assert glance.alerts[0].reasons == ["VELOCITY"]
    assert glance.unreadable == 1
    sampled = [each.swipe_id for each in glance.decisions["uncommitted"]]
    assert len(sampled) in (10, 11)  # one record in 100, alerts among them
    assert glance.decisions["committed"] == []
    transactions.commit_transaction(30)
    await_glance(history, lambda g: len(g.decisions["committed"]) >= 10)
    received_ns = {(row["view"], row["received_ns"]) for row in finish(collector, history)}
    assert all(
        ("uncommitted", s.received_ns) in received_ns for s in glance.decisions["uncommitted"]
    )


def await_glance(history: Path, reached: Callable[[Glance], bool]) -> Glance:
    deadline_s = time.monotonic() + 90
    while True:
        glance = read_glance(history)
        if glance is not None and reached(glance):
            return glance
        assert time.monotonic() < deadline_s, f"not reached: {glance}"
        time.sleep(0.05)


def decision_of(number: int) -> Decision:
    swipe = swipe_of(number)
    return Decision(
        v=1,
        swipe_id=swipe.swipe_id,
        card_token=swipe.card_token,
        event_time_ms=swipe.event_time_ms,
        fate="judged",
        score=0.0,
        action="clear",
        partition=0,
        offset=number,
        rules=[],
    )
