"""Are topics and rights on Kafka what the code needs, and no more?"""

from __future__ import annotations

import itertools

import pytest

from generator.topics import PARTITIONS, floor_topic, run_topics, topic_config
from job.contracts import Topics
from job.flink.options import JobOptions
from tests.k8s.conftest import OVERLAYS, WITH_SIMULATION, Manifest, built, of_kind
from tests.k8s.test_job_arguments import options
from workbench.kafka_rights import rights as granted

TOPICS = Topics.with_prefix()
#: Beside a run's own: `paystream index-alerts` writes it.
OTHERS = {TOPICS.alerts_dead_letters}
#: In production, as config keys with the reason; the local stack keeps everything for ever.
DIFFERENT_IN_PRODUCTION = {
    "retention.ms": "event time is wall time there, so retention means what it says",
}
#: Everywhere but on one broker.
ADDED = {"min.insync.replicas": "two copies of three are written before a record counts"}

Rights = dict[tuple[str, str], set[str]]


def topics(overlay: str) -> dict[str, Manifest]:
    """Topics of an overlay, as they are called on Kafka."""
    found = of_kind(built(overlay), "KafkaTopic")
    return {each["spec"].get("topicName", name): each["spec"] for name, each in found.items()}


def rights(overlay: str, user: str) -> Rights:
    """Operations of a user by kind and name of the resource; a prefix ends with ``*``."""
    acls = of_kind(built(overlay), "KafkaUser")[user]["spec"]["authorization"]["acls"]
    found: Rights = {}
    for each in acls:
        resource = each["resource"]
        star = "*" if resource["patternType"] == "prefix" else ""
        found.setdefault((resource["type"], resource["name"] + star), set()).update(
            each["operations"]
        )
    return found


def test_the_topics_are_the_codes(overlay):
    expected = set(run_topics("")) | OTHERS
    if overlay in WITH_SIMULATION:
        expected.add(floor_topic(""))
    assert topics(overlay).keys() == expected


def test_their_settings_are_the_codes_or_have_a_reason(overlay):
    compacted = set(TOPICS.compacted())
    for name, spec in topics(overlay).items():
        there = topic_config(compacted=name in compacted)
        here = {key: str(value) for key, value in spec["config"].items()}
        different = {key for key in there if here.get(key) != there[key]}
        allowed = set(DIFFERENT_IN_PRODUCTION) if overlay == "production" else set()
        assert different <= allowed, name
        assert here.keys() - there.keys() <= set(ADDED if overlay != "dev" else ()), name


def test_partitions_and_copies():
    for name, spec in topics("dev").items():
        assert spec["partitions"] == (1 if name == "floor" else PARTITIONS)
    for overlay in ("staging", "production"):
        of_runs = {spec["partitions"] for name, spec in topics(overlay).items() if name != "floor"}
        assert len(of_runs) == 1
        for spec in topics(overlay).values():
            assert spec["replicas"] == 3
            assert spec["config"]["min.insync.replicas"] == 2


def test_production_forgets_nothing_that_is_compacted_or_an_audit():
    found = topics("production")
    for name in (*TOPICS.compacted(), TOPICS.rule_audit):
        assert found[name]["config"]["retention.ms"] == "-1"
    week_ms = 7 * 86_400_000
    for name, spec in found.items():
        retention_ms = int(spec["config"]["retention.ms"])
        assert retention_ms == -1 or retention_ms >= week_ms, name


@pytest.mark.parametrize(
    ("user", "overlay"),
    [*itertools.product(("job", "rules", "delivery"), OVERLAYS), ("canary", "production")],
)
def test_each_program_has_the_rights_that_it_was_tried_with(user, overlay):
    """Those of a secured broker on one machine (`tests/workbench/test_secured_kafka.py`)."""
    assert rights(overlay, f"paystream-{user}") == tried(user, options(overlay))


def tried(user: str, made: JobOptions) -> Rights:
    """Rights of a user as the code grants them, in Strimzi's words."""
    prefix = made.transactional_id_prefix
    assert prefix == made.group_id, "the code names both with one word"
    found: Rights = {}
    for right in granted("", made.group_id):
        # An operator makes the topics here.
        operations = {each.capitalize() for each in right.operations} - {"Create"}
        kind = {"transactional id": "transactionalId"}.get(right.kind, right.kind)
        star = "*" if right.kind == "transactional id" else ""
        for name in right.names if right.user == user else ():
            # To read or write is to know of it; said in full, since policies look for it.
            found[kind, name + star] = operations | {"Describe"}
    return found


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
def test_the_generator_writes_swipes_and_nothing_that_the_job_decides(overlay):
    found = rights(overlay, "paystream-generator")
    written = {name for (kind, name), all_of in found.items() if "Write" in all_of}
    assert written == {TOPICS.swipes, TOPICS.fraud_reports}
    assert not written & {*TOPICS.outputs(), TOPICS.rules, TOPICS.rule_audit}
    assert {kind for kind, _ in found} == {"topic"}


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
def test_the_evaluation_reads_what_it_judges_and_writes_none_of_it(overlay):
    found = rights(overlay, "paystream-evaluation")
    judged = {*TOPICS.outputs(), TOPICS.swipes, TOPICS.fraud_reports}
    assert all("Read" in found["topic", name] for name in judged)
    written = {name for (_, name), all_of in found.items() if "Write" in all_of}
    assert written == {TOPICS.card_profiles, floor_topic("")}
    assert found["group", options(overlay).group_id] == {"Describe"}


def test_no_user_may_do_everything(overlay, manifests):
    for user in of_kind(manifests, "KafkaUser"):
        for (kind, name), operations in rights(overlay, user).items():
            assert kind != "cluster"
            assert name != "*"
            assert not operations & {"All", "Alter", "AlterConfigs", "Delete", "Create"}


def test_topics_and_users_belong_to_the_cluster_that_is_asked(overlay, manifests):
    bootstrap = options(overlay).bootstrap_servers
    host, port = bootstrap.split(":")
    cluster = host.removesuffix("-kafka-bootstrap")
    for kind in ("KafkaTopic", "KafkaUser"):
        for each in of_kind(manifests, kind).values():
            assert each["metadata"]["labels"]["strimzi.io/cluster"] == cluster
    for each in of_kind(manifests, "Kafka").values():
        assert each["metadata"]["name"] == cluster
        (listener,) = each["spec"]["kafka"]["listeners"]
        assert str(listener["port"]) == port
        assert listener["tls"] is True
        assert listener["authentication"]["type"] == "scram-sha-512"


def test_the_dev_broker_takes_the_transactions_that_the_job_asks_for():
    (kafka,) = of_kind(built("dev"), "Kafka").values()
    longest_ms = kafka["spec"]["kafka"]["config"]["transaction.max.timeout.ms"]
    assert options("dev").transaction_timeout_ms < longest_ms
