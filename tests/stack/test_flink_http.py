"""Is the JobManager found that answers, and is nothing done twice on the way?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from stack import flink_rest
from stack.flink_http import FlinkHttp
from stack.flink_rest import FlinkRest, RestError
from stack.free_ports import free_ports
from stack.settings import HOST

RUNNING = b"""{"jid": "j", "name": "detection", "state": "RUNNING", "timestamps": {},
"vertices": [{"id": "v", "name": "count", "parallelism": 1, "status": "RUNNING",
"tasks": {"RUNNING": 1}}]}"""


class JobManager:
    """Stands for one: says what it is told to, and remembers what it was asked."""

    def __init__(self, status: int = 200, body: bytes = b"yes", wait_s: float = 0.0) -> None:
        self.status, self.body, self.wait_s = status, body, wait_s
        self.asked: list[str] = []
        self.url = ""


@pytest.fixture
def serve() -> Iterator[Callable[..., JobManager]]:
    with ExitStack() as running:

        def start(*arguments: object, **words: object) -> JobManager:
            manager = JobManager(*arguments, **words)  # type: ignore[arg-type]
            running.enter_context(served(manager))
            return manager

        yield start


@contextmanager
def served(manager: JobManager) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            manager.asked.append(self.command)
            time.sleep(manager.wait_s)
            self.send_response(manager.status)
            self.send_header("Content-Length", str(len(manager.body)))
            self.end_headers()
            self.wfile.write(manager.body)

        do_GET = do_POST = do_PATCH = answer  # noqa: N815

        def log_message(self, *_arguments: object) -> None: ...

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        manager.url = f"http://{HOST}:{server.server_port}"
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield
        server.shutdown()


def nobody() -> str:
    return f"http://{HOST}:{free_ports(1)[0]}"


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_one_that_is_gone_is_passed_over(serve: Callable[..., JobManager], method: str) -> None:
    standby = serve()
    assert FlinkHttp((nobody(), standby.url), 2.0).call(method, "/") == b"yes"
    assert standby.asked == [method]


def test_who_answered_last_is_asked_first(serve: Callable[..., JobManager]) -> None:
    electing, leader = serve(503), serve()
    http = FlinkHttp((electing.url, leader.url), 2.0)
    http.call("GET", "/")
    http.call("GET", "/")
    assert (len(electing.asked), len(leader.asked)) == (1, 2)
    assert http.url == leader.url


def test_a_refusal_is_an_answer(serve: Callable[..., JobManager]) -> None:
    leader, standby = serve(404, b"no such job"), serve()
    with pytest.raises(RestError, match="Flink refused GET / with 404") as caught:
        FlinkHttp((leader.url, standby.url), 2.0).call("GET", "/")
    assert caught.value.status == 404
    assert caught.value.tail == "no such job"
    assert standby.asked == []


def test_a_question_that_met_an_error_inside_is_asked_again(
    serve: Callable[..., JobManager],
) -> None:
    leader = serve(500, b"java.util.concurrent.CancellationException")
    with pytest.raises(RestError, match="with 500"):
        FlinkHttp((leader.url,), 2.0).call("GET", "/")
    assert len(leader.asked) > 1
    asked = len(leader.asked)
    with pytest.raises(RestError, match="with 500"):
        FlinkHttp((leader.url,), 2.0).call("POST", "/")
    assert leader.asked[asked:] == ["POST"], "what it does must not be done twice"


def test_what_may_have_been_begun_is_not_begun_again(serve: Callable[..., JobManager]) -> None:
    slow, standby = serve(wait_s=1.0), serve()
    with pytest.raises(RestError, match="does not answer"):
        FlinkHttp((slow.url, standby.url), 0.2).call("POST", "/jobs/j/stop", b"{}")
    assert (slow.asked, standby.asked) == (["POST"], [])


def test_nobody_at_all_is_one_line() -> None:
    with pytest.raises(RestError, match=r"^Flink does not answer at http://127") as caught:
        FlinkHttp((nobody(), nobody()), 1.0).call("GET", "/")
    assert caught.value.is_between_leaders


def test_a_job_is_waited_for_while_nobody_leads(serve: Callable[..., JobManager]) -> None:
    standby = serve(503)
    rest = FlinkRest(nobody(), standby.url)

    def elect() -> None:
        while not standby.asked:
            time.sleep(0.01)
        standby.status, standby.body = 200, RUNNING

    election = Thread(target=elect)
    election.start()
    rest.wait_running("j", deadline_s=30)
    election.join()
    assert len(standby.asked) >= 2


def test_a_job_that_was_taken_over_while_it_was_cancelled_is_cancelled_again(
    serve: Callable[..., JobManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flink_rest, "_ASK_AGAIN_S", 0.0)
    leader = serve(200, RUNNING)
    ended = Thread(target=FlinkRest(leader.url).cancel, args=("j",))
    ended.start()
    wait_until(lambda: "PATCH" in leader.asked)
    leader.body = RUNNING.replace(b'"state": "RUNNING"', b'"state": "CANCELLING"')
    seen = len(leader.asked)
    wait_until(lambda: len(leader.asked) > seen + 1)
    requests = leader.asked.count("PATCH")
    leader.body = RUNNING
    wait_until(lambda: leader.asked.count("PATCH") > requests)
    leader.body = RUNNING.replace(b'"state": "RUNNING"', b'"state": "CANCELED"')
    ended.join(30)
    assert not ended.is_alive()


def test_a_job_that_is_gone_counts_as_cancelled(serve: Callable[..., JobManager]) -> None:
    FlinkRest(serve(404).url).cancel("j")


def wait_until(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.01)


def test_a_single_jobmanager_that_is_gone_is_not_waited_for() -> None:
    with pytest.raises(RestError):
        FlinkRest(nobody()).wait_running("j", deadline_s=3600)


def test_a_jobmanager_that_has_just_lost_the_lead_is_between_leaders() -> None:
    ended = (
        '{"errors":["org.apache.flink.runtime.rpc.exceptions.RecipientUnreachableException: ..."]}'
    )
    assert RestError("Flink refused", ended, 500).is_between_leaders
    assert not RestError(
        "Flink refused", '{"errors":["NullPointerException"]}', 500
    ).is_between_leaders
