"""Is Flink asked from within its own container, and is what it says of a restart understood?"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.workbench.deployment.exec_here import JOB, KUBECTL
from workbench.deployment.problems import DeploymentError
from workbench.deployment.restarts import Life, read_life


@pytest.fixture
def said() -> dict[str, Any]:
    """What Flink's REST says, by path."""
    return {"/jobs/j": {"jid": "j", "start-time": 1_000, "state": "RUNNING"}}


@pytest.fixture
def port(said: dict[str, Any]) -> Iterator[int]:
    """Of a REST interface that says it."""

    class Rest(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = said.get(self.path)
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        def log_message(self, *_given: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Rest) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def with_failures(said: dict[str, Any], *failures: dict[str, Any]) -> None:
    history = {"exceptionHistory": {"entries": list(failures), "truncated": False}}
    said["/jobs/j/exceptions?maxExceptions=1"] = history


def test_a_job_that_never_failed_says_when_it_was_taken_up(said: dict[str, Any], port: int) -> None:
    with_failures(said)
    assert read_life(KUBECTL, JOB, "j", port) == Life(1_000)


def test_a_failure_is_told_with_its_time_and_first_line(said: dict[str, Any], port: int) -> None:
    failure = {
        "exceptionName": "java.lang.RuntimeException",
        "stacktrace": "java.lang.RuntimeException: no such rule\n\tat ...",
        "timestamp": 5_000,
        "taskName": "judge (1/1)",
        "concurrentExceptions": [],
    }
    with_failures(said, failure)
    found = read_life(KUBECTL, JOB, "j", port)
    assert found == Life(1_000, 5_000, "java.lang.RuntimeException: no such rule")
    assert "no such rule" in str(found.broken_since(Life(1_000)))


def test_a_failure_of_before_is_none_of_now() -> None:
    assert Life(1_000, 5_000, "x").broken_since(Life(1_000, 5_000, "x")) is None
    assert Life(1_000, 6_000, "x").broken_since(Life(1_000, 5_000, "x")) is not None


def test_a_jobmanager_that_took_the_job_up_has_forgotten_its_failures() -> None:
    assert "took the job up anew" in str(Life(9_000).broken_since(Life(1_000, 5_000, "x")))


def test_what_rest_refuses_is_said(port: int) -> None:
    with pytest.raises(DeploymentError, match="REST answers 404 to /jobs/j"):
        read_life(KUBECTL, JOB, "j", port)


def test_what_rest_does_not_tell_is_not_taken_for_no_failure(
    said: dict[str, Any], port: int
) -> None:
    said["/jobs/j/exceptions?maxExceptions=1"] = {"errors": ["..."]}
    with pytest.raises(DeploymentError, match="not understood"):
        read_life(KUBECTL, JOB, "j", port)


def test_a_rest_that_does_not_answer_is_said() -> None:
    with pytest.raises(DeploymentError, match="REST does not answer"):
        read_life(KUBECTL, JOB, "j", 9)
