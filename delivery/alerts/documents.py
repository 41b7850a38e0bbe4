"""What does an alert look like in the search index?

Its fields as in the contract, and where it stood on ``alerts``. The document's id is the alert's,
so that a repeat is recognised by Elasticsearch itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
from confluent_kafka import Message

from job.contracts import Alert

#: Every index of alerts begins so: the template's types go by it.
INDEX_PREFIX: Final = "paystream-alerts"
#: Longer texts are kept and shown, but cannot be searched for: a term has a largest size.
_SEARCHABLE_CHARACTERS: Final = 512

_KEYWORD: Final = {"type": "keyword", "ignore_above": _SEARCHABLE_CHARACTERS}
_EVENT_TIME: Final = {"type": "date", "format": "epoch_millis"}
_FINDING: Final = {
    "rule": _KEYWORD,
    "reason_code": _KEYWORD,
    "value": {"type": "double"},
    "threshold": {"type": "double"},
    "unit": {"type": "keyword", "index": False, "doc_values": False},
    "saw": {"type": "object", "enabled": False},
    "swipe_ids": _KEYWORD,
}
MAPPINGS: Final[dict[str, Any]] = {
    # A field of a later contract is kept, without a type that was guessed from one document.
    "dynamic": False,
    "properties": {
        "v": {"type": "integer"},
        "alert_id": _KEYWORD,
        "entity_type": _KEYWORD,
        "entity_id": _KEYWORD,
        "swipe_id": _KEYWORD,
        "event_time_ms": _EVENT_TIME,
        "score": {"type": "double"},
        "action": _KEYWORD,
        "rules_version": _KEYWORD,
        "findings": {"properties": _FINDING},
        "window_start_ms": _EVENT_TIME,
        "window_end_ms": _EVENT_TIME,
        "source": {
            "properties": {
                "topic": _KEYWORD,
                "partition": {"type": "integer"},
                "offset": {"type": "long"},
            }
        },
    },
}
TEMPLATE: Final[dict[str, Any]] = {
    "settings": {
        # One copy on another node as soon as there is one.
        "auto_expand_replicas": "0-1",
        "number_of_shards": 1,
    },
    "mappings": MAPPINGS,
}


def missing_types(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, Any]:
    """Fields to which an index gives no type yet, with the types that they should have.

    Examples
    --------
    >>> missing_types({"a": {"type": "long"}, "b": {"type": "date"}}, {"a": {"type": "text"}})
    {'b': {'type': 'date'}}
    """
    missing: dict[str, Any] = {}
    for name, field in wanted.items():
        found = there.get(name)
        if found is None:
            missing[name] = field
        elif "properties" in field and "properties" in found:
            inner = missing_types(field["properties"], found["properties"])
            missing |= {name: {"properties": inner}} if inner else {}
    return missing


class Source(NamedTuple):
    """A record as it came from ``alerts``."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes

    @classmethod
    def of(cls, message: Message) -> Source:
        """Take it from Kafka's message."""
        key = (message.key() or b"").decode("utf-8", errors="replace")
        value = message.value() or b""
        return cls(
            str(message.topic()), int(message.partition()), int(message.offset()), key, value
        )


class Document(NamedTuple):
    """An alert that is to be put into the index."""

    source: Source
    alert_id: str
    body: dict[str, Any]


_decode = msgspec.json.Decoder(Alert).decode
_TROUBLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)


def document_of(source: Source) -> Document | str:
    """The document of a record, or why it is no alert."""
    if not source.value:
        return "the record has no value"
    try:
        alert = _decode(source.value)
        # As it came, not as this version knows it: fields of a later contract are kept.
        body = msgspec.json.decode(source.value, type=dict[str, Any])
    except _TROUBLE as error:
        return f"{type(error).__name__}: {error}"
    place = {"topic": source.topic, "partition": source.partition, "offset": source.offset}
    return Document(source, alert.alert_id, body | {"source": place})


def index_name(prefix: str) -> str:
    """The index of the alerts of a prefix of topics: each run has its own.

    Examples
    --------
    >>> index_name(""), index_name("20261124T124240-geo_jump-5ff1.")
    ('paystream-alerts', 'paystream-alerts-20261124t124240-geo_jump-5ff1')
    """
    # Two runs of one seed have the same ids: in one index the second would look like a repeat.
    run = prefix.lower().strip("._-")
    return f"{INDEX_PREFIX}-{run}" if run else INDEX_PREFIX
