"""How does every committed alert come into the search index, and none of them twice?

Read a batch, put it, answer for each document, only then note the place in Kafka. Whatever dies
in between, the batch is read again, and the alert's id makes the second time change nothing.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import msgspec
from elasticsearch import Elasticsearch

from delivery.alerts.bulk import Answer, common_cause, put
from delivery.alerts.connection import ensure_index, refresh
from delivery.alerts.documents import Document, Source, document_of
from delivery.alerts.intake import Intake
from delivery.alerts.stored import KeptLetters, StoredAlerts
from delivery.back_off import BackOff
from delivery.kafka import ConfirmedProducer, Settings, ensure_topic, reach, require_topic
from delivery.problems import DeliveryError
from delivery.stopping import Stopping
from delivery.watched import Turn
from job.contracts import CONTRACT_VERSION, RefusalReason, RefusedAlert, Topics

#: Alerts in one bulk: a choice, of about half a MiB.
BATCH: Final = 500
#: Bytes kept of a refused record, and characters of the reason: two thirds of what a topic takes.
_PAYLOAD_LIMIT_BYTES: Final = 512 * 1024
_DETAIL_LIMIT: Final = 1_000
_KEY_LIMIT: Final = 256


@dataclass(frozen=True, kw_only=True)
class IndexOrder:
    """What is to be indexed, and where to.

    Attributes
    ----------
    bootstrap, kafka_settings
        Kafka's address, and any librdkafka setting.
    prefix
        Of the topics.
    group
        Of consumers.
    index
        Of Elasticsearch.
    once
        End where all that is committed was read, instead of waiting for more.
    give_up_s
        Longest wait for an Elasticsearch that does not answer; None for ever.
    """

    bootstrap: str
    index: str
    prefix: str = ""
    group: str = "paystream-index-alerts"
    once: bool = False
    give_up_s: float | None = None
    kafka_settings: Settings = field(default_factory=dict)


@dataclass
class IndexCounts:
    """What was done so far.

    Attributes
    ----------
    read
        Records taken from ``alerts``.
    indexed, repeats, refused
        What became of them; ``repeats`` stood in the index already.
    waits
        How often Elasticsearch had to be asked again.
    behind
        Records of ``alerts`` not yet read.
    waiting_for
        What Elasticsearch last said, while it is waited for.
    """

    read: int = 0
    indexed: int = 0
    repeats: int = 0
    refused: int = 0
    waits: int = 0
    behind: int = 0
    waiting_for: str = ""
    seconds: float = 0.0

    def line(self) -> str:
        """The figures in one line.

        Examples
        --------
        >>> IndexCounts(read=3, indexed=2, repeats=1, seconds=2.0).line()
        'read 3 (2/s): indexed 2, repeats 1, refused 0; asked again 0 times, 2.0 s'
        """
        rate = self.read / self.seconds if self.seconds else 0.0
        return (
            f"read {self.read:,} ({rate:,.0f}/s): indexed {self.indexed:,}, "
            f"repeats {self.repeats:,}, refused {self.refused:,}; "
            f"asked again {self.waits} times, {self.seconds:.1f} s"
        )

    def turn(self) -> Turn:
        """The figures for those who watch it."""
        outcomes = {"indexed": self.indexed, "repeat": self.repeats, "refused": self.refused}
        return Turn(outcomes, bool(self.waiting_for), self.behind)


Progress = Callable[[IndexCounts], None]


class _Alerts(Protocol):
    """Where alerts come from."""

    @property
    def at_end(self) -> bool: ...
    def take(self, most: int) -> list[Source]: ...
    def done(self, records: Sequence[Source]) -> None: ...
    def behind(self) -> int: ...
    def rest(self, seconds: float, stopping: Stopping) -> None: ...


class _Letters(Protocol):
    """Where dead letters go."""

    def write(self, topic: str, key: str, value: bytes | None, record_time_ms: int) -> None: ...
    def confirm(self) -> None: ...


def index_alerts(
    order: IndexOrder, client: Elasticsearch, stopping: Stopping, on_progress: Progress
) -> IndexCounts:
    """Index until told to stop, or with ``once`` until the end of what is committed.

    Parameters
    ----------
    order
        What, and where to.
    client
        From :func:`delivery.alerts.connection.connect`.
    stopping
        Tells it to end: after the batch in hand, or at once where Elasticsearch is waited for.
    on_progress
        Called after each batch and before each wait.

    Raises
    ------
    DeliveryError
        When waiting does not help; the place noted in Kafka is before what is not done.
    """
    topics = Topics.with_prefix(order.prefix)
    admin, known = reach(order.bootstrap, order.kafka_settings)
    require_topic(known, topics.alerts)
    letters = topics.alerts_dead_letters
    ensure_topic(admin, known, letters, compacted=False, like=topics.alerts)
    producer = ConfirmedProducer(order.bootstrap, order.kafka_settings)
    intake = Intake(order.bootstrap, order.group, topics.alerts, order.kafka_settings)
    try:
        return _Indexer(order, client, intake, producer, letters, stopping, on_progress).run()
    finally:
        intake.close()


def index_stored(
    records: Sequence[Source],
    order: IndexOrder,
    client: Elasticsearch,
    stopping: Stopping,
    on_progress: Progress,
) -> tuple[IndexCounts, list[RefusedAlert]]:
    """Index alerts that were read before, such as those of a run.

    Parameters
    ----------
    records
        Committed ones.
    order
        With ``once``; what it says of Kafka is not looked at.
    client, stopping, on_progress
        As for :func:`index_alerts`.

    Returns
    -------
    tuple
        The figures, and what was refused.

    Raises
    ------
    DeliveryError
        When waiting does not help.
    """
    kept = KeptLetters()
    stored = StoredAlerts(records)
    counts = _Indexer(order, client, stored, kept, "", stopping, on_progress).run()
    return counts, kept.letters


class _Indexer:
    def __init__(
        self,
        order: IndexOrder,
        client: Elasticsearch,
        intake: _Alerts,
        producer: _Letters,
        letters: str,
        stopping: Stopping,
        on_progress: Progress,
    ) -> None:
        self._order = order
        self._client = client
        self._intake = intake
        self._producer = producer
        self._letters = letters
        self._stopping = stopping
        self._on_progress = on_progress
        self._back_off = BackOff(order.give_up_s)
        self._counts = IndexCounts()
        # What was last refused, with the reason, since Elasticsearch took anything.
        self._refused: dict[str, str] = {}
        self._began_s = time.monotonic()

    def run(self) -> IndexCounts:
        self._until_ready()
        while not self._stopping.asked:
            records = self._intake.take(BATCH)
            if records and not self._settle(records):
                break
            self._tell()
            if self._order.once and not records and self._intake.at_end:
                refresh(self._client, self._order.index)
                break
        self._tell()
        return self._counts

    def _until_ready(self) -> None:
        while not self._stopping.asked and not ensure_index(self._client, self._order.index):
            self._wait("no answer")
        self._back_off.succeed()

    def _settle(self, records: Sequence[Source]) -> bool:
        """Answer for each record, then note the place; False when told to stop before that."""
        self._counts.read += len(records)
        documents = []
        for record in records:
            found = document_of(record)
            if isinstance(found, Document):
                documents.append(found)
            else:
                self._refuse(record, "contract", found)
        while documents:
            documents = self._put(documents)
            if documents and self._stopping.asked:
                return False
        self._producer.confirm()
        self._intake.done(records)
        return True

    def _put(self, documents: list[Document]) -> list[Document]:
        """Put documents; those that have to be put again, after a wait."""
        answers = put(self._client, self._order.index, documents)
        self._look_for_the_cause(documents, answers)
        later = []
        said = ""
        for document, answer in zip(documents, answers, strict=True):
            if answer.outcome == "later":
                later.append(document)
                said = answer.detail
            else:
                self._count(document, answer)
        if later:
            if len(later) < len(documents):  # it takes some: not the same as taking none
                self._back_off.succeed()
            self._wait(said)
        else:
            self._back_off.succeed()
        return later

    def _look_for_the_cause(self, documents: Sequence[Document], answers: Sequence[Answer]) -> None:
        """End before letters are written where no document is to blame.

        One alone may be: only where the next is refused alike, too, it is seen that neither was.
        """
        settled = {
            document.alert_id: answer
            for document, answer in zip(documents, answers, strict=True)
            if answer.outcome != "later"
        }
        if any(answer.outcome != "refused" for answer in settled.values()):
            self._refused = {}
            return
        refused = {alert_id: answer.detail for alert_id, answer in settled.items()}
        cause = common_cause(self._refused | refused)
        if cause is not None:
            raise DeliveryError(
                f"Elasticsearch refuses every alert alike, so none is to blame ({cause}); mend "
                "that and start it again: its place is before them"
            )
        self._refused = refused or self._refused

    def _count(self, document: Document, answer: Answer) -> None:
        if answer.outcome == "indexed":
            self._counts.indexed += 1
        elif answer.outcome == "repeat":
            self._counts.repeats += 1
        else:
            self._refuse(document.source, "refused", answer.detail)

    def _refuse(self, record: Source, why: RefusalReason, detail: str) -> None:
        self._counts.refused += 1
        letter = RefusedAlert(
            v=CONTRACT_VERSION,
            reason=why,
            detail=detail[:_DETAIL_LIMIT],
            index=self._order.index,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key[:_KEY_LIMIT],
            payload_base64=base64.b64encode(record.value[:_PAYLOAD_LIMIT_BYTES]).decode("ascii"),
            payload_bytes=len(record.value),
        )
        now_ms = int(time.time() * 1_000)
        self._producer.write(
            self._letters, record.key[:_KEY_LIMIT], msgspec.json.encode(letter), now_ms
        )

    def _wait(self, said: str) -> None:
        if self._back_off.exhausted:
            raise DeliveryError(
                f"Elasticsearch has not taken alerts for {self._order.give_up_s:g} s ({said}); "
                "nothing is lost: start it again when Elasticsearch is back"
            )
        seconds = self._back_off.next_s()
        self._counts.waits += 1
        self._counts.waiting_for = said or "no answer"
        self._tell()
        self._intake.rest(seconds, self._stopping)
        self._counts.waiting_for = ""

    def _tell(self) -> None:
        self._counts.seconds = time.monotonic() - self._began_s
        self._counts.behind = self._intake.behind()
        self._on_progress(self._counts)
