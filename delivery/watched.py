"""How does a cluster see that a delivery goes on, and how far it has come?

``/metrics`` tells Prometheus the figures. ``/healthz`` answers 200 as long as the delivery takes
turns, and 503 where it has stood still: who watches it then starts it again, which loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from delivery.served import served

#: Without a turn for so long it stands still, in seconds. A choice: ten times the longest wait for
#: one answer of Elasticsearch; a batch that has to be halved again and again takes several.
STILL_S: Final = 300.0


class Turn(NamedTuple):
    """What a delivery has done since it began.

    Attributes
    ----------
    outcomes
        Records by what became of them.
    waiting
        Whether it is waited for now.
    behind
        Records that are still to be taken; None where nobody counts them.
    """

    outcomes: dict[str, int]
    waiting: bool
    behind: int | None = None


class Watched(Collector):
    """What a delivery says at each of its turns, for those who ask.

    Parameters
    ----------
    name
        Of the delivery, which is a label of every figure.
    clock
        Monotonic seconds.

    Examples
    --------
    >>> watched = Watched("index-alerts")
    >>> watched.turn(Turn({"indexed": 3}, waiting=False, behind=2))
    >>> watched.alive
    True
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._turn = Turn({}, waiting=False)
        self._turned_s = clock()
        registry = CollectorRegistry()
        registry.register(self)
        self._metrics = make_wsgi_app(registry)

    def turn(self, turn: Turn) -> None:
        """Take what the delivery has done so far; that it says so shows that it goes on."""
        self._turn, self._turned_s = turn, self._clock()

    @property
    def alive(self) -> bool:
        """Whether its last turn is recent enough."""
        return self._clock() - self._turned_s < STILL_S

    def collect(self) -> Iterator[Metric]:
        """The figures, as Prometheus asks for them."""
        turn, name = self._turn, self._name
        records = CounterMetricFamily(
            "paystream_delivery_records",
            "Records by what became of them.",
            labels=("delivery", "outcome"),
        )
        for outcome, count in turn.outcomes.items():
            records.add_metric((name, outcome), count)
        yield records
        yield self._gauge("waiting", "Whether the other side is waited for now.", turn.waiting)
        if turn.behind is not None:
            yield self._gauge("behind_records", "Records still to be taken.", turn.behind)

    def _gauge(self, name: str, meaning: str, value: float) -> Metric:
        gauge = GaugeMetricFamily(f"paystream_delivery_{name}", meaning, labels=("delivery",))
        gauge.add_metric((self._name,), float(value))
        return gauge

    def answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one who asks: a WSGI application."""
        if environ["PATH_INFO"] != "/healthz":
            answer: Iterable[bytes] = self._metrics(environ, start)
            return answer
        status = "200 OK" if self.alive else "503 Service Unavailable"
        start(status, [("Content-Type", "text/plain; charset=utf-8")])
        said = f"last turn {self._clock() - self._turned_s:.0f} s ago\n"
        return [said.encode()]


@contextmanager
def watching(name: str, host: str, port: int | None) -> Iterator[Watched]:
    """Serve what a delivery says while the block lasts; nothing listens where the port is None.

    Raises
    ------
    DeliveryError
        When the port is taken.
    """
    watched = Watched(name)
    if port is None:
        yield watched
        return
    with served(host, port, watched.answer):
        yield watched
