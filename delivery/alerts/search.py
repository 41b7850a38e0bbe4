"""Which alerts in the index fit what a person looks for?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from delivery.alerts.documents import INDEX_PREFIX
from delivery.problems import DeliveryError
from job.contracts import Alert

#: Alerts that one search shows at most.
SHOWN: Final = 200
#: Names that a choice offers at most.
_NAMES: Final = 50


@dataclass(frozen=True, kw_only=True)
class AlertQuery:
    """What to look for; None and empty for anything.

    Attributes
    ----------
    entity_id
        A card, merchant, BIN or device, or a swipe.
    rule, action
        One that found something; what was decided.
    since_ms, until_ms
        Event time, the first included, the last not.
    """

    entity_id: str = ""
    rule: str | None = None
    action: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None

    def filters(self) -> list[dict[str, Any]]:
        """The conditions, as Elasticsearch takes them."""
        found: list[dict[str, Any]] = []
        if self.entity_id:
            fields = ("entity_id", "swipe_id", "findings.swipe_ids")
            terms = [{"term": {each: self.entity_id}} for each in fields]
            found.append({"bool": {"should": terms, "minimum_should_match": 1}})
        if self.rule is not None:
            found.append({"term": {"findings.rule": self.rule}})
        if self.action is not None:
            found.append({"term": {"action": self.action}})
        bounds = {"gte": self.since_ms, "lt": self.until_ms}
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        if given:
            found.append({"range": {"event_time_ms": given}})
        return found


@dataclass(frozen=True)
class FoundAlerts:
    """What a search gave.

    Attributes
    ----------
    total
        How many fit.
    alerts
        The newest of them.
    by_rule, by_action
        How many of all that fit each rule and action has.
    """

    total: int
    alerts: list[Alert]
    by_rule: dict[str, int]
    by_action: dict[str, int]


def search_alerts(client: Elasticsearch, index: str, query: AlertQuery) -> FoundAlerts:
    """Look for alerts, the newest by event time first.

    Raises
    ------
    DeliveryError
        When Elasticsearch does not answer or has no such index.
    """
    try:
        answer = client.search(
            index=index,
            query={"bool": {"filter": query.filters()}},
            sort=[{"event_time_ms": "desc"}, {"alert_id": "asc"}],
            size=SHOWN,
            track_total_hits=True,
            aggs={"rule": _names("findings.rule"), "action": _names("action")},
        )
    except NotFoundError:
        raise DeliveryError(f"no index {index}; `paystream index-alerts` makes it") from None
    except (ApiError, TransportError) as error:
        said = " ".join(str(error).split())
        raise DeliveryError(f"Elasticsearch does not answer: {said}") from None
    hits = answer["hits"]
    return FoundAlerts(
        total=int(hits["total"]["value"]),
        alerts=[msgspec.convert(hit["_source"], Alert) for hit in hits["hits"]],
        by_rule=_counts(answer["aggregations"]["rule"]),
        by_action=_counts(answer["aggregations"]["action"]),
    )


def _names(field: str) -> dict[str, Any]:
    return {"terms": {"field": field, "size": _NAMES}}


def _counts(aggregation: Any) -> dict[str, int]:
    return {str(each["key"]): int(each["doc_count"]) for each in aggregation["buckets"]}


def alert_indices(client: Elasticsearch) -> list[str]:
    """The indices that alerts were put into.

    Raises
    ------
    DeliveryError
        When Elasticsearch does not answer.
    """
    try:
        return sorted(str(name) for name in client.indices.get(index=f"{INDEX_PREFIX}*").body)
    except (ApiError, TransportError) as error:
        said = " ".join(str(error).split())
        raise DeliveryError(f"Elasticsearch does not answer: {said}") from None
