"""What of each scenario was found, at which difficulty, by which rule?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from evaluation.board.concern import random_catch
from evaluation.board.rows import ALL, Flag, FlagKind, MatrixRow, ScenarioRow
from evaluation.board.sample import NONE, Bools, Sample
from evaluation.board.study import Study
from evaluation.intervals import wilson
from generator.mixing import F64, I64
from scenarios.discovery import look_alikes

#: Fewer incidents of a scenario and difficulty decide nothing: with 100, a share of 0.9 is known
#: to within 0.06 (Wilson). As in ``evaluation/thresholds.toml``.
INCIDENTS_MIN: Final = 100
#: A hard attack caught more often than this is not hard. A choice.
TOO_EASY: Final = 0.9
_ROLES: Final = (("attack", "all attacks"), ("look_alike", "all look-alikes"))


@dataclass(frozen=True)
class _PerIncident:
    """Figures by the number of the incident."""

    alerted: Bools
    fired: NDArray[np.int64]
    random: F64
    marked: I64
    marked_flagged: I64
    flagged: I64
    delay_swipes: F64
    delay_min: F64
    lost_minor: I64
    saved_minor: I64


@dataclass(frozen=True)
class _Group:
    scenario: str
    role: str
    difficulty: str
    at: I64


def scenario_rows(study: Study) -> list[ScenarioRow]:
    """A row for each scenario and difficulty, then all difficulties and all scenarios."""
    per = _per_incident(study)
    groups = list(_groups(study.sample))
    flagged = {
        (group.scenario, group.difficulty): int(per.flagged[group.at].sum()) for group in groups
    }
    return [_row(group, per, flagged) for group in groups]


def matrix_rows(study: Study) -> list[MatrixRow]:
    """In which share of a scenario's incidents did each rule fire?"""
    fired = _fired(study)
    rows = []
    for group in _groups(study.sample):
        for bit, rule in enumerate(study.sample.rules):
            count = int(np.count_nonzero(fired[group.at] >> bit & 1))
            whole = len(group.at)
            rows.append(
                MatrixRow(
                    scenario=group.scenario,
                    role=group.role,
                    difficulty=group.difficulty,
                    rule=rule.name,
                    incidents=whole,
                    fired=count,
                    share=count / whole if whole else None,
                )
            )
    return rows


def flags_of(rows: list[ScenarioRow]) -> list[Flag]:
    """The flags of all scenarios, in words."""
    texts: dict[FlagKind, str] = {
        "inconclusive": f"fewer than {INCIDENTS_MIN} incidents: its share decides nothing",
        "untested": "no rule ever fires on this look-alike: it tests none of them",
        "expected_miss": "caught no more often than by alerts at random: rules cannot see it",
        "too_easy": f"hard, and still caught in more than {TOO_EASY:.0%}: the dial is too easy",
    }
    return [
        Flag(kind, row.scenario, row.difficulty, texts[kind]) for row in rows for kind in row.flags
    ]


def _row(group: _Group, per: _PerIncident, flagged: dict[tuple[str, str], int]) -> ScenarioRow:
    at, whole = group.at, len(group.at)
    alerted = int(per.alerted[at].sum())
    low, high = wilson(alerted, whole)
    is_attack = group.role == "attack"
    caught = at[per.alerted[at]] if is_attack else at[:0]
    random_share = float(per.random[at].mean())
    hits = int(per.marked_flagged[at].sum())
    return ScenarioRow(
        scenario=group.scenario,
        role=group.role,
        difficulty=group.difficulty,
        incidents=whole,
        alerted=alerted,
        share=alerted / whole,
        low=low,
        high=high,
        random_share=random_share,
        marked_swipes=int(per.marked[at].sum()),
        flagged_swipes=hits,
        pair_precision=_pair_precision(group, hits, flagged) if is_attack else None,
        delay_swipes_p50=_median(per.delay_swipes[caught]),
        delay_min_p50=_median(per.delay_min[caught]),
        lost_minor=int(per.lost_minor[at].sum()),
        saved_minor=int(per.saved_minor[at].sum()),
        flags=list(_flags(group, per, alerted / whole, low, random_share)),
    )


