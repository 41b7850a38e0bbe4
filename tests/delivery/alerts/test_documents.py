"""Does an alert's document hold all that the alert says, under its own id?"""

from __future__ import annotations

import copy

import msgspec
import pytest

from delivery.alerts.documents import (
    MAPPINGS,
    Document,
    Source,
    document_of,
    index_name,
    missing_types,
)
from job.contracts import Alert, Finding
from tests.delivery.alerts.sample import alert


def source(value: bytes) -> Source:
    return Source("alerts", 2, 17, "c1", value)


def test_the_document_is_the_alert_with_its_place() -> None:
    value = msgspec.json.encode(alert(1))
    found = document_of(source(value))
    assert isinstance(found, Document)
    assert found.alert_id == alert(1).alert_id
    assert found.body.pop("source") == {"topic": "alerts", "partition": 2, "offset": 17}
    assert msgspec.convert(found.body, Alert) == alert(1)


def test_a_field_of_a_later_contract_is_kept() -> None:
    value = msgspec.json.encode(msgspec.to_builtins(alert(1)) | {"new": 7})
    found = document_of(source(value))
    assert isinstance(found, Document)
    assert found.body["new"] == 7


@pytest.mark.parametrize("value", [b"", b"{", b"\xff", b"[]", b'{"v": 1}'])
def test_what_is_no_alert_says_why(value: bytes) -> None:
    found = document_of(source(value))
    assert isinstance(found, str)
    assert found


def test_every_field_of_the_contract_has_a_type() -> None:
    """Or Elasticsearch would keep it and nobody could search for it."""
    assert set(MAPPINGS["properties"]) - {"source"} == set(Alert.__struct_fields__)
    findings = MAPPINGS["properties"]["findings"]["properties"]
    assert set(findings) == set(Finding.__struct_fields__)


def test_an_index_is_given_the_types_that_it_lacks_and_no_others() -> None:
    wanted = MAPPINGS["properties"]
    assert missing_types(wanted, {}) == wanted
    assert missing_types(wanted, wanted) == {}
    there = copy.deepcopy(wanted)
    del there["rules_version"]
    del there["findings"]["properties"]["unit"]
    there["alert_id"] = {"type": "long"}  # somebody's own: it cannot be changed any more
    assert missing_types(wanted, there) == {
        "rules_version": wanted["rules_version"],
        "findings": {"properties": {"unit": wanted["findings"]["properties"]["unit"]}},
    }


@pytest.mark.parametrize("prefix", ["", "run-7.", "20261124T124240-geo_jump-5ff1.", "Team_A-"])
def test_an_index_name_is_one_that_elasticsearch_takes(prefix: str) -> None:
    name = index_name(prefix)
    assert name == name.lower()
    assert name[0].isalpha()
    assert not set(name) & set('\\/*?"<>| ,#:')
