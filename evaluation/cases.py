"""How many cases would a person have worked on, and how many were right?

A case is one card within 24 hours of its first alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from evaluation.attribution import CREDIT_AFTER_MS, FALSE

#: Length of a case, ms.
CASE_MS: Final = 24 * 3_600_000


class Case(NamedTuple):
    """One card's events within a day."""

    card_token: str
    first_ms: int
    last_ms: int
    right: bool


class CaseCounts(NamedTuple):
    """Cases that alerts opened, and cases that fraud should have opened."""

    opened: int
    right: int
    fraud: int
    fraud_caught: int


def cases(events: Iterable[tuple[str, int, bool]]) -> list[Case]:
    """Fold events (card, time in ms, right) into cases.

    Examples
    --------
    >>> day = 24 * 3_600_000
    >>> for case in cases([("a", 0, False), ("a", day - 1, True), ("a", day, False)]):
    ...     print(*case)
    a 0 86399999 True
    a 86400000 86400000 False
    """
    ordered = sorted(events, key=lambda event: (event[0], event[1]))
    numbers = case_numbers([(card, time_ms) for card, time_ms, _ in ordered])
    found: list[Case] = []
    for number, (card, time_ms, right) in zip(numbers, ordered, strict=True):
        if number == len(found):
            found.append(Case(card, time_ms, time_ms, right))
        else:
            found[-1] = found[-1]._replace(last_ms=time_ms, right=found[-1].right or right)
    return found


def case_numbers(events: Sequence[tuple[str, int]]) -> list[int]:
    """Number of the case that each event (card, time in ms) belongs to.

    Cases are numbered by card, as the cards sort, then by time.

    Examples
    --------
    >>> day = 24 * 3_600_000
    >>> case_numbers([("b", 0), ("a", day), ("a", 0), ("a", day - 1)])
    [2, 1, 0, 0]
    """
    numbers = [0] * len(events)
    number, card, first_ms = -1, "", 0
    for at in sorted(range(len(events)), key=events.__getitem__):
        if number < 0 or events[at][0] != card or events[at][1] >= first_ms + CASE_MS:
            number, (card, first_ms) = number + 1, events[at]
        numbers[at] = number
    return numbers


def count_cases(alerts: pa.Table, labels: pa.Table) -> CaseCounts:
    """Count the cases on cards.

    Parameters
    ----------
    alerts
        Attributed (:class:`evaluation.attribution.Attribution`).
    labels
        The replay's.
    """
    on_cards = alerts.filter(pc.equal(alerts.column("entity_type"), "card"))
    raised = list(
        zip(
            on_cards.column("entity_id").to_pylist(),
            on_cards.column("event_time_ms").to_pylist(),
            (kind != FALSE for kind in on_cards.column("kind").to_pylist()),
            strict=True,
        )
    )
    opened = cases(raised)
    fraud = labels.filter(labels.column("is_fraud"))
    frauds = cases(
        (card, time_ms, True)
        for card, time_ms in zip(
            fraud.column("card_token").to_pylist(),
            fraud.column("event_time_ms").to_pylist(),
            strict=True,
        )
    )
    times: dict[str, list[int]] = {}
    for card, time_ms, _ in raised:
        times.setdefault(card, []).append(time_ms)
    caught = sum(
        any(c.first_ms <= at <= c.last_ms + CREDIT_AFTER_MS for at in times.get(c.card_token, ()))
        for c in frauds
    )
    return CaseCounts(len(opened), sum(c.right for c in opened), len(frauds), caught)
