"""Is each answer of Elasticsearch taken for what it means?"""

from __future__ import annotations

import msgspec
import pytest
from elasticsearch import ConnectionTimeout

from delivery.alerts.bulk import Answer, answer_of, common_cause, passes, put
from delivery.alerts.documents import Document, Source, document_of
from delivery.problems import DeliveryError
from tests.delivery.alerts.sample import alert
from tests.delivery.alerts.stand_in import Index, refusal


@pytest.mark.parametrize("status", [200, 201])
def test_what_was_taken_is_indexed(status: int) -> None:
    assert answer_of({"status": status}).outcome == "indexed"


def test_what_stands_there_already_is_a_repeat() -> None:
    conflict = {"type": "version_conflict_engine_exception", "reason": "document already exists"}
    assert answer_of({"status": 409, "error": conflict}).outcome == "repeat"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_later_is_asked_again(status: int) -> None:
    busy = {"type": "es_rejected_execution_exception", "reason": "queue full"}
    answer = answer_of({"status": status, "error": busy})
    assert answer.outcome == "later"
    assert "queue full" in answer.detail


def test_an_index_that_takes_nothing_for_the_moment_refuses_no_document() -> None:
    block = {"type": "cluster_block_exception", "reason": "index [x] blocked by: [read-only]"}
    assert answer_of({"status": 403, "error": block}).outcome == "later"


def test_an_index_that_somebody_closed_refuses_no_document() -> None:
    closed = {"type": "index_closed_exception", "reason": "closed", "index": "x"}
    assert answer_of({"status": 400, "error": closed}).outcome == "later"
    assert passes(refusal(400, "index_closed_exception"))


def test_what_a_document_says_of_itself_keeps_nobody_waiting() -> None:
    preview = "Preview of field's value: 'index_closed_exception cluster_block_exception'"
    error = {"type": "document_parsing_exception", "reason": preview}
    assert answer_of({"status": 400, "error": error}).outcome == "refused"


@pytest.mark.parametrize(
    ("refused", "cause"),
    [
        ({}, None),
        # One alone may be to blame.
        ({"a": "no pipeline"}, None),
        ({"a": "no pipeline", "b": "no pipeline"}, "no pipeline"),
        ({"a": "failed to parse [a]", "b": "failed to parse [b]"}, None),
    ],
)
def test_what_is_said_alike_of_several_is_about_none_of_them(
    refused: dict[str, str], cause: str | None
) -> None:
    assert common_cause(refused) == cause


def document(number: int, **changed: object) -> Document:
    value = msgspec.json.encode(msgspec.structs.replace(alert(number), **changed))
    found = document_of(Source("alerts", 0, number, "c", value))
    assert isinstance(found, Document)
    return found


def put_into(index: Index, *documents: Document) -> list[Answer]:
    return put(index, "paystream-alerts", documents)  # type: ignore[arg-type]


def test_the_same_alert_is_a_repeat_wherever_it_stood_on_the_topic() -> None:
    index = Index()
    put_into(index, document(1))
    again = document(1)
    again.body["source"] = {"topic": "alerts", "partition": 3, "offset": 99}
    assert [answer.outcome for answer in put_into(index, again, document(2))] == [
        "repeat",
        "indexed",
    ]


@pytest.mark.parametrize("changed", [{"entity_id": "c77"}, {"event_time_ms": 1}])
def test_another_alert_of_the_same_id_is_no_repeat_and_says_what_stands_there(
    changed: dict[str, object],
) -> None:
    index = Index()
    first, second = put_into(index, document(1), document(1, **changed))
    assert first.outcome == "indexed"
    assert second.outcome == "another"
    assert "card:s1" in second.detail
    assert "'c1'" in second.detail
    assert len(index.documents) == 1


def test_where_nothing_is_shown_of_what_stands_there_it_counts_as_a_repeat() -> None:
    index = Index()
    index.documents[document(1).alert_id] = {}
    index.mget = lambda **_: {"docs": [{"_id": "card:s1", "found": True}]}  # type: ignore[assignment]
    assert [answer.outcome for answer in put_into(index, document(1))] == ["repeat"]


@pytest.mark.parametrize(
    "trouble",
    [ConnectionTimeout("no answer"), refusal(503, "x"), refusal(400, "index_closed_exception")],
)
def test_what_stands_there_is_asked_again_later_where_it_cannot_be_seen_now(
    trouble: Exception,
) -> None:
    index = Index()
    put_into(index, document(1))
    index.hides = trouble
    answers = put_into(index, document(1, entity_id="c77"), document(2))
    assert [answer.outcome for answer in answers] == ["later", "indexed"]


def test_who_may_not_see_what_stands_there_is_told_the_privilege() -> None:
    index = Index()
    put_into(index, document(1))
    index.hides = refusal(403, "security_exception")
    with pytest.raises(DeliveryError, match="`read`"):
        put_into(index, document(1))


def test_a_refused_document_says_why_down_to_the_cause() -> None:
    cause = {"type": "number_format_exception", "reason": 'For input string: "s1"'}
    error = {"type": "mapper_parsing_exception", "reason": "failed to parse", "caused_by": cause}
    answer = answer_of({"status": 400, "error": error})
    assert answer.outcome == "refused"
    assert answer.detail.endswith('number_format_exception: For input string: "s1"')


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_no_document_is_to_blame_for_ends_the_delivery(status: int) -> None:
    with pytest.raises(DeliveryError, match=str(status)):
        answer_of({"status": status, "error": {"type": "security_exception", "reason": "no"}})
