"""Does a secured broker let in whom it knows, and allow each what it is for and nothing else?"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from delivery.kafka import reach
from delivery.problems import DeliveryError
from evaluation.floor import FloorProbe
from evaluation.offsets import partitions_of, read_ends
from evaluation.view_reader import open_consumer
from generator.bookends import open_producer
from generator.committed_offsets import CommittedOffsets
from generator.kafka_client import KafkaRefused, client_settings, require_broker
from generator.topics import create_run_topics, create_topics, floor_topic, run_topics
from job.contracts import Topics
from monitoring.canary.canary import CanaryOrder, run_canary
from stack import kafka_access
from stack.free_ports import free_ports
from stack.settings import StackSettings
from tests.in_a_thread import in_a_thread
from tests.secured_broker import secured_broker
from workbench.kafka_rights import PUBLISHER, grant, rights, withdraw
from workbench.kafka_user import kafka_user
from workbench.rule_topic import read_topic

pytestmark = pytest.mark.stack

PREFIX: Final = "run-7."
TOPICS: Final = Topics.with_prefix(PREFIX)
#: Long enough for any answer, and a refused record is refused at once.
WAIT_S: Final = 20.0
#: Kafka's question which requests a broker knows: key 18, version 0, no client id.
API_VERSIONS: Final = bytes.fromhex("0000000a 0012 0000 00000001 ffff")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackSettings]:
    """A secured broker with the topics and rights of one run."""
    with secured_broker(tmp_path_factory.mktemp("secured"), PREFIX) as settings:
        yield settings


@pytest.fixture
def write(broker: StackSettings) -> Callable[..., str | None]:
    """Write one record as a user; gives the name of the error, None for written."""
    producers: dict[tuple[str, str | None], Producer] = {}

    def producer_of(user: str, transaction: str | None) -> Producer:
        if (user, transaction) not in producers:
            own = {} if transaction is None else {"transactional_id": transaction}
            with kafka_user(broker, user):
                producers[user, transaction] = open_producer(broker.kafka_address, **own)
        return producers[user, transaction]

    def write_as(user: str, topic: str, transaction: str | None = None) -> str | None:
        errors: list[str | None] = []
        producer = producer_of(user, transaction)
        if transaction is not None:
            producer.init_transactions(WAIT_S)
            producer.begin_transaction()
        producer.produce(
            topic, b"{}", b"k", on_delivery=lambda e, _m: errors.append(e and e.name())
        )
        assert producer.flush(WAIT_S) == 0
        if transaction is not None and errors == [None]:
            producer.commit_transaction(WAIT_S)
        return errors[0]

    return write_as


def read(broker: StackSettings, user: str, topic: str) -> str | None:
    """Read the first record as a user; gives the name of the error, None for read."""
    with kafka_user(broker, user):
        consumer: Consumer = open_consumer(broker.kafka_address, "uncommitted")
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        message = consumer.poll(WAIT_S)
        assert message is not None
        error = message.error()
        return None if error is None or error.code() == KafkaError._PARTITION_EOF else error.name()
    finally:
        consumer.close()


def test_each_writes_what_it_is_for(
    broker: StackSettings, write: Callable[..., str | None]
) -> None:
    for topic in (TOPICS.swipes, TOPICS.card_profiles, TOPICS.fraud_reports):
        assert write("generator", topic) is None
    assert write("job", TOPICS.decisions, f"{PREFIX}job-outgoing-1") is None
    for topic in (*TOPICS.outputs(), TOPICS.rule_audit):
        assert write("job", topic) is None
    assert write("delivery", TOPICS.card_profiles) is None
    assert write("delivery", TOPICS.card_profiles, f"{PREFIX}{PUBLISHER}") is None
    assert write("rules", TOPICS.rules) is None


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        ("generator", TOPICS.alerts),
        ("generator", TOPICS.decisions),
        ("generator", TOPICS.dead_letters),
        ("generator", TOPICS.rules),
        ("job", TOPICS.swipes),
        ("job", TOPICS.card_profiles),
        ("job", TOPICS.rules),
        ("evaluation", TOPICS.alerts),
        ("evaluation", TOPICS.decisions),
        ("evaluation", TOPICS.swipes),
        ("delivery", TOPICS.alerts),
        ("delivery", TOPICS.swipes),
        ("rules", TOPICS.swipes),
        ("canary", TOPICS.decisions),
    ],
)
def test_nobody_writes_what_is_anothers(
    write: Callable[..., str | None], user: str, topic: str
) -> None:
    assert write(user, topic) == "TOPIC_AUTHORIZATION_FAILED"


@pytest.mark.parametrize(
    ("user", "name"),
    [
        ("generator", f"{PREFIX}job-outgoing-1"),
        ("delivery", f"{PREFIX}job-outgoing-1"),
        # Who could would shut the publisher out.
        ("job", f"{PREFIX}{PUBLISHER}"),
        ("generator", f"{PREFIX}{PUBLISHER}"),
    ],
)
def test_a_transaction_is_begun_by_nobody_but_whose_it_is(
    broker: StackSettings, user: str, name: str
) -> None:
    with kafka_user(broker, user):
        producer = open_producer(broker.kafka_address, transactional_id=name)
    with pytest.raises(KafkaException) as refused:
        producer.init_transactions(WAIT_S)
    assert refused.value.args[0].name() == "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"


def test_the_evaluation_reads_all_and_the_sender_nothing(
    broker: StackSettings, write: Callable[..., str | None]
) -> None:
    assert write("job", TOPICS.decisions) is None
    for topic in (TOPICS.swipes, *TOPICS.outputs()):
        assert read(broker, "evaluation", topic) is None
    # It has not even a group to read in; that no topic would be open to it, either, is seen below.
    assert read(broker, "generator", TOPICS.decisions) == "GROUP_AUTHORIZATION_FAILED"
    with kafka_user(broker, "evaluation"):
        admin = require_broker(broker.kafka_address)
        assert read_ends(admin, partitions_of(admin, [TOPICS.decisions])).end
        group = CommittedOffsets(broker.kafka_address, f"{PREFIX}job")
        assert group.read([(TOPICS.swipes, 0)], WAIT_S) == {}
        probe = FloorProbe(broker.kafka_address, PREFIX)
        probe.start()
        deadline_s = time.monotonic() + WAIT_S
        while not probe.round_trips:
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        assert probe.stop().num_rows > 0


@pytest.mark.parametrize("user", sorted(set(kafka_access.USERS) - {kafka_access.ADMIN}))
def test_each_sees_the_topics_on_which_it_has_a_right_and_no_others(
    broker: StackSettings, user: str
) -> None:
    # Whoever may read or write a topic may see it.
    with kafka_user(broker, user):
        seen = set(require_broker(broker.kafka_address).list_topics(timeout=WAIT_S).topics)
    mine = {name for r in rights(PREFIX) if (r.user, r.kind) == (user, "topic") for name in r.names}
    assert seen == mine & set(run_topics(PREFIX)) | (seen & {floor_topic(PREFIX)} & mine)


def test_topics_are_made_by_nobody_but_the_admin(broker: StackSettings) -> None:
    for user in ("generator", "job", "evaluation", "delivery", "rules"):
        with kafka_user(broker, user), pytest.raises(KafkaRefused, match="uthoriz"):
            create_topics(broker.kafka_address, {f"{PREFIX}another": 1})


def test_a_wrong_password_is_one_clear_line(
    broker: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kafka_user(broker, "generator"):
        monkeypatch.delenv("PAYSTREAM_KAFKA_SASL_PASSWORD_FILE")
        monkeypatch.setenv("PAYSTREAM_KAFKA_SASL_PASSWORD", "hunter2")
        with pytest.raises(KafkaRefused) as refused:
            require_broker(broker.kafka_address)
        with pytest.raises(DeliveryError) as delivery_refused:
            reach(broker.kafka_address, {})
    for line in (str(refused.value), str(delivery_refused.value)):
        assert "refuses the login of user 'generator' by SCRAM-SHA-512; look at" in line
        assert "hunter2" not in line
        assert "\n" not in line


def test_a_certificate_that_nobody_vouches_for_is_one_clear_line(
    broker: StackSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with kafka_user(broker, "generator"):
        monkeypatch.delenv("PAYSTREAM_KAFKA_SSL_CA")
        with pytest.raises(KafkaRefused, match="come to no TLS connection") as refused:
            require_broker(broker.kafka_address)
    assert "PAYSTREAM_KAFKA_SSL_CA" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_who_shows_nothing_gets_no_answer(broker: StackSettings) -> None:
    plain = client_settings(broker.kafka_address, {"security.protocol": "PLAINTEXT"})
    with pytest.raises(KafkaException):
        Producer(plain).list_topics(timeout=2)


def test_the_controller_asks_for_the_brokers_own_certificate(broker: StackSettings) -> None:
    """Its listener knows no passwords, and could change every right."""
    context = ssl.create_default_context(cafile=str(kafka_access.ca_file(broker)))
    address = ("127.0.0.1", broker.kafka_controller_port)
    with (
        socket.create_connection(address, timeout=WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as stranger,
    ):
        # In TLS 1.3 what the server says to a client without certificate comes with the first read.
        assert _answer(stranger) == b""


def _answer(connection: ssl.SSLSocket) -> bytes:
    try:
        connection.sendall(API_VERSIONS)
        return connection.recv(1)
    except (ssl.SSLError, ConnectionError):
        return b""


def test_the_same_question_is_answered_where_no_certificate_is_asked_for(
    broker: StackSettings,
) -> None:
    context = ssl.create_default_context(cafile=str(kafka_access.ca_file(broker)))
    with (
        socket.create_connection(("127.0.0.1", broker.kafka_port), timeout=WAIT_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as client,
    ):
        assert _answer(client) != b""


def test_passwords_stand_in_files_of_their_owner_alone(broker: StackSettings) -> None:
    passwords = [kafka_access.password_file(broker, user) for user in kafka_access.USERS]
    folders = [kafka_access.folder(broker), passwords[0].parent]
    assert {file.stat().st_mode & 0o777 for file in passwords} == {0o600}
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
    texts = {file.read_text() for file in passwords}
    assert len(texts) == len(passwords)
    found = [
        file
        for file in broker.kafka_folder.rglob("*")
        if file.is_file() and file not in passwords and _holds(file, texts)
    ]
    assert found == []


def _holds(file: Path, texts: set[str]) -> bool:
    content = file.read_bytes()
    return any(text.encode() in content for text in texts)


def test_a_file_for_a_shell_makes_one_that_user(broker: StackSettings) -> None:
    lines = kafka_access.environment_file(broker, "job").read_text().splitlines()
    assert dict(line.split("=", 1) for line in lines) == kafka_access.environment(broker, "job")


def test_who_changes_rules_publishes_and_hears_what_the_job_says(
    broker: StackSettings, tmp_path: Path
) -> None:
    with kafka_user(broker, "rules"):
        done = subprocess.run(
            [
                *(Path(sys.executable).with_name("paystream"), "rules"),
                *("--bootstrap", broker.kafka_address, "--topic-prefix", PREFIX),
                *("publish", "--rule", "velocity", "--mode", "shadow", "--wait", "1"),
            ],
            env={**os.environ, "PAYSTREAM_RULES_LEDGER": str(tmp_path / "ledger.jsonl")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    # Nobody is here to answer; a topic that may not be read would be called missing.
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no job has said within 1 s" in done.stdout
    with kafka_user(broker, "rules"):
        # What other tests wrote stands there too, under its own key.
        assert b'"mode":"shadow"' in read_topic(broker.kafka_address, PREFIX)["velocity"]


def test_the_canary_sings_and_sees_how_far_the_job_is(broker: StackSettings) -> None:
    (port,) = free_ports(1)
    order = CanaryOrder(
        bootstrap=broker.kafka_address,
        prefix=PREFIX,
        group=f"{PREFIX}job",
        port=port,
        interval_ms=50,
        give_up_s=1,
    )
    with (
        kafka_user(broker, "canary"),
        in_a_thread(lambda stopping: run_canary(order, stopping, lambda _n: None, lag_every_s=0.5)),
    ):
        deadline_s = time.monotonic() + WAIT_S
        while not {"paystream_canary_lost_total", "paystream_consumer_lag_records"} <= counted(
            port
        ):
            assert time.monotonic() < deadline_s, counted(port)
            time.sleep(0.2)


def counted(port: int) -> set[str]:
    """Names of figures that are above 0."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return set()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name.partition("{")[0] for name, value in pairs if float(value) > 0}


def test_rights_that_are_taken_away_are_gone(
    broker: StackSettings, write: Callable[..., str | None]
) -> None:
    with kafka_user(broker):
        create_run_topics(broker.kafka_address, "run-8.", partitions=1)
        grant(broker.kafka_address, "run-8.")
        swipes = Topics.with_prefix("run-8.").swipes
        assert write("generator", swipes) is None
        withdraw(broker.kafka_address, "run-8.")
    deadline_s = time.monotonic() + WAIT_S
    while write("generator", swipes) is None:
        assert time.monotonic() < deadline_s
    assert write("generator", TOPICS.swipes) is None


def test_every_user_with_a_right_is_known_to_the_broker() -> None:
    assert {right.user for right in rights()} == set(kafka_access.USERS) - {kafka_access.ADMIN}
