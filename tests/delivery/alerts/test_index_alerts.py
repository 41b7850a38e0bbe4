"""Do committed alerts come into a real Elasticsearch, each once, whatever dies?"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Consumer, KafkaError, TopicPartition
from elasticsearch import ApiError, Elasticsearch

from delivery.alerts.connection import ElasticsearchSettings, connect
from delivery.alerts.documents import MAPPINGS, index_name
from delivery.alerts.indexer import IndexCounts, IndexOrder, index_alerts, index_stored
from delivery.alerts.search import AlertQuery, search_alerts
from delivery.problems import DeliveryError
from delivery.stopping import Stopping
from generator.topics import create_run_topics
from job.contracts import RefusedAlert
from stack import elasticsearch
from stack.process import read_record, signal_group, start, wait_gone
from stack.settings import StackSettings
from tests.delivery.alerts.sample import START_MS, alert, encoded, send_alerts
from workbench.stored_alerts import committed_alerts

# Elasticsearch needs half a minute to start, and its archive is fetched for these tests alone.
pytestmark = [pytest.mark.stack, pytest.mark.slow]

EXAMPLE = Path(__file__).parents[3] / "examples" / "run"


@pytest.fixture
def client(search_node: StackSettings) -> Iterator[Elasticsearch]:
    with connect(ElasticsearchSettings(url=search_node.elasticsearch_url)) as found:
        yield found


@pytest.fixture
def alerts(kafka_address: str, prefix: str) -> str:
    """Name of an empty topic of alerts."""
    create_run_topics(kafka_address, prefix)
    return f"{prefix}alerts"


@pytest.fixture
def run(kafka_address: str, prefix: str, client: Elasticsearch) -> Callable[..., IndexCounts]:
    def indexed(
        on_progress: Callable[[IndexCounts], None] = lambda _counts: None, **given: object
    ) -> IndexCounts:
        order = {"group": prefix, "index": index_name(prefix), "once": True, "give_up_s": 300.0}
        asked = IndexOrder(bootstrap=kafka_address, prefix=prefix, **(order | given))  # type: ignore[arg-type]
        return index_alerts(asked, client, Stopping(), on_progress)

    return indexed


def count(client: Elasticsearch, prefix: str) -> int:
    return int(client.count(index=index_name(prefix))["count"])


def letters(kafka_address: str, topic: str) -> list[RefusedAlert]:
    consumer = Consumer(
        {"bootstrap.servers": kafka_address, "group.id": "test", "enable.partition.eof": True}
    )
    consumer.assign([TopicPartition(topic, number, 0) for number in range(4)])
    found, at_end = [], 0
    deadline_s = time.monotonic() + 60
    while at_end < 4 and time.monotonic() < deadline_s:
        for message in consumer.consume(100, 0.2):
            if message.error() is None:
                found.append(msgspec.json.decode(message.value(), type=RefusedAlert))
            elif message.error().code() == KafkaError._PARTITION_EOF:
                at_end += 1
    consumer.close()
    return found


def test_committed_alerts_are_indexed_and_a_second_time_changes_nothing(
    kafka_address: str, alerts: str, prefix: str, client: Elasticsearch, run
) -> None:
    send_alerts(kafka_address, alerts, encoded(0, 1_200))
    send_alerts(kafka_address, alerts, encoded(5_000, 300), commit=False)
    first = run()
    assert (first.read, first.indexed, first.repeats, first.refused) == (1_200, 1_200, 0, 0)
    assert count(client, prefix) == 1_200
    before = client.get(index=index_name(prefix), id="card:s7")
    again = run(group=f"{prefix}again")
    assert (again.read, again.indexed, again.repeats) == (1_200, 0, 1_200)
    assert count(client, prefix) == 1_200
    assert client.get(index=index_name(prefix), id="card:s7") == before


def test_it_goes_on_where_it_stopped(kafka_address: str, alerts: str, run) -> None:
    send_alerts(kafka_address, alerts, encoded(0, 100))
    assert run().read == 100
    assert run().read == 0
    send_alerts(kafka_address, alerts, encoded(100, 50))
    assert run().indexed == 50


def test_what_cannot_be_indexed_becomes_a_dead_letter_with_the_reason(
    kafka_address: str, alerts: str, prefix: str, client: Elasticsearch, run
) -> None:
    # A valid id by the contract (256 characters), and too long for Elasticsearch (512 bytes),
    # which then refuses the whole bulk.
    too_long = msgspec.structs.replace(alert(999), alert_id="\N{GRINNING FACE}" * 256)
    odd = [b'{"not": "an alert"}', msgspec.json.encode(too_long)]
    send_alerts(kafka_address, alerts, [*encoded(0, 40), *odd, *encoded(40, 40)])
    counts = run()
    assert (counts.read, counts.indexed, counts.refused) == (82, 80, 2)
    assert count(client, prefix) == 80
    found = {letter.reason: letter for letter in letters(kafka_address, f"{alerts}-dead-letters")}
    assert set(found) == {"contract", "refused"}
    assert "missing required field" in found["contract"].detail
    assert "512" in found["refused"].detail
    assert found["refused"].payload_bytes == len(odd[1])


def test_a_document_that_the_index_refuses_stops_no_other(
    kafka_address: str, alerts: str, prefix: str, client: Elasticsearch, run
) -> None:
    index = index_name(prefix)
    numbers_only = {"properties": {"alert_id": {"type": "long"}}}
    client.indices.create(index=index, mappings=numbers_only)
    numbered = msgspec.structs.replace(alert(7), alert_id="7")
    send_alerts(kafka_address, alerts, [*encoded(0, 3), msgspec.json.encode(numbered)])
    counts = run()
    assert (counts.indexed, counts.refused) == (1, 3)
    reasons = {letter.detail for letter in letters(kafka_address, f"{alerts}-dead-letters")}
    assert all("alert_id" in reason and "long" in reason for reason in reasons)


def test_an_index_that_somebody_closed_is_waited_for_and_no_alert_is_written_off(
    kafka_address: str, alerts: str, prefix: str, client: Elasticsearch, run
) -> None:
    index = index_name(prefix)
    send_alerts(kafka_address, alerts, encoded(0, 10))
    assert run().indexed == 10
    client.indices.close(index=index)
    send_alerts(kafka_address, alerts, encoded(10, 20))

    def open_again(counts: IndexCounts) -> None:
        if counts.waits >= 3:
            client.indices.open(index=index, wait_for_active_shards=1)

    counts = run(open_again)
    assert counts.waits >= 3
    assert (counts.indexed, counts.refused) == (20, 0)
    assert count(client, prefix) == 30


def test_a_pipeline_that_is_not_there_ends_it_and_writes_no_alert_off(
    kafka_address: str, alerts: str, prefix: str, client: Elasticsearch, run
) -> None:
    index = index_name(prefix)
    client.indices.create(index=index, settings={"index.default_pipeline": "none-such"})
    send_alerts(kafka_address, alerts, encoded(0, 200))
    with pytest.raises(DeliveryError, match=r"none is to blame .*none-such"):
        run()
    client.indices.put_settings(index=index, settings={"index.default_pipeline": None})
    assert run().indexed == 200
    assert letters(kafka_address, f"{alerts}-dead-letters") == []


def test_two_cards_with_one_swipe_id_leave_a_letter(
    kafka_address: str, alerts: str, prefix: str, client: Elasticsearch, run
) -> None:
    other = msgspec.structs.replace(alert(1), entity_id="c77")
    send_alerts(kafka_address, alerts, encoded(0, 3))
    assert run().indexed == 3
    send_alerts(kafka_address, alerts, [msgspec.json.encode(other), *encoded(2, 1)])
    counts = run()
    assert (counts.repeats, counts.refused) == (1, 1)
    (letter,) = letters(kafka_address, f"{alerts}-dead-letters")
    assert "'c1'" in letter.detail
    assert count(client, prefix) == 3


def test_an_index_of_an_earlier_version_is_searched_by_what_came_later(
    kafka_address: str, alerts: str, prefix: str, client: Elasticsearch, run
) -> None:
    index = index_name(prefix)
    fields = {k: v for k, v in MAPPINGS["properties"].items() if k != "rules_version"}
    client.indices.create(index=index, mappings={"dynamic": False, "properties": fields})
    newer = msgspec.structs.replace(alert(1), rules_version="7")
    send_alerts(kafka_address, alerts, [*encoded(0, 1), msgspec.json.encode(newer)])
    assert run().indexed == 2
    found = client.search(index=index, query={"term": {"rules_version": "7"}})["hits"]["hits"]
    assert [each["_id"] for each in found] == ["card:s1"]


def test_nothing_is_lost_when_elasticsearch_is_killed_midway(
    kafka_address: str,
    alerts: str,
    prefix: str,
    client: Elasticsearch,
    run,
    search_node: StackSettings,
) -> None:
    send_alerts(kafka_address, alerts, encoded(0, 6_000))
    killed_at: list[int] = []
    said: set[str] = set()

    def kill_once(counts: IndexCounts) -> None:
        said.add(counts.waiting_for)
        if counts.indexed >= 2_000 and not killed_at:
            killed_at.append(counts.indexed)
            service = elasticsearch.service(search_node)
            record = read_record(service.pid_file)
            assert record is not None
            signal_group(record, signal.SIGKILL)
            assert wait_gone(record, 10.0)
            start(service)  # it is back in half a minute; nobody waits for it here

    counts = run(kill_once)
    assert 2_000 <= killed_at[0] < 6_000
    assert counts.waits > 0
    assert any(said)
    # What it had taken without having said so is found there, not written again.
    assert counts.indexed + counts.repeats == 6_000
    assert count(client, prefix) == 6_000


def test_ctrl_c_ends_it_in_order(
    kafka_address: str, alerts: str, prefix: str, client: Elasticsearch, run,
    search_node: StackSettings,
) -> None:  # fmt: skip
    send_alerts(kafka_address, alerts, encoded(0, 700))
    where = ["--bootstrap", kafka_address, "--elasticsearch", search_node.elasticsearch_url]
    main = "from workbench.cli import main; main()"
    command = [sys.executable, "-c", main, "index-alerts", *where, "--topic-prefix", prefix]
    with subprocess.Popen(
        [*command, "--group", prefix], stdout=subprocess.PIPE, text=True, preexec_fn=_hear_ctrl_c
    ) as process:
        try:
            deadline_s = time.monotonic() + 240
            while _indexed(client, prefix) < 700:
                assert time.monotonic() < deadline_s
                assert process.poll() is None
                time.sleep(0.2)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "indexed 700, repeats 0, refused 0" in output
    assert run().read == 0, "its place was not noted"


def _hear_ctrl_c() -> None:
    """A shell's background job ignores Ctrl-C, and so does all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _indexed(client: Elasticsearch, prefix: str) -> int:
    try:
        return count(client, prefix)
    except ApiError:  # the index is being made
        return 0


