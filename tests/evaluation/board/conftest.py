"""A shard small enough to be checked by eye."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from generator.tables import INCIDENTS, LABELS

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
RULES = [
    {"name": "speed", "threshold": 5.0, "unit": "km/h", "shadow": False},
    {"name": "amount", "threshold": 3.0, "unit": "1", "shadow": False},
]
SCORES = pa.schema(
    [
        ("fate", pa.int8()),
        ("score", pa.float32()),
        ("action", pa.int8()),
        ("fired", pa.int32()),
        ("value_speed", pa.float32()),
        ("value_amount", pa.float32()),
    ],
    metadata={b"rules": msgspec.json.encode(RULES)},
)
ENTITIES = pa.schema(
    [
        ("rule", pa.string()),
        ("entity_type", pa.string()),
        ("entity_id", pa.string()),
        ("swipe_id", pa.string()),
        ("event_time_ms", pa.int64()),
        ("action", pa.int8()),
        ("score", pa.float64()),
    ]
)


class ShardMaker:
    """Swipes one by one, then a folder."""

    def __init__(self) -> None:
        self.labels: list[dict[str, Any]] = []
        self.scores: list[dict[str, Any]] = []
        self.kinds: dict[str, tuple[str, str, str]] = {}

    def swipe(
        self,
        card: str,
        hour: float,
        *,
        incident: str | None = None,
        kind: tuple[str, str, str] = ("geo_jump", "attack", "hard"),
        amount_minor: int = 100,
        approved: bool = True,
        speed: float = 0.0,
        amount: float = 0.0,
        action: int = 0,
    ) -> None:
        """One swipe; values reach thresholds 5 (speed) and 3 (amount)."""
        scenario, role, difficulty = kind if incident else ("ordinary", "ordinary", None)
        if incident:
            self.kinds[incident] = kind
        fired = (speed >= 5) | (amount >= 3) << 1
        self.labels.append(
            {
                "swipe_id": f"s{len(self.labels)}",
                "card_token": card,
                "event_time_ms": round(hour * HOUR_MS),
                "amount_minor": amount_minor,
                "approved": approved,
                "is_fraud": role == "attack",
                "scenario": scenario,
                "role": role,
                "incident_id": incident,
                "difficulty": difficulty,
                "merchant_id": "m",
                "bin": "90000000",
                "device_id": None,
            }
        )
        self.scores.append(
            {
                "fate": 0,
                "score": (0.0, 0.6, 0.9)[action],
                "action": action,
                "fired": fired,
                "value_speed": speed,
                "value_amount": amount,
            }
        )

    def write(self, folder: Path, scored_from_hour: float = 0.0, days: float = 10.0) -> Path:
        """The shard's folder."""
        folder.mkdir()
        incidents = []
        for name, (scenario, role, difficulty) in self.kinds.items():
            of = [row for row in self.labels if row["incident_id"] == name]
            incidents.append(
                {
                    "incident_id": name,
                    "scenario": scenario,
                    "role": role,
                    "difficulty": difficulty,
                    "entity_type": "card",
                    "entity_id": of[0]["card_token"],
                    "first_event_time_ms": min(row["event_time_ms"] for row in of),
                    "last_event_time_ms": max(row["event_time_ms"] for row in of),
                    "swipe_count": len(of),
                    "amount_minor": sum(row["amount_minor"] for row in of),
                }
            )
        for name, table in (
            ("labels", pa.Table.from_pylist(self.labels, schema=LABELS)),
            ("incidents", pa.Table.from_pylist(incidents, schema=INCIDENTS)),
            ("scores-test", pa.Table.from_pylist(self.scores, schema=SCORES)),
            ("scores-test.entities", pa.Table.from_pylist([], schema=ENTITIES)),
        ):
            pq.write_table(table, folder / f"{name}.parquet")
        facts = {
            "split": "tuning",
            "seed": 1,
            "scored_from_ms": round(scored_from_hour * HOUR_MS),
            "event_time_end_ms": round(days * DAY_MS),
            "portfolio_cards": 1_000,
            "days": days,
        }
        (folder / "shard.json").write_bytes(msgspec.json.encode(facts))
        return folder


@pytest.fixture
def shard() -> ShardMaker:
    return ShardMaker()


@pytest.fixture
def make_shard() -> Callable[[], ShardMaker]:
    return ShardMaker
