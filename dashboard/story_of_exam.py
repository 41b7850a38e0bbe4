"""What is the story of one attack, or of one false case, of an exam?

A shard's swipes, labels and scores stand row by row. The values are those recorded in the exam.
What else a rule saw is known only while this checkout's rules are those that sat the exam: then
the same engine says it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dashboard.choices import unknown_id
from dashboard.exams import Exam
from dashboard.judged_anew import across_cards, judge_anew
from dashboard.story import (
    Limit,
    Sighting,
    Story,
    StoryGone,
    StorySwipe,
    from_profile,
    kind_of,
    reason_code,
    told,
)
from evaluation.board.sample import RuleFacts
from job.bulk import ACTIONS, entities_file, rules_hash
from job.contracts import Swipe
from job.rules.parameters import DEFAULT_FILE, load_rules

_HASH_DIGITS: Final = 16
_OTHER_RULES: Final = (
    "The rules have changed since this exam, so only the values they had are known, not what else "
    "they saw. `make evaluate` lets these rules sit it."
)


@dataclass(frozen=True)
class _Rows:
    """What a shard holds of some cards: swipes judged in the exam, by arrival."""

    swipes: tuple[StorySwipe, ...]
    rules: tuple[RuleFacts, ...]
    across: tuple[Sighting, ...]
    profiles: tuple[tuple[str, bytes], ...]

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The rules' thresholds."""
        return tuple(Limit(rule.name, rule.threshold, rule.unit) for rule in self.rules)


def story_of_attack(exam: Exam, shard: str, incident_id: str) -> Story:
    """The story of an attack, or of a look-alike.

    Raises
    ------
    StoryGone
        If the shard's swipes are not there any more.
    UnknownId
        If the shard has no such incident.
    """
    folder = _folder(exam, shard)
    incidents = pq.read_table(folder / "incidents.parquet").to_pylist()
    facts = next((each for each in incidents if each["incident_id"] == incident_id), None)
    if facts is None:
        raise unknown_id("incident", incident_id, [each["incident_id"] for each in incidents])
    labels = pq.read_table(folder / "labels.parquet", columns=["card_token", "incident_id"])
    marked = labels.filter(pc.equal(labels.column("incident_id"), incident_id))
    rows = _read(folder, exam, marked.column("card_token").unique())
    times = [each.swipe.event_time_ms for each in rows.swipes if each.is_marked]
    entities = {(facts["entity_type"], facts["entity_id"])}
    devices = (each.swipe.device_id for each in rows.swipes if each.is_marked)
    entities |= {("device", each) for each in devices if each}
    if facts["entity_type"] == "bin":
        places = ((s.swipe.bin, s.swipe.merchant_id) for s in rows.swipes if s.is_marked)
        entities |= {("bin", f"{bin_}|{merchant}") for bin_, merchant in places}
    return _tell(
        Story(incident_id, facts["scenario"], facts["role"], facts["difficulty"], ()),
        exam,
        rows,
        times,
        entities,
    )


def story_of_case(exam: Exam, shard: str, card_token: str, at_ms: int) -> Story:
    """The story of a card from the first alert of a case on.

    Raises
    ------
    StoryGone
        If the shard's swipes are not there any more.
    UnknownId
        If the shard has no such card.
    """
    folder = _folder(exam, shard)
    rows = _read(folder, exam, pa.array([card_token]))
    if not rows.swipes:
        known = exam.table("false_cases")
        here = known[known["shard"] == shard]["card_token"]
        raise unknown_id("card", card_token, here.tolist())
    name = f"card {card_token[:8]}"
    return _tell(Story(name, "ordinary", "ordinary", None, ()), exam, rows, [at_ms], set())


def _folder(exam: Exam, shard: str) -> Path:
    known = exam.board.extent.shards
    if shard not in known:
        raise unknown_id("shard", shard, known)
    folder = exam.shard_folder(shard)
    if folder is None:
        raise StoryGone(
            f"The swipes of {shard} have been removed, or were never brought here. `make evaluate` "
            "with the settings of this exam makes them again, as long as the generator is the same."
        )
    return folder


