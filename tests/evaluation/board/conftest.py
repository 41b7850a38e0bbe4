"""Small exams, written by hand as the generator and the engine would write them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluation.board.sample import Sample, read_sample
from generator.tables import INCIDENTS, LABELS

HOUR_MS = 3_600_000
#: The scored span begins here and lasts two days.
START_MS = 1_772_643_600_000
RULES = [
    {"name": "impossible_travel", "threshold": 900.0, "unit": "km/h", "shadow": False},
    {"name": "velocity", "threshold": 5.0, "unit": "swipes", "shadow": False},
    {"name": "watcher", "threshold": 1.0, "unit": "1", "shadow": True},
]
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


def swipe(name: str, hour: float, incident: str | None = None, **more: Any) -> dict[str, Any]:
    """A swipe; its card is the first letter of its name, an attack's incident begins with i."""
    fraud = incident is not None and incident.startswith("i")
    role = "ordinary" if incident is None else "attack" if fraud else "look_alike"
    return {
        "swipe_id": name,
        "card_token": name[0],
        "event_time_ms": START_MS + round(hour * HOUR_MS),
        "amount_minor": 100,
        "approved": True,
        "is_fraud": fraud,
        "scenario": {"attack": "geo_jump", "look_alike": "legit_travel"}.get(role, "ordinary"),
        "role": role,
        "incident_id": incident,
        "difficulty": None if incident is None else "hard",
        "merchant_id": "m1",
        "bin": "400000",
        "device_id": None,
        "fate": 0,
        "score": 0.0,
        "action": 0,
        "fired": 0,
    } | more


def write_shard(
    folder: Path,
    swipes: list[dict[str, Any]],
    entities: list[dict[str, Any]] | None = None,
    entity_of: dict[str, tuple[str, str]] | None = None,
    cards: int = 5,
) -> Path:
    """Write a shard judged under the hash ``h``; values are 1,000 where a rule fired, else 0."""
    folder.mkdir(parents=True)
    labels = pa.Table.from_pylist([{k: s[k] for k in LABELS.names} for s in swipes], schema=LABELS)
    pq.write_table(labels, folder / "labels.parquet")
    pq.write_table(labels.select(["swipe_id"]), folder / "swipes.parquet")
    incidents = _incidents(swipes, entity_of or {})
    pq.write_table(pa.Table.from_pylist(incidents, schema=INCIDENTS), folder / "incidents.parquet")
    fired = np.array([s["fired"] for s in swipes], dtype=np.int32)
    scores: dict[str, Any] = {
        "fate": np.array([s["fate"] for s in swipes], dtype=np.int8),
        "score": np.array([s["score"] for s in swipes], dtype=np.float32),
        "action": np.array([s["action"] for s in swipes], dtype=np.int8),
        "fired": fired,
    }
    for bit, rule in enumerate(RULES):
        scores[f"value_{rule['name']}"] = ((fired >> bit & 1) * 1000).astype(np.float32)
    table = pa.table(scores).replace_schema_metadata({b"rules": msgspec.json.encode(RULES)})
    pq.write_table(table, folder / "scores-h.parquet")
    across = pa.Table.from_pylist(entities or [], schema=ENTITIES)
    pq.write_table(across, folder / "scores-h.entities.parquet")
    facts = {
        "split": "tuning",
        "seed": 1,
        "scored_from_ms": START_MS,
        "event_time_end_ms": START_MS + 48 * HOUR_MS,
        "portfolio_cards": cards,
        "days": 2.0,
    }
    (folder / "shard.json").write_bytes(msgspec.json.encode(facts))
    return folder


def _incidents(swipes: list[dict[str, Any]], entity_of: dict[str, tuple[str, str]]) -> Any:
    rows = []
    for name in dict.fromkeys(s["incident_id"] for s in swipes if s["incident_id"]):
        marked = [s for s in swipes if s["incident_id"] == name]
        entity_type, entity_id = entity_of.get(name, ("card", marked[0]["card_token"]))
        times = [s["event_time_ms"] for s in marked]
        rows.append(
            {
                "incident_id": name,
                **{key: marked[0][key] for key in ("scenario", "role", "difficulty")},
                "entity_type": entity_type,
                "entity_id": entity_id,
                "first_event_time_ms": min(times),
                "last_event_time_ms": max(times),
                "swipe_count": len(marked),
                "amount_minor": sum(s["amount_minor"] for s in marked),
            }
        )
    return rows


TIMELINE = [
    swipe("e0", -5, score=0.9, action=2, fired=1),
    swipe("a0", 0),
    swipe("a1", 1, "i1", amount_minor=1000),
    swipe("a2", 2, "i1", amount_minor=2000, score=0.9, action=2, fired=1),
    swipe("a3", 3, "i1", amount_minor=4000, approved=False, fired=4),
    swipe("b1", 4, "l1", score=0.8, action=2, fired=1),
    swipe("a4", 5, score=0.7, action=1, fired=3),
    swipe("b2", 6),
    swipe("c1", 7, score=0.5, action=1, fired=2),
    swipe("d1", 10, "i2", amount_minor=300),
    swipe("b3", 29),
]


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """The timeline that ``test_board`` draws."""
    return read_sample([write_shard(tmp_path / "timeline", TIMELINE)], "h")


@pytest.fixture(scope="module")
def sample_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Sample]:
    """Make a sample of one list of swipes a shard."""

    def made(*shards: list[dict[str, Any]], **more: Any) -> Sample:
        root = tmp_path_factory.mktemp("shards")
        folders = [write_shard(root / f"s{at}", rows, **more) for at, rows in enumerate(shards)]
        return read_sample(folders, "h")

    return made
