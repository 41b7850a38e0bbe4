"""An Elasticsearch in memory: Kafka, or what is made of an answer, is what is asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig
from elasticsearch import ApiError


def refusal(status: int, kind: str, reason: str = "no") -> ApiError:
    """What the client raises for a request that is refused as a whole."""
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(), 0.0, NodeConfig("http", "x", 9200))
    return ApiError(kind, meta, {"error": {"type": kind, "reason": reason}, "status": status})


class Index:
    """Takes each document once, as Elasticsearch's bulk does.

    Attributes
    ----------
    documents
        What it holds, by id.
    refuses
        What it says of every document instead of taking it; None where it takes them.
    hides
        What it raises where somebody asks what stands in it.
    """

    def __init__(self) -> None:
        self.documents: dict[str, Mapping[str, Any]] = {}
        self.refuses: dict[str, Any] | None = None
        self.hides: Exception | None = None
        self.indices = SimpleNamespace(put_index_template=dict, create=dict, refresh=dict)

    def bulk(self, index: str, operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        assert index.startswith("paystream-alerts")
        pairs = zip(operations[::2], operations[1::2], strict=True)
        return {"items": [{"create": self._take(a["create"]["_id"], body)} for a, body in pairs]}

    def _take(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if self.refuses is not None:
            return {"status": 400, "error": self.refuses}
        status = 409 if name in self.documents else 201
        self.documents.setdefault(name, body)
        return {"status": status}

    def mget(self, index: str, ids: Sequence[str], source_includes: list[str]) -> dict[str, Any]:
        assert index.startswith("paystream-alerts")
        if self.hides is not None:
            raise self.hides
        return {"docs": [self._shown(each, source_includes) for each in ids]}

    def _shown(self, name: str, fields: list[str]) -> dict[str, Any]:
        if name not in self.documents:
            return {"_id": name, "found": False}
        source = {each: self.documents[name][each] for each in fields}
        return {"_id": name, "found": True, "_source": source}
