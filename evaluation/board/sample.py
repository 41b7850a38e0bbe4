"""What is an exam made of, read into columns: all shards, one row a swipe?

Cards and incidents are numbered over all shards, since their names are unique only within one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from generator.mixing import I64
from generator.tables import INCIDENTS, LABELS

I8 = NDArray[np.int8]
I32 = NDArray[np.int32]
F32 = NDArray[np.float32]
Bools = NDArray[np.bool_]
ROLES: Final = ("ordinary", "attack", "look_alike")
ACTIONS: Final = ("clear", "review", "block")
REVIEW, BLOCK = 1, 2
#: An ordinary swipe's incident, and one that is nobody's.
NONE: Final = -1


class SampleError(Exception):
    """A shard that cannot be read; one line says what to do."""


class ShardFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What ``shard.json`` says, and the folder's name."""

    name: str = ""
    split: str
    seed: int
    scored_from_ms: int
    event_time_end_ms: int
    portfolio_cards: int
    days: float


class RuleFacts(msgspec.Struct, frozen=True):
    """A rule, as the scores' metadata describes it."""

    name: str
    threshold: float
    unit: str
    shadow: bool = False


@dataclass(frozen=True, kw_only=True)
class Sample:
    """All swipes of an exam in order, shard after shard, each shard by arrival.

    Attributes
    ----------
    shards, rules
        Rules in the order of the bits of ``fired`` and the rows of ``values``.
    shard, card, time_ms, amount_minor, approved, fraud, role
        Of each swipe; numbers of its shard, its card and its role (``ROLES``).
    incident
        Number of the incident of which it is a marked swipe, a row of ``incidents``; else ``NONE``.
    scored
        Whether it lies in the span that is scored.
    fate, score, action, fired, values
        The engine's answer.
    tokens
        Of the cards, by number.
    incidents
        Columns of INCIDENTS, ``shard`` (number) and ``scored``.
    fraud_labels
        Labels of the fraudulent swipes, as :func:`evaluation.attribution.attribute_table` takes
        them: numbers as text for names.
    entity_alerts
        Alerts across cards: rule, entity, ``row`` of the swipe, action.
    rule_errors
        How often rules raised; None where the scores do not say.
    """

    shards: tuple[ShardFacts, ...]
    rules: tuple[RuleFacts, ...]
    shard: I8
    card: I32
    time_ms: I64
    amount_minor: I64
    approved: Bools
    fraud: Bools
    role: I8
    incident: I32
    scored: Bools
    fate: I8
    score: F32
    action: I8
    fired: I32
    values: tuple[F32, ...]
    tokens: Any
    incidents: Any
    fraud_labels: Any
    entity_alerts: Any
    rule_errors: int | None

    def __len__(self) -> int:
        return len(self.card)

    @property
    def card_days(self) -> float:
        """Cards of all portfolios times days scored."""
        return sum(shard.portfolio_cards * shard.days for shard in self.shards)

    @property
    def acting(self) -> int:
        """Bits of the rules that act, not only watch."""
        return sum(1 << bit for bit, rule in enumerate(self.rules) if not rule.shadow)

    @property
    def across_cards(self) -> frozenset[str]:
        """Rules that alerted across cards."""
        return frozenset(self.entity_alerts.column("rule").to_pylist())


def read_sample(folders: Sequence[Path], scores_hash: str) -> Sample:
    """Read shards with one engine's answers to them.

    Raises
    ------
    SampleError
        If a file is missing, rows do not match, or engines differ.
    """
    if not folders:
        raise SampleError("no shards: an exam needs at least one folder")
    parts: list[_Part] = []
    cards = incidents = rows = 0
    for number, folder in enumerate(folders):
        parts.append(_read_shard(number, folder, scores_hash, cards, incidents, rows))
        cards += len(parts[-1].tokens)
        incidents += len(parts[-1].incidents)
        rows += len(parts[-1].columns["card"])
    if len({part.rules for part in parts}) != 1:
        raise SampleError(f"shards were judged by different rules under {scores_hash}: judge anew")
    columns = {}
    for name in list(parts[0].columns):
        columns[name] = np.concatenate([part.columns.pop(name) for part in parts])
    values = tuple(
        np.concatenate([part.values[at] for part in parts]) for at in range(len(parts[0].rules))
    )
    errors = [part.rule_errors for part in parts if part.rule_errors is not None]
    return Sample(
        shards=tuple(part.facts for part in parts),
        rules=parts[0].rules,
        values=values,
        tokens=pa.concat_arrays([part.tokens for part in parts]),
        incidents=pa.concat_tables([part.incidents for part in parts]),
        fraud_labels=pa.concat_tables([part.fraud_labels for part in parts]),
        entity_alerts=pa.concat_tables([part.entity_alerts for part in parts]),
        rule_errors=sum(errors) if errors else None,
        **columns,
    )


@dataclass(frozen=True)
class _Part:
    facts: ShardFacts
    rules: tuple[RuleFacts, ...]
    columns: dict[str, NDArray[Any]]
    values: list[F32]
    tokens: Any
    incidents: Any
    fraud_labels: Any
    entity_alerts: Any
    rule_errors: int | None


