"""Who is on the board: the job, each of its rules alone, and what they are held against?

Null never alerts, Random alerts as often as the job does without looking, Perfect knows the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from evaluation.attribution import ALERTS, Attribution, attribute_table
from evaluation.board.sample import BLOCK, REVIEW, Sample, names
from generator.mixing import I64

JOB, NULL, RANDOM, PERFECT = "job", "null", "random", "perfect"
#: Of whatever the board draws at random.
SEED: Final = 20_240_601


@dataclass(frozen=True, kw_only=True)
class System:
    """Somebody who flags swipes.

    Attributes
    ----------
    rows
        Swipes flagged, ascending, of those that are scored.
    alerting
        Those of them that raise a card alert: all, but for a rule across cards, whose alerts are
        in ``entity_alerts``.
    blocking
        Those of ``rows`` on which the action is block.
    fired
        Bits of the rules behind each of ``alerting``.
    score
        Of every swipe; None where it has none.
    """

    name: str
    rows: I64
    alerting: I64
    blocking: I64
    fired: NDArray[Any]
    entity_alerts: Any
    score: NDArray[Any] | None


def job_system(sample: Sample) -> System:
    """The job as it acted."""
    rows = np.flatnonzero((sample.action >= REVIEW) & sample.scored)
    return System(
        name=JOB,
        rows=rows,
        alerting=rows,
        blocking=rows[sample.action[rows] == BLOCK],
        fired=sample.fired[rows] & sample.acting,
        entity_alerts=_scored(sample, sample.entity_alerts),
        score=sample.score,
    )


def baselines(sample: Sample, job: System) -> Iterator[System]:
    """Null, Random and Perfect; Random alerts on as many swipes, and blocks as many."""
    nothing = np.empty(0, dtype=np.int64)
    rng = np.random.default_rng(SEED)
    scored = np.flatnonzero(sample.scored)
    drawn = rng.choice(scored, size=len(job.rows), replace=False)
    fraud = np.flatnonzero(sample.fraud & sample.scored)
    yield _simple(sample, NULL, nothing, nothing, np.zeros(len(sample), dtype=np.float32))
    score = rng.random(len(sample), dtype=np.float32)
    yield _simple(sample, RANDOM, np.sort(drawn), np.sort(drawn[: len(job.blocking)]), score)
    yield _simple(sample, PERFECT, fraud, fraud, sample.fraud.astype(np.float32))


def rule_systems(sample: Sample) -> Iterator[System]:
    """Each rule alone, at its own threshold; a shadow rule as if it acted."""
    nothing = np.empty(0, dtype=np.int64)
    for bit, rule in enumerate(sample.rules):
        rows = np.flatnonzero((sample.fired >> bit & 1).astype(np.bool_) & sample.scored)
        across = rule.name in sample.across_cards
        alerting = nothing if across else rows
        mine = pc.equal(sample.entity_alerts.column("rule"), rule.name)
        yield System(
            name=rule.name,
            rows=rows,
            alerting=alerting,
            blocking=nothing,
            fired=np.full(len(alerting), 1 << bit, dtype=np.int32),
            entity_alerts=_scored(sample, sample.entity_alerts.filter(mine)),
            score=sample.values[bit],
        )


def attributed(sample: Sample, system: System) -> Attribution:
    """Which of its alerts found which attack: ``swipe_id`` is the swipe's row, as text."""
    return attribute_table(_alerts(sample, system), sample.fraud_labels, _incidents(sample))


def _simple(sample: Sample, name: str, rows: I64, blocking: I64, score: NDArray[Any]) -> System:
    return System(
        name=name,
        rows=rows,
        alerting=rows,
        blocking=blocking,
        fired=np.zeros(len(rows), dtype=np.int32),
        entity_alerts=sample.entity_alerts.slice(0, 0),
        score=score,
    )


def _scored(sample: Sample, entity_alerts: Any) -> Any:
    rows = entity_alerts.column("row").to_numpy()
    return entity_alerts.filter(pa.array((rows >= 0) & sample.scored[rows]))


def _alerts(sample: Sample, system: System) -> Any:
    rows, across = system.alerting, system.entity_alerts
    every = np.concatenate([rows, across.column("row").to_numpy()])
    kinds = pa.repeat(pa.scalar("card"), len(rows))
    entities = names(sample.card[rows])
    return pa.table(
        {
            "alert": pa.array(np.arange(len(every)), pa.int64()),
            "entity_type": _joined(kinds, across.column("entity_type")),
            "entity_id": _joined(entities, across.column("entity_id")),
            "swipe_id": names(every),
            "event_time_ms": pa.array(
                np.concatenate(
                    [sample.time_ms[rows], across.column("event_time_ms").to_numpy()]
                ).astype(np.int64)
            ),
            "rules": _joined(
                rule_lists(sample, system.fired),
                pa.array([[rule] for rule in across.column("rule").to_pylist()], _LIST),
            ),
        },
        schema=ALERTS,
    )


_LIST: Final = pa.list_(pa.string())


def rule_lists(sample: Sample, fired: NDArray[Any]) -> Any:
    """Names of the rules whose bits are set."""
    once, at = np.unique(fired, return_inverse=True)
    lists = [
        [rule.name for bit, rule in enumerate(sample.rules) if int(bits) >> bit & 1]
        for bits in once
    ]
    return pa.array(lists, _LIST).take(pa.array(at))


def _joined(first: Any, second: Any) -> Any:
    chunks = second.chunks if isinstance(second, pa.ChunkedArray) else [second]
    return pa.chunked_array([first, *chunks], first.type)


def _incidents(sample: Sample) -> Any:
    table = sample.incidents
    shard = table.column("shard").cast(pa.string())
    entity = pc.binary_join_element_wise(shard, table.column("entity_id"), "/")
    table = table.set_column(0, "incident_id", names(np.arange(len(table))))
    return table.set_column(table.schema.get_field_index("entity_id"), "entity_id", entity)
