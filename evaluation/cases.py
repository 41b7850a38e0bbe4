"""How many cases would a person have worked on, and how many were right?

A case is one card within 24 hours of its first alert.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
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
    found: list[Case] = []
    for card, of_card in groupby(sorted(events), key=lambda event: event[0]):
        open_case: Case | None = None
        for _, time_ms, right in of_card:
            if open_case is None or time_ms >= open_case.first_ms + CASE_MS:
                if open_case is not None:
                    found.append(open_case)
                open_case = Case(card, time_ms, time_ms, right)
            else:
                open_case = open_case._replace(last_ms=time_ms, right=open_case.right or right)
        if open_case is not None:
            found.append(open_case)
    return found


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