def test_an_elasticsearch_that_is_not_there_is_given_up_in_time(
    kafka_address: str, alerts: str, prefix: str
) -> None:
    order = IndexOrder(
        bootstrap=kafka_address,
        prefix=prefix,
        group=prefix,
        index=index_name(prefix),
        give_up_s=0.5,
    )
    with (
        connect(ElasticsearchSettings(url="http://127.0.0.1:9")) as nobody,
        pytest.raises(DeliveryError, match="nothing is lost"),
    ):
        index_alerts(order, nobody, Stopping(), lambda _counts: None)


def test_alerts_of_a_run_whose_topics_are_gone_are_indexed_from_its_folder(
    client: Elasticsearch, prefix: str
) -> None:
    records = committed_alerts(EXAMPLE)
    odd = records[0]._replace(value=b"{}", offset=99)
    order = IndexOrder(bootstrap="", index=index_name(prefix), once=True, give_up_s=300.0)
    told: list[IndexCounts] = []
    counts, letters = index_stored([*records, odd], order, client, Stopping(), told.append)
    assert (counts.indexed, counts.refused) == (len(records), 1)
    assert [letter.offset for letter in letters] == [99]
    assert count(client, prefix) == len(records)
    again, _ = index_stored(records, order, client, Stopping(), told.append)
    assert (again.indexed, again.repeats) == (0, len(records))


