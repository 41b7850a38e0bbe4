"""Does a port in use end in one line that says what to do?"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil
import pytest

from stack import elasticsearch, ports
from stack.local import LocalStack
from stack.process import StackError
from stack.settings import StackSettings


def test_the_error_names_port_owner_and_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StackError) as caught:
            ports.require_free("kafka", "kafka_port", port)
    name = psutil.Process().name()
    assert f"port {port}" in caught.value.line
    assert f"pid {os.getpid()} ({name})" in caught.value.line
    assert "PAYSTREAM_STACK_KAFKA_PORT" in caught.value.line


@pytest.mark.parametrize(
    ("setting", "asked"),
    [
        ("kafka_port", {}),
        ("flink_rest_port", {}),
        ("flink_rpc_port", {}),
        ("zookeeper_port", {"high_availability": True, "object_store": True}),
        ("flink_standby_rest_port", {"high_availability": True, "object_store": True}),
        ("object_store_port", {"object_store": True}),
        ("postgres_port", {"postgres": True}),
        ("elasticsearch_port", {"elasticsearch": True}),
        ("elasticsearch_transport_port", {"elasticsearch": True}),
    ],
)
def test_up_on_a_port_in_use_starts_nothing(
    setting: str, asked: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The archive is not everywhere, and is opened only once all ports are free.
    monkeypatch.setattr(elasticsearch, "_archive", lambda _settings: tmp_path / "archive.zip")
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = {setting: server.getsockname()[1]}
        settings = StackSettings.with_free_ports(tmp_path, **asked, **taken)
        stack = LocalStack(settings)
        with pytest.raises(StackError, match=setting.upper()) as caught:
            stack.up()
    assert "\n" not in str(caught.value)
    assert f"pid {os.getpid()} " in caught.value.line
    assert {each.state for each in stack.status()} == {"stopped"}


def test_up_on_an_inner_port_of_the_object_store_names_its_setting(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path, object_store=True)
    inner = settings.object_store_ports()["filer.port"]
    with (
        socket.create_server(("127.0.0.1", inner)),
        pytest.raises(StackError, match=f"port {inner} .*OBJECT_STORE_PORT"),
    ):
        LocalStack(settings).up()


def test_up_with_elasticsearch_but_without_its_archive_says_how_to_get_it(tmp_path: Path) -> None:
    jars = tmp_path / "jars"
    for name in ("kafka", "flink-connector", "flink-s3", "job"):
        (jars / name).mkdir(parents=True)
    (jars / "kafka" / "kafka_2.13.jar").touch()
    settings = StackSettings.with_free_ports(tmp_path, elasticsearch=True, jars_folder=jars)
    with pytest.raises(StackError, match="run `make install-elasticsearch`"):
        LocalStack(settings).up()


def test_a_port_that_was_just_closed_counts_as_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()
            client.recv(1)
    assert ports.is_free(port)
