"""Is a service taken for well only where it says so itself?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from stack.http_probe import http_probe


class Answer(BaseHTTPRequestHandler):
    """The status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path.strip("/")))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_only_status_200_is_well(address: str) -> None:
    assert http_probe(f"{address}/200")()
    assert not http_probe(f"{address}/503")()
    assert not http_probe(f"{address}/204")()


def test_nobody_there_is_not_well(address: str) -> None:
    assert not http_probe("http://127.0.0.1:1/200")()


def test_no_proxy_stands_between(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert http_probe(f"{address}/200")()
