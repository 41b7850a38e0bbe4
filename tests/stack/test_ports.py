"""Does a port in use end in one line that says what to do?"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil
import pytest

from stack import ports
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


@pytest.mark.parametrize("setting", ["kafka_port", "flink_rpc_port"])
def test_up_on_a_port_in_use_starts_nothing(setting: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = StackSettings.with_free_ports(tmp_path, **{setting: server.getsockname()[1]})
        stack = LocalStack(settings)
        with pytest.raises(StackError, match=setting.upper()):
            stack.up()
    assert {each.state for each in stack.status()} == {"stopped"}


def test_a_port_that_was_just_closed_counts_as_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client:
            accepted, _ = server.accept()
            accepted.close()
            client.recv(1)
    assert ports.is_free(port)
