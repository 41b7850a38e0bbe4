"""What do the shards of an exam hold, and what did the engine say of each swipe?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from evaluation.attribution import ALERTS

REVIEW, BLOCK = 1, 2
_LABELS: Final = (
    "swipe_id",
    "card_token",
    "event_time_ms",
    "amount_minor",
    "approved",
    "is_fraud",
    "scenario",
    "role",
    "incident_id",
    "difficulty",
    "merchant_id",
    "bin",
    "device_id",
)


class ShardFacts(msgspec.Struct, frozen=True):
    """The part of ``shard.json`` that a board needs."""

    split: str
    seed: int
    scored_from_ms: int
    event_time_end_ms: int
    portfolio_cards: int
    days: float


class RuleFacts(msgspec.Struct, frozen=True):
    """One rule; its number is its bit in ``fired``."""

    name: str
    threshold: float
    unit: str
    shadow: bool = False


class Exam(NamedTuple):
    """All scored swipes of all shards, a row each.

    ``labels`` and ``incidents`` are a replay's tables with the shard before each incident's id;
    ``shard``, ``card``, ``score``, ``action``, ``fired`` and ``values`` stand row by row beside the
    labels. ``card`` numbers cards over all shards. ``card_alerts`` and ``entity_alerts`` have the
    columns of alerts to be credited. ``cards`` and ``days`` are sums over the shards: cards of the
    portfolios, and scored event days.
    """

    rules: list[RuleFacts]
    labels: pa.Table
    incidents: pa.Table
    shard: NDArray[np.int16]
    card: NDArray[np.int64]
    score: NDArray[np.float64]
    action: NDArray[np.int8]
    fired: NDArray[np.int32]
    values: dict[str, NDArray[np.float32]]
    entity_alerts: pa.Table
    cards: int
    days: float
    card_days: float
    end_ms: int

    @property
    def is_fraud(self) -> NDArray[np.bool_]:
        """The truth, row by row."""
        return booleans(self.labels.column("is_fraud"))

    @property
    def time_ms(self) -> NDArray[np.int64]:
        """Event times."""
        return np.asarray(self.labels.column("event_time_ms").to_numpy(), dtype=np.int64)

    @property
    def acting_bits(self) -> int:
        """Bits of the rules that act."""
        return sum(1 << bit for bit, rule in enumerate(self.rules) if not rule.shadow)


def booleans(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """A column as an array."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=bool)


def load_exam(shards: Sequence[Path], scores_hash: str) -> Exam:
    """Read shards with the answers of one engine.

    Parameters
    ----------
    shards
        Folders.
    scores_hash
        First 16 digits of the engine's hash.

    Raises
    ------
    FileNotFoundError
        If a shard has not been judged by that engine.
    ValueError
        If scores and swipes of a shard do not match, or the shards were judged by other rules.
    """
    parts = [_load(number, folder, scores_hash) for number, folder in enumerate(shards)]
    described = {part["rules"] for part in parts}
    if len(described) != 1:
        raise ValueError("the shards were not judged by the same rules")
    rules = msgspec.json.decode(described.pop(), type=list[RuleFacts])
    labels = pa.concat_tables([part["labels"] for part in parts])
    tokens = labels.column("card_token").combine_chunks().dictionary_encode()
    facts: list[ShardFacts] = [part["facts"] for part in parts]
    return Exam(
        rules=rules,
        labels=labels,
        incidents=pa.concat_tables([part["incidents"] for part in parts]),
        shard=np.concatenate([part["shard"] for part in parts]),
        card=np.asarray(tokens.indices.to_numpy(), dtype=np.int64),
        score=np.concatenate([part["score"] for part in parts]),
        action=np.concatenate([part["action"] for part in parts]),
        fired=np.concatenate([part["fired"] for part in parts]),
        values={
            rule.name: np.concatenate([part["values"][rule.name] for part in parts])
            for rule in rules
        },
        entity_alerts=pa.concat_tables([part["entities"] for part in parts]),
        cards=sum(each.portfolio_cards for each in facts),
        days=sum(each.days for each in facts),
        card_days=sum(each.days * each.portfolio_cards for each in facts),
        end_ms=max(each.event_time_end_ms for each in facts),
    )


