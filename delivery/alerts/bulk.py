"""What did Elasticsearch do with each document of a bulk?

A bulk is answered document by document, and each answer means one of five things. Only what
waiting may mend is asked again; a document that was refused for itself never passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from elasticsearch import ApiError, Elasticsearch, TransportError, UnsupportedProductError

from delivery.alerts.documents import Document
from delivery.problems import DeliveryError

Outcome = Literal["indexed", "repeat", "another", "refused", "later"]

_TOO_MANY_REQUESTS: Final = 429
_CONFLICT: Final = 409
#: The request as a whole was not understood or too large: one document may be to blame.
_WHOLE_REFUSED: Final = frozenset({400, 413})
#: Nobody mends these by waiting, and no document is to blame.
_CONFIGURATION: Final = frozenset({401, 403, 404})
#: An index that takes nothing for the moment: made read-only by a full disk, closed by a person.
_PASSING: Final = frozenset({"cluster_block_exception", "index_closed_exception"})
#: What tells two alerts of one id apart. Repeats of one alert agree in both.
_TELLING: Final = ("entity_id", "event_time_ms")


class Answer(NamedTuple):
    """What became of one document, and why where it did not pass.

    ``repeat`` stands in the index already; with ``another``, another alert stands under its id.
    """

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
    answers = [answer_of(item["create"]) for item in answered["items"]]
    return _told_apart(client, index, documents, answers)


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
    error = item.get("error", {})
    detail = _cause(error)
    if is_passing(status) or not _PASSING.isdisjoint(_types(error)):
        return Answer("later", f"{status}: {detail}")
    if status in _CONFIGURATION:
        raise DeliveryError(f"Elasticsearch does not take alerts ({status}: {detail})")
    return Answer("refused", f"{status}: {detail}")


def is_passing(status: int) -> bool:
    """Whether an HTTP status says: ask again later."""
    return status == _TOO_MANY_REQUESTS or status >= 500


def passes(error: ApiError) -> bool:
    """Whether an answer to a whole request says: ask again later."""
    said = error.body.get("error", {}) if isinstance(error.body, Mapping) else {}
    return is_passing(error.meta.status) or not _PASSING.isdisjoint(_types(said))


def common_cause(refused: Mapping[str, str]) -> str | None:
    """Why all were refused, where it is the same for several; None where each has its own reason.

    What Elasticsearch says of a document names it or what stands in it. Said alike of several, it
    is about none of them, e.g. of a pipeline that is not there.

    Parameters
    ----------
    refused
        What was said, by the document's id.

    Examples
    --------
    >>> common_cause({"card:s1": "no pipeline", "card:s2": "no pipeline"})
    'no pipeline'
    >>> common_cause({"card:s1": "no pipeline"})
    """
    causes = set(refused.values())
    return causes.pop() if len(refused) > 1 and len(causes) == 1 else None


def _whole(
    client: Elasticsearch, index: str, documents: Sequence[Document], error: ApiError
) -> list[Answer]:
    """The request was answered as a whole: look for the document that is to blame by halves."""
    status = error.meta.status
    detail = f"{status}: {_line(error)}"
    if passes(error):
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


def _told_apart(
    client: Elasticsearch, index: str, documents: Sequence[Document], answers: list[Answer]
) -> list[Answer]:
    """Look whether what stands under the ids of repeats is the same alert."""
    repeats = {
        document.alert_id
        for document, answer in zip(documents, answers, strict=True)
        if answer.outcome == "repeat"
    }
    if not repeats:
        return answers
    try:
        found = client.mget(index=index, ids=sorted(repeats), source_includes=list(_TELLING))
    except TransportError as error:
        standing: Mapping[str, Any] | Answer = Answer("later", _line(error))
    except ApiError as error:
        if not passes(error):
            raise DeliveryError(
                f"Elasticsearch does not show which alerts stand in {index}, which takes the "
                f"privilege `read` ({error.meta.status}: {_line(error)})"
            ) from None
        standing = Answer("later", _line(error))
    else:
        standing = {each["_id"]: each for each in found["docs"]}
    return [
        answer if answer.outcome != "repeat" else _compared(document, standing)
        for document, answer in zip(documents, answers, strict=True)
    ]


def _compared(document: Document, standing: Mapping[str, Any] | Answer) -> Answer:
    if isinstance(standing, Answer):
        return standing
    there = standing[document.alert_id]
    if "error" in there:
        return Answer("later", _cause(there["error"]))
    # One that was deleted meanwhile, or an index that keeps no sources, tells nothing.
    source = there.get("_source", {})
    if all(source.get(name, document.body[name]) == document.body[name] for name in _TELLING):
        return Answer("repeat")
    whose = ", ".join(f"{name} {source.get(name)!r}" for name in _TELLING)
    return Answer(
        "another",
        f"{_CONFLICT}: another alert stands under {document.alert_id}: {whose}; "
        "swipe ids must be unique across cards",
    )


def _chain(error: Any) -> Iterator[Mapping[str, Any]]:
    """An error and its causes, the outermost first."""
    while isinstance(error, Mapping) and error:
        yield error
        error = error.get("caused_by")


def _types(error: Any) -> set[str]:
    # Not looked for in what is said: that can hold a document's own words.
    return {str(each.get("type")) for each in _chain(error)}


def _cause(error: Mapping[str, Any] | str) -> str:
    """What Elasticsearch says of an error, down to its innermost cause."""
    if isinstance(error, str):
        return error
    said = (f"{each.get('type', 'error')}: {each.get('reason', '')}" for each in _chain(error))
    return "; ".join(said)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
