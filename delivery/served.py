"""How does a program that runs for ever answer who asks it over HTTP?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client.exposition import ThreadingWSGIServer

from delivery.problems import DeliveryError

#: A WSGI application.
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@contextmanager
def served(host: str, port: int, application: Application) -> Iterator[None]:
    """Serve it while the block lasts.

    Raises
    ------
    DeliveryError
        When the port is taken.
    """
    try:
        server = make_server(host, port, application, ThreadingWSGIServer, _Silent)
    except OSError as error:
        raise DeliveryError(
            f"metrics cannot be served at {host}:{port}: {error.strerror}; "
            "choose another port with --port"
        ) from None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Silent(WSGIRequestHandler):
    """Writes no line for each question."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""