def _load(number: int, folder: Path, scores_hash: str) -> dict[str, Any]:
    facts = msgspec.json.decode((folder / "shard.json").read_bytes(), type=ShardFacts)
    file = folder / f"scores-{scores_hash}.parquet"
    scores = pq.read_table(file)
    labels = pq.read_table(folder / "labels.parquet", columns=list(_LABELS))
    if len(scores) != len(labels):
        raise ValueError(f"{file} has {len(scores)} rows, the shard {len(labels)}")
    scored = pc.greater_equal(labels.column("event_time_ms"), facts.scored_from_ms)
    metadata = scores.schema.metadata[b"rules"]
    scores, labels = scores.filter(scored), labels.filter(scored)
    names = [name for name in scores.column_names if name.startswith("value_")]
    entities = pq.read_table(file.with_suffix(".entities.parquet"))
    entities = entities.filter(
        pc.and_(
            pc.greater_equal(entities.column("event_time_ms"), facts.scored_from_ms),
            pc.greater_equal(entities.column("action"), REVIEW),
        )
    )
    return {
        "facts": facts,
        "rules": metadata,
        "labels": _prefixed(labels, folder.name),
        "incidents": _prefixed(pq.read_table(folder / "incidents.parquet"), folder.name),
        "shard": np.full(len(labels), number, dtype=np.int16),
        "score": scores.column("score").to_numpy().astype(np.float64),
        "action": scores.column("action").to_numpy(),
        "fired": scores.column("fired").to_numpy(),
        "values": {name.removeprefix("value_"): scores.column(name).to_numpy() for name in names},
        "entities": entities,
    }


def _prefixed(table: pa.Table, shard: str) -> pa.Table:
    ids = pc.binary_join_element_wise(
        pa.scalar(shard), table.column("incident_id"), "/", null_handling="emit_null"
    )
    return table.set_column(table.column_names.index("incident_id"), "incident_id", ids)


def rule_names(exam: Exam, bits: int) -> list[str]:
    """Names of the rules in a set of bits."""
    return [rule.name for bit, rule in enumerate(exam.rules) if bits >> bit & 1]


def alerts_of_rows(exam: Exam, rows: NDArray[np.int64]) -> pa.Table:
    """Card alerts on these rows, as a table to be credited."""
    chosen = exam.labels.take(pa.array(rows))
    bits = (exam.fired[rows] & exam.acting_bits).tolist()
    return pa.table(
        [
            pa.array(range(len(rows)), pa.int64()),
            pa.array(["card"] * len(rows), pa.string()),
            chosen.column("card_token"),
            chosen.column("swipe_id"),
            chosen.column("event_time_ms"),
            pa.array([rule_names(exam, each) for each in bits], pa.list_(pa.string())),
        ],
        schema=ALERTS,
    )


def all_alerts(exam: Exam) -> pa.Table:
    """What the job raises: on cards, and on what lies across them."""
    rows = np.flatnonzero(exam.action >= REVIEW).astype(np.int64)
    return with_entities(alerts_of_rows(exam, rows), exam.entity_alerts)


def with_entities(on_cards: pa.Table, entities: pa.Table) -> pa.Table:
    """Card alerts and those across cards in one table."""
    numbers = range(len(on_cards), len(on_cards) + len(entities))
    across = pa.table(
        [
            pa.array(numbers, pa.int64()),
            entities.column("entity_type"),
            entities.column("entity_id"),
            entities.column("swipe_id"),
            entities.column("event_time_ms"),
            pa.array([[name] for name in entities.column("rule").to_pylist()], ALERTS[5].type),
        ],
        schema=ALERTS,
    )
    return pa.concat_tables([on_cards, across])