def _flags(
    group: _Group, per: _PerIncident, share: float, low: float, random_share: float
) -> Iterator[FlagKind]:
    """Of one scenario; an attack counts as beyond chance if its interval is above it."""
    if group.scenario in dict(_ROLES).values():
        return
    if group.role == "attack":
        few = len(group.at) < INCIDENTS_MIN
        if few and group.difficulty != ALL:
            yield "inconclusive"
        # The interval of a few is so wide that it would call even three of three a miss.
        if not few and low <= random_share:
            yield "expected_miss"
        if group.difficulty == "hard" and share > TOO_EASY:
            yield "too_easy"
    elif group.difficulty == ALL and not (per.fired[group.at].any() or per.alerted[group.at].any()):
        yield "untested"


def _pair_precision(group: _Group, hits: int, flagged: dict[tuple[str, str], int]) -> float | None:
    pairs = [name for name, kind in look_alikes().items() if kind.resembles == group.scenario]
    if group.scenario == "all attacks":
        pairs = ["all look-alikes"]
    wrong = sum(flagged.get((name, group.difficulty), 0) for name in pairs)
    return hits / (hits + wrong) if hits + wrong else None


def _groups(sample: Sample) -> Iterator[_Group]:
    scenario, role, difficulty = (
        np.array([each or ALL for each in sample.incidents.column(name).to_pylist()], dtype=object)
        for name in ("scenario", "role", "difficulty")
    )
    scored = sample.incidents.column("scored").to_numpy(zero_copy_only=False)
    order = {"easy": 0, "medium": 1, "hard": 2}
    for wanted, together in _ROLES:
        of_role = scored & (role == wanted)
        levels = sorted(set(difficulty[of_role]), key=lambda level: order.get(level, 3))
        for name in (*sorted(set(scenario[of_role])), together):
            of_name = of_role if name == together else of_role & (scenario == name)
            for level in dict.fromkeys((*levels, ALL)):
                at = np.flatnonzero(of_name if level == ALL else of_name & (difficulty == level))
                if len(at):
                    yield _Group(name, wanted, level, at)


def _per_incident(study: Study) -> _PerIncident:
    sample, attacks = study.sample, study.job.attacks
    count = len(sample.incidents)
    flagged = np.zeros(len(sample), dtype=np.bool_)
    flagged[study.job.system.rows] = True
    marked = (sample.incident != NONE) & sample.scored
    owned = (study.owner != NONE) & sample.scored
    number = attacks.column("incident").to_numpy()
    alerted = np.zeros(count, dtype=np.bool_)
    touched = study.owner[study.job.alerts.column("row").to_numpy()]
    alerted[touched[touched != NONE]] = True
    alerted[number] = attacks.column("caught").to_numpy(zero_copy_only=False)
    rate = float(np.count_nonzero(flagged)) / max(1, int(np.count_nonzero(sample.scored)))

    def of_attack(name: str, kind: type[Any]) -> NDArray[Any]:
        values = np.zeros(count, dtype=kind)
        values[number] = pc.fill_null(attacks.column(name), 0).to_numpy()
        return values

    def counted(rows: Bools, of: NDArray[Any]) -> I64:
        return np.bincount(of[rows], minlength=count)

    return _PerIncident(
        alerted=alerted,
        fired=_fired(study),
        random=random_catch(sample, study.owner, rate),
        marked=counted(marked, sample.incident),
        marked_flagged=counted(marked & flagged, sample.incident),
        flagged=counted(owned & flagged, study.owner),
        delay_swipes=of_attack("delay_swipes", np.float64),
        delay_min=of_attack("delay_min", np.float64),
        lost_minor=of_attack("lost_minor", np.int64),
        saved_minor=of_attack("saved_minor", np.int64),
    )


def _fired(study: Study) -> NDArray[np.int64]:
    """Bits of the rules that fired in each incident.

    On fraudulent swipes of an attack; on any swipe that comes with a look-alike.
    """
    sample = study.sample
    fired = np.zeros(len(sample.incidents), dtype=np.int64)
    of_attack = np.array(sample.incidents.column("role").to_pylist(), dtype=object) == "attack"
    rows = np.flatnonzero((study.owner != NONE) & sample.scored & (sample.fired != 0))
    rows = rows[sample.fraud[rows] | ~of_attack[study.owner[rows]]]
    np.bitwise_or.at(fired, study.owner[rows], sample.fired[rows].astype(np.int64))
    return fired


def _median(values: NDArray[Any]) -> float | None:
    return float(np.median(values)) if len(values) else None
