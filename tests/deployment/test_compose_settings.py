"""Do the containers have the local stack's settings, but for the differences that are listed?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from confluent_kafka.admin import ConfigResource, ResourceType

from generator.kafka_client import admin_client
from generator.topics import create_missing_topics, create_run_topics
from stack import elasticsearch, flink_home, kafka, object_store, postgres
from stack.compose import services as containers
from stack.compose.difference import Difference, applied, differing
from stack.compose.files import FOLDER, files
from stack.compose.shipped import KAFKA_INSIDE, shipped_settings
from stack.process import StackError
from tests.deployment import compose_file
from tests.deployment.compose_file import ROOT, megabytes

SHIPPED = shipped_settings()


def of_yaml(name: str) -> dict[str, str]:
    return dict(yaml.safe_load((FOLDER / name).read_text(encoding="utf-8")))


def of_properties(name: str) -> dict[str, str]:
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def command(service: str) -> list[str]:
    return list(compose_file.services(compose_file.read())[service]["command"])


def of_postgres() -> dict[str, str]:
    words = [word.removeprefix("-c") for word in command("postgres")[1:]]
    return dict(word.split("=", 1) for word in words)


def of_store() -> dict[str, str]:
    words = command("object-store")
    options = words[words.index("server") + 1 :]
    return dict(word.removeprefix("-").split("=", 1) for word in options)


#: By service: what the containers are told, the local stack's settings, the list of differences.
SERVICES: dict[str, tuple[Mapping[str, str], Mapping[str, str], tuple[Difference, ...]]] = {
    "flink": (of_yaml("flink/config.yaml"), flink_home.configuration(SHIPPED), containers.FLINK),
    "kafka": (
        of_properties("kafka/server.properties"),
        kafka.server_properties(SHIPPED),
        containers.KAFKA,
    ),
    "elasticsearch": (
        of_yaml("elasticsearch/elasticsearch.yml"),
        elasticsearch.node_settings(SHIPPED),
        containers.ELASTICSEARCH,
    ),
    "postgres": (of_postgres(), postgres.server_options(SHIPPED), containers.POSTGRES),
    "object store": (of_store(), object_store.options(SHIPPED), containers.STORE),
}


@pytest.mark.parametrize("service", SERVICES)
def test_it_differs_in_what_is_listed_and_in_nothing_else(service: str) -> None:
    here, local, listed = SERVICES[service]
    assert differing(local, here) == {each.key for each in listed}
    assert here == applied(local, listed)


@pytest.mark.parametrize("service", SERVICES)
def test_each_difference_says_why(service: str) -> None:
    assert all(len(each.because) > 10 for each in SERVICES[service][2])


def test_a_setting_that_was_changed_by_hand_is_found() -> None:
    """The negative control."""
    here, local, listed = SERVICES["kafka"]
    changed = {**here, "auto.create.topics.enable": "true"}
    assert differing(local, changed) - {each.key for each in listed} == {
        "auto.create.topics.enable"
    }


def test_a_difference_that_is_none_is_refused() -> None:
    with pytest.raises(StackError, match="a is the same"):
        applied({"a": "1"}, [Difference("a", "1", "once it was another")])


@pytest.mark.parametrize("name", files())
def test_the_files_are_those_that_the_code_writes(name: str) -> None:
    """Else: `paystream stack compose-files`."""
    assert (FOLDER / name).read_text(encoding="utf-8") == files()[name]


def test_the_environment_has_no_say_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    before = files()
    monkeypatch.setenv("PAYSTREAM_STACK_TASKMANAGER_MEMORY_MB", "9999")
    monkeypatch.setenv("PAYSTREAM_STACK_KAFKA_PORT", "1234")
    assert files() == before


def test_the_page_lists_every_difference() -> None:
    """Row by row, as the code has them."""
    page = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w[\w ]*?) \| `([^`]+)` \| ", page, re.MULTILINE)
    assert sorted(rows) == sorted(
        (service, each.key) for service, (_, _, listed) in SERVICES.items() for each in listed
    )


def test_ports_on_the_host_are_those_of_the_local_stack() -> None:
    """So that every command finds them where it looks by itself."""
    ours = {**SHIPPED.ports(), **SHIPPED.object_store_ports()}
    published = {
        int(port.split(":")[1])
        for name in ("kafka", "jobmanager", "object-store", "elasticsearch", "postgres")
        for port in compose_file.services(compose_file.read())[name]["ports"]
    }
    names = ("kafka_port", "flink_rest_port", "elasticsearch_port", "postgres_port")
    assert published == {ours[name] for name in (*names, "s3.port", "filer.port")}


def test_heaps_are_those_of_the_local_stack() -> None:
    found = compose_file.services(compose_file.read())
    for service, variable, heap_mb in (
        ("kafka", "KAFKA_HEAP_OPTS", SHIPPED.kafka_heap_mb),
        ("elasticsearch", "ES_JAVA_OPTS", SHIPPED.elasticsearch_heap_mb),
    ):
        options = found[service]["environment"][variable]
        assert options == f"-Xms{heap_mb}m -Xmx{heap_mb}m"
        assert heap_mb < megabytes(found[service]["mem_limit"])


def test_every_service_asks_the_broker_by_its_name_within() -> None:
    asking = [
        words[words.index("--bootstrap") + 1]
        for each in compose_file.services(compose_file.read()).values()
        if "--bootstrap" in (words := each.get("command", []))
    ]
    assert asking
    assert set(asking) == {KAFKA_INSIDE}


@pytest.mark.stack
def test_topics_are_configured_as_those_of_a_run(kafka_address: str, prefix: str) -> None:
    create_run_topics(kafka_address, f"{prefix}run.")
    made = create_missing_topics(kafka_address, f"{prefix}job.")
    assert len(made) > 5
    assert create_missing_topics(kafka_address, f"{prefix}job.") == ()
    assert configured(kafka_address, f"{prefix}job.") == configured(kafka_address, f"{prefix}run.")


def configured(address: str, prefix: str) -> dict[str, Any]:
    """Partitions and configuration of each topic, by its name without prefix."""
    admin = admin_client(address)
    topics = admin.list_topics(timeout=10).topics
    names = [name for name in topics if name.startswith(prefix)]
    asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
    answers = admin.describe_configs(asked)
    return {
        resource.name.removeprefix(prefix): (
            len(topics[resource.name].partitions),
            {key: entry.value for key, entry in answer.result(10).items()},
        )
        for resource, answer in answers.items()
    }
