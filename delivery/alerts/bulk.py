"""What did Elasticsearch do with each document of a bulk?

A bulk is answered document by document, and each answer means one of four things. Only what
waiting may mend is asked again; a document that was refused for itself never passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from elasticsearch import ApiError, Elasticsearch, TransportError, UnsupportedProductError

from delivery.alerts.documents import Document
from delivery.problems import DeliveryError

Outcome = Literal["indexed", "repeat", "refused", "later"]

_TOO_MANY_REQUESTS: Final = 429
_CONFLICT: Final = 409
#: The request as a whole was not understood or too large: one document may be to blame.
_WHOLE_REFUSED: Final = frozenset({400, 413})
#: Nobody mends these by waiting, and no document is to blame.
_CONFIGURATION: Final = frozenset({401, 403, 404})
#: An index that takes nothing for the moment, e.g. one made read-only by a full disk.
_BLOCKED: Final = "cluster_block_exception"


class Answer(NamedTuple):
    """What became of one document, and why where it did not pass."""

    outcome: Outcome
    detail: str = ""


def put(client: Elasticsearch, index: str, documents: Sequence[Document]) -> list[Answer]:
    """Put documents that are not there yet; one answer for each, in order.

    Parameters
    ----------
    client
        Without retries of its own.
    index
        Where to.
    documents
        At least one.

    Raises
    ------
    DeliveryError
        When neither waiting nor leaving out a document would help.
    """
    operations: list[Mapping[str, Any]] = []
    for document in documents:
        # Not `index`: what stands there already is not written again.
        operations += [{"create": {"_id": document.alert_id}}, document.body]
    try:
        answered = client.bulk(index=index, operations=operations)
    except UnsupportedProductError as error:
        raise DeliveryError(f"what answers is no Elasticsearch 8: {_line(error)}") from None
    except TransportError as error:
        return [Answer("later", _line(error))] * len(documents)
    except ApiError as error:
        return _whole(client, index, documents, error)
    return [answer_of(item["create"]) for item in answered["items"]]


def answer_of(item: Mapping[str, Any]) -> Answer:
    """What one item of a bulk's response means.

    Raises
    ------
    DeliveryError
        When no document is to blame and waiting does not help.

    Examples
    --------
    >>> answer_of({"status": 201}).outcome, answer_of({"status": 409, "error": {}}).outcome
    ('indexed', 'repeat')
    """
    status = int(item["status"])
    if status < 300:
        return Answer("indexed")
    if status == _CONFLICT:
        return Answer("repeat")
    detail = _cause(item.get("error", {}))
    if is_passing(status) or _BLOCKED in detail:
        return Answer("later", f"{status}: {detail}")
    if status in _CONFIGURATION:
        raise DeliveryError(f"Elasticsearch does not take alerts ({status}: {detail})")
    return Answer("refused", f"{status}: {detail}")


def is_passing(status: int) -> bool:
    """Whether an HTTP status says: ask again later."""
    return status == _TOO_MANY_REQUESTS or status >= 500


def _whole(
    client: Elasticsearch, index: str, documents: Sequence[Document], error: ApiError
) -> list[Answer]:
    """The request was answered as a whole: look for the document that is to blame by halves."""
    status = error.meta.status
    detail = f"{status}: {_line(error)}"
    if is_passing(status) or _BLOCKED in detail:
        return [Answer("later", detail)] * len(documents)
    if status not in _WHOLE_REFUSED:
        raise DeliveryError(f"Elasticsearch does not take alerts ({detail})")
    if len(documents) == 1:
        return [Answer("refused", detail)]
    middle = len(documents) // 2
    return [
        *put(client, index, documents[:middle]),
        *put(client, index, documents[middle:]),
    ]


def _cause(error: Mapping[str, Any] | str) -> str:
    """What Elasticsearch says of an error, down to its innermost cause."""
    if isinstance(error, str):
        return error
    said = []
    inner: Any = error
    while isinstance(inner, Mapping) and inner:
        said.append(f"{inner.get('type', 'error')}: {inner.get('reason', '')}")
        inner = inner.get("caused_by")
    return "; ".join(said)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
