"""Is each answer of Elasticsearch taken for what it means?"""

from __future__ import annotations

import pytest

from delivery.alerts.bulk import answer_of
from delivery.problems import DeliveryError


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