def _read_shard(
    number: int, folder: Path, scores_hash: str, cards: int, incidents_before: int, rows: int
) -> _Part:
    scores_file = folder / f"scores-{scores_hash}.parquet"
    entities_file = scores_file.with_suffix(".entities.parquet")
    for file in (folder / "shard.json", scores_file, entities_file):
        if not file.exists():
            raise SampleError(f"{file} is not there: make the shard and judge it first")
    facts = msgspec.json.decode((folder / "shard.json").read_bytes(), type=ShardFacts)
    facts = msgspec.structs.replace(facts, name=folder.name)
    scores = pq.read_table(scores_file)
    labels = pq.read_table(folder / "labels.parquet", read_dictionary=["card_token"])
    swipes = pq.ParquetFile(folder / "swipes.parquet").metadata.num_rows
    if not len(scores) == len(labels) == swipes:
        raise SampleError(
            f"{folder.name}: {swipes:,} swipes, {len(labels):,} labels, {len(scores):,} scores: "
            "they do not belong together, make the shard anew"
        )
    metadata = scores.schema.metadata or {}
    rules = tuple(msgspec.json.decode(metadata[b"rules"], type=list[RuleFacts]))
    incidents = _incidents(number, folder, facts)
    tokens, codes = _codes(labels.column("card_token"))
    incident = _positions(labels.column("incident_id"), incidents.column("incident_id"))
    incident = np.where(incident < 0, NONE, incident + incidents_before)
    time_ms = labels.column("event_time_ms").to_numpy()
    card = (codes + cards).astype(np.int32)
    columns: dict[str, NDArray[Any]] = {
        "shard": np.full(len(labels), number, dtype=np.int8),
        "card": card,
        "time_ms": time_ms,
        "amount_minor": labels.column("amount_minor").to_numpy(),
        "approved": _bools(labels.column("approved")),
        "fraud": _bools(labels.column("is_fraud")),
        "role": _positions(labels.column("role"), pa.array(ROLES)).astype(np.int8),
        "incident": incident.astype(np.int32),
        "scored": (time_ms >= facts.scored_from_ms) & (time_ms < facts.event_time_end_ms),
        **{name: scores.column(name).to_numpy() for name in ("fate", "score", "action", "fired")},
    }
    entities = pq.read_table(entities_file)
    at = _positions(entities.column("swipe_id"), labels.column("swipe_id"))
    # An alert may name a swipe from before the shard, which has no row.
    at = np.where(at < 0, NONE, at + rows)
    return _Part(
        facts=facts,
        rules=rules,
        columns=columns,
        values=[scores.column(f"value_{rule.name}").to_numpy() for rule in rules],
        tokens=tokens,
        incidents=incidents,
        fraud_labels=_fraud_labels(labels, columns, number, rows),
        entity_alerts=_entity_alerts(entities, at, number),
        rule_errors=_rule_errors(metadata),
    )


def _incidents(number: int, folder: Path, facts: ShardFacts) -> Any:
    table = pq.read_table(folder / "incidents.parquet").select(INCIDENTS.names).cast(INCIDENTS)
    first_ms = table.column("first_event_time_ms").to_numpy()
    scored = (first_ms >= facts.scored_from_ms) & (first_ms < facts.event_time_end_ms)
    table = table.append_column("shard", pa.array(np.full(len(table), number, dtype=np.int8)))
    return table.append_column("scored", pa.array(scored))


def _codes(column: Any) -> tuple[Any, I64]:
    """Texts once each, and the number of each row's."""
    encoded = pa.chunked_array([pc.dictionary_encode(chunk) for chunk in column.chunks])
    encoded = encoded.unify_dictionaries()
    dictionary = encoded.chunk(0).dictionary if encoded.num_chunks else pa.array([], pa.string())
    codes = [np.asarray(chunk.indices) for chunk in encoded.chunks]
    return dictionary.cast(pa.string()), np.concatenate([*codes, np.empty(0, dtype=np.int64)])


def _positions(values: Any, among: Any) -> I64:
    """Row of each value among others; -1 where it is none of them."""
    among = among.combine_chunks() if isinstance(among, pa.ChunkedArray) else among
    found = pc.index_in(values, value_set=among, skip_nulls=True)
    return pc.fill_null(found, -1).to_numpy().astype(np.int64)  # type: ignore[no-any-return]


def _bools(column: Any) -> Bools:
    return pc.fill_null(column, False).to_numpy(zero_copy_only=False).astype(np.bool_)  # type: ignore[no-any-return]


def _fraud_labels(labels: Any, columns: dict[str, NDArray[Any]], number: int, rows: int) -> Any:
    at = np.flatnonzero(columns["fraud"])
    taken = labels.select(LABELS.names).take(pa.array(at))
    return pa.table(
        {
            **{name: taken.column(name) for name in taken.column_names},
            "swipe_id": names(at + rows),
            "card_token": names(columns["card"][at]),
            "incident_id": names(columns["incident"][at]),
            "bin": _prefixed(taken.column("bin"), number),
            "device_id": _prefixed(taken.column("device_id"), number),
        },
        schema=LABELS,
    )


def _entity_alerts(entities: Any, rows: I64, number: int) -> Any:
    return pa.table(
        {
            "rule": entities.column("rule").cast(pa.string()),
            "entity_type": entities.column("entity_type").cast(pa.string()),
            "entity_id": _prefixed(entities.column("entity_id").cast(pa.string()), number),
            "row": pa.array(rows, pa.int64()),
            "event_time_ms": entities.column("event_time_ms").cast(pa.int64()),
            "action": entities.column("action").cast(pa.int8()),
        }
    )


def names(numbers: NDArray[Any]) -> Any:
    """Numbers as the names by which an attribution knows swipes, cards and incidents."""
    return pa.array(numbers).cast(pa.string())


def _prefixed(column: Any, number: int) -> Any:
    """Entities other than cards, told from those of other shards."""
    return pc.binary_join_element_wise(str(number), column, "/")


def _rule_errors(metadata: dict[bytes, bytes]) -> int | None:
    found = metadata.get(b"rule_errors")
    return None if found is None else int(found)
