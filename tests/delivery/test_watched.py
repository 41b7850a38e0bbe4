"""Does whoever watches a delivery hear what it did, and notice when it stands still?"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families

from delivery.alerts.indexer import IndexCounts
from delivery.problems import DeliveryError
from delivery.profiles.publisher import PublishCounts
from delivery.served import served
from delivery.watched import STILL_S, Turn, Watched, watching
from stack.free_ports import free_ports


class Clock:
    """Monotonic seconds that stand until they are moved."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def figures(port: int) -> dict[tuple[str, ...], float]:
    """By name and the values of its labels."""
    status, text = get(port, "/metrics")
    assert status == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def port() -> int:
    (port,) = free_ports(1)
    return port


def test_the_figures_are_those_of_the_last_turn(port: int) -> None:
    counts = IndexCounts(read=7, indexed=4, repeats=2, refused=1, behind=5, waiting_for="429")
    with watching("index-alerts", "127.0.0.1", port) as watched:
        watched.turn(Turn({"indexed": 1}, waiting=False, behind=9))
        watched.turn(counts.turn())
        assert figures(port) == {
            ("paystream_delivery_records_total", "index-alerts", "indexed"): 4,
            ("paystream_delivery_records_total", "index-alerts", "repeat"): 2,
            ("paystream_delivery_records_total", "index-alerts", "refused"): 1,
            ("paystream_delivery_waiting", "index-alerts"): 1,
            ("paystream_delivery_behind_records", "index-alerts"): 5,
        }


def test_what_nobody_counts_is_not_told(port: int) -> None:
    with watching("publish-profiles", "127.0.0.1", port) as watched:
        watched.turn(PublishCounts(published=3, tombstones=2, refused=1).turn())
        assert figures(port) == {
            ("paystream_delivery_records_total", "publish-profiles", "published"): 3,
            ("paystream_delivery_records_total", "publish-profiles", "deleted"): 2,
            ("paystream_delivery_records_total", "publish-profiles", "left_out"): 1,
            ("paystream_delivery_waiting", "publish-profiles"): 0,
        }


def test_one_that_stands_still_is_not_alive_and_one_that_goes_on_is_again(port: int) -> None:
    clock = Clock()
    watched = Watched("index-alerts", clock)
    with served("127.0.0.1", port, watched.answer):
        assert get(port, "/healthz") == (200, "last turn 0 s ago\n")
        clock.now_s += STILL_S
        assert get(port, "/healthz") == (503, f"last turn {STILL_S:.0f} s ago\n")
        watched.turn(Turn({}, waiting=True))
        assert get(port, "/healthz")[0] == 200


def test_a_port_that_is_taken_is_one_line(port: int) -> None:
    with (
        watching("index-alerts", "127.0.0.1", port),
        pytest.raises(DeliveryError, match=rf"127\.0\.0\.1:{port}: .*choose another .* --port"),
        watching("index-alerts", "127.0.0.1", port),
    ):
        pass


def closed(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except urllib.error.URLError as error:
        return isinstance(error.reason, ConnectionRefusedError)
    return False


def test_nothing_listens_without_a_port_or_after_the_end(port: int) -> None:
    with watching("index-alerts", "127.0.0.1", None) as watched:
        assert watched.alive
        assert closed(lambda: get(port, "/healthz"))
    with watching("index-alerts", "127.0.0.1", port):
        assert get(port, "/healthz")[0] == 200
    assert closed(lambda: get(port, "/healthz"))
