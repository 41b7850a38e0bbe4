"""Would it be noticed if a part of the stack took connections from other machines?"""

from __future__ import annotations

import os
import socket

import pytest

from tests.listening import beyond_loopback, listening


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_what_binds_to_loopback_is_seen_and_fine(address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as server:
        port = server.getsockname()[1]
        assert (address, port) in {each[1:] for each in listening([os.getpid()])}
        assert beyond_loopback([os.getpid()]) == set()


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM], ids=["TCP", "UDP"])
def test_what_binds_to_all_addresses_is_noticed(kind: socket.SocketKind) -> None:
    # Open for the moment of one look, and nobody answers there.
    with socket.socket(type=kind) as server:
        server.bind(("0.0.0.0", 0))  # noqa: S104 - what must be noticed
        if kind is socket.SOCK_STREAM:
            server.listen(0)
        port = server.getsockname()[1]
        assert {each[1:] for each in beyond_loopback([os.getpid()])} == {("0.0.0.0", port)}  # noqa: S104