def _read(folder: Path, exam: Exam, cards: Any) -> _Rows:
    labels = pq.read_table(folder / "labels.parquet", columns=["card_token", "role"])
    at = pa.array(np.flatnonzero(pc.is_in(labels.column("card_token"), value_set=cards)))
    short = (exam.facts.rules_sha256 or "")[:_HASH_DIGITS]
    scores_file = folder / f"scores-{short}.parquet"
    if not scores_file.exists():
        raise StoryGone(
            f"The answers of this exam's rules to {folder.name} are not there any more: "
            "`make evaluate` gives them again."
        )
    scores = pq.read_table(scores_file)
    rules = tuple(
        msgspec.json.decode((scores.schema.metadata or {})[b"rules"], type=list[RuleFacts])
    )
    swipes = pq.read_table(folder / "swipes.parquet").take(at).to_pylist()
    roles = labels.column("role").take(at).to_pylist()
    profiles = pq.read_table(
        folder / "profiles.parquet", filters=[("card_token", "in", cards.to_pylist())]
    )
    limits = [Limit(rule.name, rule.threshold, rule.unit) for rule in rules]
    across = pq.read_table(entities_file(scores_file)).to_pylist()
    return _Rows(
        swipes=tuple(
            _judged(Swipe(**swipe), role, row, rules)
            for swipe, role, row in zip(swipes, roles, scores.take(at).to_pylist(), strict=True)
        ),
        rules=rules,
        across=tuple(across_cards(row, limits) for row in across),
        profiles=tuple(
            zip(
                profiles.column("card_token").to_pylist(),
                profiles.column("value").to_pylist(),
                strict=True,
            )
        ),
    )


def _judged(swipe: Swipe, role: str, row: dict[str, Any], rules: Sequence[RuleFacts]) -> StorySwipe:
    return StorySwipe(
        swipe=swipe,
        kind=kind_of(role),
        values={rule.name: row[f"value_{rule.name}"] for rule in rules},
        fired=tuple(rule.name for bit, rule in enumerate(rules) if row["fired"] >> bit & 1),
        action=ACTIONS[row["action"]],
    )


def _tell(
    story: Story,
    exam: Exam,
    rows: _Rows,
    focus_ms: Sequence[int],
    entities: set[tuple[str, str]],
) -> Story:
    swipes = told([*from_profile(rows.profiles), *rows.swipes], focus_ms)
    shown = {each.swipe.swipe_id for each in swipes}
    across = [
        s for s in rows.across if s.swipe_id in shown or (s.entity_type, s.entity_id) in entities
    ]
    same = _sat_by_these_rules(exam)
    saw = _reasons(rows, _rules_file(exam)) if same else {}
    sightings = [
        replace(s, saw=saw.get((s.swipe_id, s.rule), {})) for s in _card_alerts(swipes, rows)
    ]
    return replace(
        story,
        swipes=swipes,
        sightings=tuple(sorted([*sightings, *across], key=lambda one: one.event_time_ms)),
        limits=rows.limits,
        remarks=() if same else (_OTHER_RULES,),
    )


def _card_alerts(swipes: Sequence[StorySwipe], rows: _Rows) -> Iterator[Sighting]:
    acting = {rule.name: rule for rule in rows.rules if not rule.shadow}
    across = {each.rule for each in rows.across}
    for each in swipes:
        if each.action not in ("review", "block"):
            continue
        for name in each.fired:
            if name not in acting or name in across:
                continue
            yield Sighting(
                event_time_ms=each.swipe.event_time_ms,
                swipe_id=each.swipe.swipe_id,
                entity_type="card",
                entity_id=each.swipe.card_token,
                action=each.action,
                rule=name,
                reason_code=reason_code(name),
                value=each.values[name],
                threshold=acting[name].threshold,
                unit=acting[name].unit,
            )


def _sat_by_these_rules(exam: Exam) -> bool:
    return exam.facts.rules_sha256 == rules_hash(_rules_file(exam))


def _rules_file(exam: Exam) -> Path:
    named = exam.facts.rules_file
    return Path(named) if named is not None and Path(named).exists() else DEFAULT_FILE


def _reasons(rows: _Rows, rules_file: Path) -> dict[tuple[str, str], Any]:
    """What each rule saw besides its value, by swipe and rule."""
    anew = judge_anew(rows.swipes, rows.profiles, load_rules(rules_file))
    return {(s.swipe_id, s.rule): s.saw for s in anew.sightings}