def test_alerts_are_found_by_card_rule_action_and_time(
    kafka_address: str, alerts: str, prefix: str, client: Elasticsearch, run
) -> None:
    send_alerts(kafka_address, alerts, encoded(0, 300))
    run()
    index = index_name(prefix)

    def found(**query: object) -> list[str]:
        answer = search_alerts(client, index, AlertQuery(**query))  # type: ignore[arg-type]
        assert answer.total == len(answer.alerts)
        return [each.alert_id for each in answer.alerts]

    assert found(entity_id="c7") == ["card:s207", "card:s107", "card:s7"]
    assert found(entity_id="s10") == ["card:s11", "card:s10"]
    assert found(entity_id="c5", rule="impossible_travel", action="block") == ["card:s105"]
    assert found(entity_id="c5", rule="velocity") == []
    since_ms, until_ms = START_MS + 10_000, START_MS + 12_000
    assert found(since_ms=since_ms, until_ms=until_ms) == ["card:s11", "card:s10"]
    everything = search_alerts(client, index, AlertQuery())
    assert everything.total == 300
    assert everything.by_rule == {"velocity": 240, "impossible_travel": 60}
    assert everything.by_action == {"review": 200, "block": 100}
    assert everything.alerts[0] == alert(299)


def alerts_page() -> Any:
    """The dashboard's page of alerts, not yet drawn."""
    from streamlit.testing.v1 import AppTest

    view = "from dashboard.views.alerts import VIEW\nVIEW.render()\n"
    return AppTest.from_string(view, default_timeout=60)


