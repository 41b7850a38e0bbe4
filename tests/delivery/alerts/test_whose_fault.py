"""Is an alert written off only where it is to blame itself?

Elasticsearch is a stand-in, and the alerts were read before: what is asked here is what is made of
an answer.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from elasticsearch import BadRequestError

from delivery.alerts.connection import ensure_index
from delivery.alerts.documents import MAPPINGS, Source
from delivery.alerts.indexer import IndexCounts, IndexOrder, _Indexer, index_stored
from delivery.alerts.stored import KeptLetters, StoredAlerts
from delivery.problems import DeliveryError
from delivery.stopping import Stopping
from job.contracts import RefusedAlert
from tests.delivery.alerts.sample import alert, encoded
from tests.delivery.alerts.stand_in import Index, refusal

NO_PIPELINE = {
    "type": "illegal_argument_exception",
    "reason": "pipeline with id [x] does not exist",
}
ORDER = IndexOrder(bootstrap="", index="paystream-alerts", once=True, give_up_s=0.3)


def sources(values: list[bytes]) -> list[Source]:
    return [Source("alerts", 0, number, "c1", value) for number, value in enumerate(values)]


def store(index: Index, values: list[bytes]) -> tuple[IndexCounts, list[RefusedAlert]]:
    return index_stored(sources(values), ORDER, index, Stopping(), lambda _counts: None)  # type: ignore[arg-type]


class OneByOne(StoredAlerts):
    """Alerts that come one at a time, as they do when there are few."""

    def take(self, most: int) -> list[Source]:
        return super().take(min(most, 1))


def trickle(index: Index, values: list[bytes], letters: KeptLetters) -> IndexCounts:
    alerts = OneByOne(sources(values))
    indexer = _Indexer(ORDER, index, alerts, letters, "", Stopping(), lambda _counts: None)  # type: ignore[arg-type]
    return indexer.run()


def test_what_is_said_of_every_alert_ends_it_and_writes_none_off() -> None:
    index = Index()
    index.refuses = NO_PIPELINE
    with pytest.raises(DeliveryError, match=r"none is to blame .*pipeline with id") as told:
        store(index, encoded(0, 20))
    assert "\n" not in str(told.value)


def test_where_alerts_come_one_by_one_the_second_shows_that_none_is_to_blame() -> None:
    index = Index()
    index.refuses = NO_PIPELINE
    letters = KeptLetters()
    with pytest.raises(DeliveryError, match="none is to blame"):
        trickle(index, encoded(0, 20), letters)
    assert [letter.offset for letter in letters.letters] == [0]


def test_one_alert_alone_that_is_refused_is_written_off() -> None:
    index = Index()
    index.refuses = NO_PIPELINE
    counts, letters = store(index, encoded(0, 1))
    assert counts.refused == 1
    assert "pipeline with id" in letters[0].detail


def test_the_same_alert_twice_is_one_alert() -> None:
    index = Index()
    index.refuses = NO_PIPELINE
    counts, _ = store(index, encoded(0, 1) * 2)
    assert counts.refused == 2


def test_alerts_with_a_fault_of_their_own_stop_nothing() -> None:
    index = Index()
    take = index._take

    def picky(name: str, body: Any) -> dict[str, Any]:
        error = {"type": "document_parsing_exception", "reason": f"failed to parse [{name}]"}
        return {"status": 400, "error": error} if name != "card:s3" else take(name, body)

    index._take = picky  # type: ignore[method-assign]
    counts, letters = store(index, encoded(0, 5))
    assert (counts.indexed, counts.refused) == (1, 4)
    assert len(letters) == 4
    assert trickle(index, encoded(5, 5), KeptLetters()).refused == 5


def test_a_refusal_is_forgotten_when_something_was_taken() -> None:
    index = Index()
    take = index._take
    odd = {"card:s0", "card:s2"}

    def picky(name: str, body: Any) -> dict[str, Any]:
        return {"status": 400, "error": NO_PIPELINE} if name in odd else take(name, body)

    index._take = picky  # type: ignore[method-assign]
    counts = trickle(index, encoded(0, 3), KeptLetters())
    assert (counts.indexed, counts.refused) == (1, 2)


def test_two_cards_with_one_swipe_id_leave_a_letter_with_the_reason() -> None:
    other = msgspec.structs.replace(alert(1), entity_id="c77")
    counts, letters = store(Index(), [*encoded(0, 3), msgspec.json.encode(other), *encoded(1, 1)])
    assert (counts.indexed, counts.repeats, counts.refused) == (3, 1, 1)
    assert (letters[0].reason, letters[0].offset) == ("refused", 3)
    assert "unique across cards" in letters[0].detail


def test_a_closed_index_is_waited_for() -> None:
    index = Index()
    index.refuses = {"type": "index_closed_exception", "reason": "closed"}
    with pytest.raises(DeliveryError, match="nothing is lost"):
        store(index, encoded(0, 3))


class Older(Index):
    """One that is there already, made when alerts had no `rules_version`."""

    def __init__(self, trouble: Exception | None = None) -> None:
        super().__init__()
        there = {k: v for k, v in MAPPINGS["properties"].items() if k != "rules_version"}
        self.put: dict[str, Any] = {}
        self.trouble = trouble
        self.indices.create = self._is_there
        self.indices.get_mapping = lambda index: Body({index: {"mappings": {"properties": there}}})
        self.indices.put_mapping = self._put

    def _is_there(self, index: str) -> None:
        told = refusal(400, "resource_already_exists_exception")
        raise BadRequestError(told.message, told.meta, told.body)

    def _put(self, index: str, properties: dict[str, Any]) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.put[index] = properties


class Body:
    def __init__(self, body: dict[str, Any]) -> None:
        self.body = body


def test_an_index_of_an_earlier_version_is_given_the_types_that_it_lacks() -> None:
    index = Older()
    assert ensure_index(index, "paystream-alerts")  # type: ignore[arg-type]
    assert index.put == {
        "paystream-alerts": {"rules_version": MAPPINGS["properties"]["rules_version"]}
    }


@pytest.mark.parametrize("kind", ["cluster_block_exception", "index_closed_exception"])
def test_an_index_that_takes_no_types_for_the_moment_is_waited_for(kind: str) -> None:
    assert not ensure_index(Older(refusal(403, kind)), "paystream-alerts")  # type: ignore[arg-type]
