"""Which fraudulent rows are one attack?

What the data says, where it has a column for it; else the project's case: the fraudulent swipes of
one card within 24 hours of the first of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa

from generator.tables import INCIDENTS

#: As a case of the evaluation (`evaluation.cases`). A choice: a working day.
CASE_MS: Final = 24 * 3_600_000

_FRAUD: Final = """
SELECT "row", card_token, event_time_ms, amount_minor, merchant_id, incident, kind
FROM sent WHERE is_fraud ORDER BY card_token, event_time_ms, "row"
"""


class _Fraud(msgspec.Struct, frozen=True):
    row: int
    card_token: str
    event_time_ms: int
    amount_minor: int
    merchant_id: str
    incident: str | None
    kind: str | None


def find_incidents(database: duckdb.DuckDBPyConnection, name: str) -> Any:
    """Make the table ``attacked`` (row, incident_id, scenario), and give the incidents.

    Parameters
    ----------
    database
        With the table ``sent``.
    name
        Of the data; the scenario of attacks of which no kind is known.

    Returns
    -------
    pyarrow.Table
        As ``incidents.parquet`` has it.
    """
    frauds = [_Fraud(*row) for row in database.execute(_FRAUD).fetchall()]
    groups = _grouped(frauds, name)
    rows = []
    attacked: list[tuple[int, str, str]] = []
    ordered = sorted(groups.items(), key=lambda item: (_first_ms(item[1]), item[0]))
    for incident_id, swipes in ordered:
        kinds = Counter(swipe.kind or name for swipe in swipes)
        scenario = min(kinds, key=lambda kind: (-kinds[kind], kind))
        attacked += [(swipe.row, incident_id, scenario) for swipe in swipes]
        rows.append(_incident(incident_id, scenario, swipes))
    table = pa.table(
        {
            "row": pa.array([row for row, _, _ in attacked], pa.int64()),
            "incident_id": pa.array([each for _, each, _ in attacked], pa.string()),
            "scenario": pa.array([each for _, _, each in attacked], pa.string()),
        }
    )
    database.register("attacked_rows", table)
    database.execute("CREATE TABLE attacked AS SELECT * FROM attacked_rows")
    database.unregister("attacked_rows")
    return pa.Table.from_pylist(rows, schema=INCIDENTS)


def _grouped(frauds: list[_Fraud], name: str) -> dict[str, list[_Fraud]]:
    groups: dict[str, list[_Fraud]] = {}
    cases = _cases([fraud for fraud in frauds if fraud.incident is None])
    for number, case in enumerate(cases):
        groups[f"{name}-case-{number:06d}"] = case
    for fraud in frauds:
        if fraud.incident is not None:
            groups.setdefault(f"{name}-{fraud.incident}", []).append(fraud)
    return groups


def _cases(frauds: list[_Fraud]) -> Iterator[list[_Fraud]]:
    """Frauds by card and time, cut where a case ends."""
    case: list[_Fraud] = []
    for fraud in frauds:
        if case and (
            fraud.card_token != case[0].card_token
            or fraud.event_time_ms >= case[0].event_time_ms + CASE_MS
        ):
            yield case
            case = []
        case.append(fraud)
    if case:
        yield case


def _first_ms(swipes: list[_Fraud]) -> int:
    return min(swipe.event_time_ms for swipe in swipes)


def _incident(incident_id: str, scenario: str, swipes: list[_Fraud]) -> dict[str, Any]:
    cards = {swipe.card_token for swipe in swipes}
    merchants = {swipe.merchant_id for swipe in swipes}
    # An attack on many cards at one merchant is the merchant's; any other one is its cards'.
    at_merchant = len(cards) > 1 and len(merchants) == 1
    return {
        "incident_id": incident_id,
        "scenario": scenario,
        "role": "attack",
        "difficulty": None,
        "entity_type": "merchant" if at_merchant else "card",
        "entity_id": min(merchants) if at_merchant else swipes[0].card_token,
        "first_event_time_ms": _first_ms(swipes),
        "last_event_time_ms": max(swipe.event_time_ms for swipe in swipes),
        "swipe_count": len(swipes),
        "amount_minor": sum(swipe.amount_minor for swipe in swipes),
    }
