"""Is a broker there that does not let this client in?

A refused login or certificate is no answer to any request: librdkafka tries again until the request
runs out of time, and says why only to its ``error_cb``. So a first request is made in short parts,
and between them it is asked what the client has heard. This knows no client library: the job goes
to production without librdkafka.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from job.kafka_security import PREFIX

#: Errors of librdkafka's clients that mean refused, not absent.
_LOGIN_ERROR: Final = "_AUTHENTICATION"
_TLS_ERROR: Final = "_SSL"
#: Between two looks at what the client has heard, in seconds.
_LOOK_EVERY_S: Final = 0.5


class RefusedByBroker(Exception):
    """It is there, and lets this client not in. The message is one line without a secret."""


def first_metadata(
    admin: Any,
    errors: Iterable[str],
    settings: Mapping[str, Any],
    failure: type[Exception],
    timeout_s: float,
) -> Any:
    """What a broker says of itself, at a client's first request.

    Parameters
    ----------
    admin
        librdkafka's client for administration, made with these settings.
    errors
        What its ``error_cb`` has kept: :func:`hear_refusals`.
    settings
        librdkafka's names.
    failure
        What a request raises where nobody answers in time.
    timeout_s
        Longest wait, seconds.

    Raises
    ------
    RefusedByBroker
        As soon as the client has heard so.
    Exception
        The last `failure`, where nobody answered at all.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        left_s = deadline_s - time.monotonic()
        try:
            return admin.list_topics(timeout=max(0.01, min(left_s, _LOOK_EVERY_S)))
        except failure:
            admin.poll(0)
            refused = refusal(errors, settings)
            if refused is not None:
                raise RefusedByBroker(refused) from None
            if left_s <= _LOOK_EVERY_S:
                raise


def refusal(errors: Iterable[str], settings: Mapping[str, Any]) -> str | None:
    """What to tell a person when a broker is there and lets this client not in.

    Parameters
    ----------
    errors
        Names of the client's errors, as :func:`hear_refusals` keeps them.
    settings
        Of the client, librdkafka's names.

    Returns
    -------
    str or None
        One line without a secret; None where nothing was refused.
    """
    broker = f"Kafka at {settings['bootstrap.servers']}"
    for error in errors:
        if error == _LOGIN_ERROR:
            return (
                f"{broker} refuses the login of user {settings.get('sasl.username', '')!r} by "
                f"{settings.get('sasl.mechanism')}; look at {PREFIX}SASL_USERNAME, …_SASL_PASSWORD "
                "and …_SASL_MECHANISM"
            )
        if error == _TLS_ERROR:
            trusted = settings.get("ssl.ca.location", "those of the system")
            return (
                f"{broker} and this client come to no TLS connection (trusted certificates: "
                f"{trusted}); look at {PREFIX}SSL_CA and …_SECURITY_PROTOCOL"
            )
    return None


def hear_refusals(into: list[str]) -> Callable[[object], None]:
    """An ``error_cb`` that keeps the names of the client's errors."""

    def hear(error: object) -> None:
        name = getattr(error, "name", None)
        if callable(name):
            into.append(str(name()))

    return hear
