"""How is Elasticsearch reached, and is the index there that alerts go to?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from elasticsearch import (
    ApiError,
    BadRequestError,
    Elasticsearch,
    TransportError,
    UnsupportedProductError,
)
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from delivery.alerts.bulk import passes
from delivery.alerts.documents import INDEX_PREFIX, MAPPINGS, TEMPLATE, missing_types
from delivery.problems import DeliveryError

# A node that does not answer is told once, by who waits for it, and not for each request.
logging.getLogger("elastic_transport").setLevel(logging.ERROR)

ENV_PREFIX: Final = "PAYSTREAM_ELASTICSEARCH_"
#: Above what a person may choose for indices of the same name.
_TEMPLATE_PRIORITY: Final = 100


class ElasticsearchSettings(BaseSettings):
    """Where Elasticsearch is, as ``PAYSTREAM_ELASTICSEARCH_<NAME>``.

    Attributes
    ----------
    url
        E.g. ``https://search.example:9200``; None where there is none.
    api_key
        Where it asks for one; only from the environment, so that it stands in no process list.
    ca_certs
        File with the authority that signed its certificate.
    request_timeout_s
        Longest wait for one answer.
    """

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True)

    url: str | None = None
    api_key: str | None = Field(default=None, repr=False)
    ca_certs: Path | None = None
    request_timeout_s: float = 30.0


def connect(settings: ElasticsearchSettings) -> Elasticsearch:
    """A client that asks once: waiting and asking again is its caller's.

    Raises
    ------
    DeliveryError
        When the address is none.
    """
    if settings.url is None:
        raise DeliveryError(f"no Elasticsearch: set {ENV_PREFIX}URL")
    # The client tells "no file" from "nothing was said of a file".
    certificates: dict[str, Any] = (
        {} if settings.ca_certs is None else {"ca_certs": str(settings.ca_certs)}
    )
    try:
        return Elasticsearch(
            settings.url,
            api_key=settings.api_key,
            request_timeout=settings.request_timeout_s,
            max_retries=0,
            retry_on_timeout=False,
            **certificates,
        )
    except (ValueError, TypeError, OSError) as error:
        said = " ".join(str(error).split())
        raise DeliveryError(f"the address of Elasticsearch cannot be used: {said}") from None


def ensure_index(client: Elasticsearch, index: str) -> bool:
    """Make the index, or give one that is there the types that it lacks; False: ask again later.

    The template says what an index is made with. One made by an earlier version has no types of
    fields that came later, and nobody could search by them.

    Raises
    ------
    DeliveryError
        When the name is not one of alerts, or Elasticsearch refuses.
    """
    if not index.startswith(INDEX_PREFIX):
        raise DeliveryError(
            f"index {index!r} must begin with {INDEX_PREFIX!r}: the template's types go by it"
        )
    return _asked(lambda: _ensure(client, index))


def _ensure(client: Elasticsearch, index: str) -> None:
    client.indices.put_index_template(
        name=INDEX_PREFIX,
        index_patterns=[f"{INDEX_PREFIX}*"],
        template=TEMPLATE,
        priority=_TEMPLATE_PRIORITY,
    )
    try:
        client.indices.create(index=index)
    except BadRequestError as error:
        if error.error != "resource_already_exists_exception":
            raise
        _add_types(client, index)


def _add_types(client: Elasticsearch, index: str) -> None:
    for name, found in client.indices.get_mapping(index=index).body.items():
        # Only what is missing: another type of a field that is there cannot be changed, and
        # each document is refused or taken for itself.
        missing = missing_types(MAPPINGS["properties"], found["mappings"].get("properties", {}))
        if missing:
            client.indices.put_mapping(index=name, properties=missing)


def refresh(client: Elasticsearch, index: str) -> None:
    """Let a search see now what was put; it would within a second anyway."""
    _asked(lambda: client.indices.refresh(index=index))


def _asked(request: Callable[[], object]) -> bool:
    try:
        request()
    except UnsupportedProductError as error:
        raise DeliveryError(f"what answers is no Elasticsearch 8: {error}") from None
    except TransportError:
        return False
    except ApiError as error:
        if passes(error):
            return False
        said = " ".join(str(error).split())
        raise DeliveryError(f"Elasticsearch refuses: {said}") from None
    return True
