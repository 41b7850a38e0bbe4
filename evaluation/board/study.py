"""What do all tables of a board rest on, worked out once?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.board.concern import concerned
from evaluation.board.issuer import known_fraud
from evaluation.board.prevalence import Weights, weights_at
from evaluation.board.sample import Sample
from evaluation.board.systems import SEED, System, attributed, job_system
from generator.mixing import I64
from scenarios.mixes import MIXED, PREVALENCES


@dataclass(frozen=True)
class Judged:
    """A system and what its alerts found.

    ``alerts`` and ``attacks`` as :class:`evaluation.attribution.Attribution`; attacks are those
    that began within the scored span, in order of ``incident`` (their number), with ``delay_min``
    and ``saved_minor`` (approved amounts from the first alert on) beside.
    """

    system: System
    alerts: Any
    attacks: Any


@dataclass(frozen=True)
class Study:
    """A sample, which incident its swipes come with, and what the job found in it."""

    sample: Sample
    owner: I64
    job: Judged
    weights: dict[str, Weights | None]


def study(sample: Sample) -> Study:
    """Work out what all tables need."""
    owner = concerned(sample)
    weights = {name: weights_at(sample, owner, at, MIXED) for name, at in PREVALENCES.items()}
    return Study(sample, owner, judge(sample, job_system(sample)), weights)


def judge(sample: Sample, system: System) -> Judged:
    """Credit a system's alerts to the attacks of a sample."""
    found = attributed(sample, system)
    number = found.attacks.column("incident_id").cast(pa.int64())
    attacks = found.attacks.append_column("incident", number)
    attacks = attacks.filter(pa.array(_scored(sample)[number.to_numpy()]))
    attacks = attacks.sort_by("incident")
    lost = pc.fill_null(attacks.column("lost_minor"), 0)
    stake = pc.fill_null(attacks.column("at_stake_minor"), 0)
    waited_ms = pc.subtract(attacks.column("first_alert_ms"), attacks.column("first_event_time_ms"))
    attacks = attacks.append_column("saved_minor", pc.subtract(stake, lost))
    attacks = attacks.append_column("delay_min", pc.divide(waited_ms.cast(pa.float64()), 60_000.0))
    row = found.alerts.column("swipe_id").cast(pa.int64())
    return Judged(system, found.alerts.append_column("row", row), attacks)


def as_issuer_knows(sample: Sample) -> Sample:
    """The same sample with only such fraud marked as the issuer would know of at its end.

    Attacks of which nothing is known are no attacks in it.
    """
    known = known_fraud(sample, SEED)
    has_known = np.zeros(len(sample.incidents), dtype=np.bool_)
    has_known[sample.incident[known]] = True
    role = np.array(sample.incidents.column("role").to_pylist(), dtype=object)
    role[(role == "attack") & ~has_known] = "unknown"
    incidents = sample.incidents.set_column(
        sample.incidents.schema.get_field_index("role"), "role", pa.array(role, pa.string())
    )
    labels = sample.fraud_labels.filter(pa.array(known[sample.fraud]))
    return replace(sample, fraud=known, fraud_labels=labels, incidents=incidents)


def _scored(sample: Sample) -> Any:
    return sample.incidents.column("scored").to_numpy(zero_copy_only=False)
