"""Is a broker that refuses told from one that is not there?"""

from __future__ import annotations

import time
from typing import Any

import pytest

from job.kafka_refusals import RefusedByBroker, first_metadata, hear_refusals, refusal

SETTINGS = {"bootstrap.servers": "k:1", "sasl.username": "u", "sasl.mechanism": "PLAIN"}


class NoAnswer(Exception):
    """As the client's library raises it."""


class Admin:
    """A client that gets no answer, and hears an error at its second look."""

    def __init__(self, error: str, into: list[str]) -> None:
        self._error, self._hear = error, hear_refusals(into)
        self.looks = 0

    def list_topics(self, timeout: float) -> Any:
        time.sleep(min(timeout, 0.01))
        raise NoAnswer

    def poll(self, _timeout: float) -> None:
        self.looks += 1
        if self.looks == 2:
            self._hear(type("Error", (), {"name": lambda _self: self._error})())


def test_a_refusal_is_told_at_once() -> None:
    errors: list[str] = []
    admin = Admin("_AUTHENTICATION", errors)
    with pytest.raises(RefusedByBroker, match="k:1 refuses the login of user 'u' by PLAIN"):
        first_metadata(admin, errors, SETTINGS, NoAnswer, 60.0)
    assert admin.looks == 2


def test_whoever_is_not_there_is_waited_for() -> None:
    errors: list[str] = []
    admin = Admin("_TRANSPORT", errors)
    with pytest.raises(NoAnswer):
        first_metadata(admin, errors, SETTINGS, NoAnswer, 0.6)
    assert errors == ["_TRANSPORT"]


def test_other_errors_than_refusals_are_not_taken_for_one() -> None:
    assert refusal(["_TRANSPORT", "_ALL_BROKERS_DOWN"], SETTINGS) is None
    assert "no TLS connection" in str(refusal(["_TRANSPORT", "_SSL"], SETTINGS))