def test_the_page_shows_what_was_found(
    kafka_address: str,
    alerts: str,
    prefix: str,
    run,
    search_node: StackSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send_alerts(kafka_address, alerts, encoded(0, 120))
    run()
    monkeypatch.setenv("PAYSTREAM_ELASTICSEARCH_URL", search_node.elasticsearch_url)
    page = alerts_page()
    page.query_params["index"] = index_name(prefix)
    page.query_params["entity"] = "c15"
    page.run()
    assert not page.exception
    assert not page.error
    assert page.metric[0].value == "2"
    assert list(page.dataframe[0].value["action"]) == ["review", "block"]
    assert "impossible_travel: 7 authorisations, fires at 6" in page.dataframe[0].value["why"][0]


#: What somebody would type to leave the search, or to have another one.
HOSTILE = [
    {"entity": '"}},{"match_all":{}}'},
    {"entity": "*"},
    {"entity": "c3 OR 1=1"},
    {"entity": "../_cluster/settings"},
    {"entity": "x" * 40_000},
    {"rule": "velocity*"},
    {"rule": '"]}'},
    {"since": "now-1y"},
    {"since": "2026-01-01||/d"},
    {"index": "*"},
    {"index": "_all"},
    {"index": "../_nodes"},
    {"index": ".security"},
    {"action": "block*"},
]


def test_what_is_typed_is_a_value_and_never_a_query(
    kafka_address: str,
    alerts: str,
    prefix: str,
    run,
    search_node: StackSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    send_alerts(kafka_address, alerts, encoded(0, 5))
    run()
    monkeypatch.setenv("PAYSTREAM_ELASTICSEARCH_URL", search_node.elasticsearch_url)
    for asked in ({}, *HOSTILE):
        page = alerts_page()
        for name, value in ({"index": index_name(prefix)} | asked).items():
            page.query_params[name] = value
        page.run()
        assert not page.exception, asked
        found = "" if page.error else page.metric[0].value
        assert found == ("" if page.error else "0" if asked else "5"), asked
