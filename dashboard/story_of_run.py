"""What is the story of one attack, or of one false alert, of a run?

The swipes are those that were sent, the alerts those that the job wrote. What rules make of a
swipe on which nothing was flagged stands on no topic: this checkout's engine judges the card's
swipes anew, and the story says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dashboard.choices import unknown_id
from dashboard.judged_anew import judge_anew, sightings_of
from dashboard.story import Sighting, Story, StoryGone, StorySwipe, from_profile, kind_of, told
from evaluation.history import expected_records, topic_records
from evaluation.run_folder import RunFacts, read_facts
from job.contracts import Swipe
from job.rules.parameters import load_rules

_ANEW: Final = (
    "The curves of the rules' values are judged anew by the rules of this checkout; the alerts are "
    "those that the run wrote."
)


def story_of_attack(run: Path, incident_id: str) -> Story:
    """The story of an attack, or of a look-alike, of a run.

    Raises
    ------
    StoryGone
        If the run's replay or its record is not there any more.
    UnknownId
        If the run has no such incident.
    """
    facts = read_facts(run)
    incidents = _of_replay(facts, "incidents").to_pylist()
    incident = next((each for each in incidents if each["incident_id"] == incident_id), None)
    if incident is None:
        raise unknown_id("incident", incident_id, [each["incident_id"] for each in incidents])
    labels = _of_replay(facts, "labels")
    marked = labels.filter(pc.equal(labels.column("incident_id"), incident_id))
    times = marked.column("event_time_ms").to_pylist()
    entities = {(incident["entity_type"], incident["entity_id"])}
    entities |= {("device", each) for each in marked.column("device_id").to_pylist() if each}
    if incident["entity_type"] == "bin":
        places = zip(
            marked.column("bin").to_pylist(), marked.column("merchant_id").to_pylist(), strict=True
        )
        entities |= {("bin", f"{bin_}|{merchant}") for bin_, merchant in places}
    story = Story(incident_id, incident["scenario"], incident["role"], incident["difficulty"], ())
    cards = marked.column("card_token").unique().to_pylist()
    return _tell(story, facts, labels, cards, entities, times)


def story_of_case(run: Path, card_token: str, at_ms: int) -> Story:
    """The story of a card from one of its alerts on.

    Raises
    ------
    StoryGone
        If the run's replay or its record is not there any more.
    UnknownId
        If the run has no such card.
    """
    facts = read_facts(run)
    labels = _of_replay(facts, "labels")
    of_card = labels.filter(pc.equal(labels.column("card_token"), card_token))
    if not len(of_card):
        alerts = pq.read_table(run / "results" / "detection_alerts.parquet")
        raise unknown_id("card", card_token, alerts.column("entity_id").unique().to_pylist())
    story = Story(f"card {card_token[:8]}", "ordinary", "ordinary", None, ())
    return _tell(story, facts, labels, [card_token], set(), [at_ms])


def _of_replay(facts: RunFacts, name: str) -> Any:
    file = facts.replay_folder / f"{name}.parquet"
    if not file.exists():
        settings = facts.run.settings.get("replay", {})
        asked = (
            " ".join(
                f"{each}={settings[each]}"
                for each in ("scenario", "difficulty", "rate_per_min", "duration_s", "seed")
                if each in settings
            )
            .replace("rate_per_min", "rate")
            .replace("duration_s", "duration")
        )
        raise StoryGone(
            f"The replay of this run, with the labels, is not there any more. `make local {asked}` "
            "makes it again, as long as the generator is the same."
        )
    return pq.read_table(file)


def _tell(
    story: Story,
    facts: RunFacts,
    labels: Any,
    cards: Sequence[str],
    entities: set[tuple[str, str]],
    focus_ms: Sequence[int],
) -> Story:
    of_cards = labels.filter(pc.is_in(labels.column("card_token"), value_set=pa.array(cards)))
    roles = dict(
        zip(
            of_cards.column("swipe_id").to_pylist(),
            of_cards.column("role").to_pylist(),
            strict=True,
        )
    )
    swipes = [
        StorySwipe(swipe, kind_of(roles.get(swipe.swipe_id, "ordinary")))
        for swipe in _sent(facts.folder, cards)
    ]
    profiles_file = facts.replay_folder / "profiles.parquet"
    profiles = pq.read_table(profiles_file, filters=[("card_token", "in", cards)])
    pairs = list(
        zip(
            profiles.column("card_token").to_pylist(),
            profiles.column("value").to_pylist(),
            strict=True,
        )
    )
    anew = judge_anew(swipes, pairs, load_rules())
    mine = {("card", card) for card in cards} | entities
    sightings = [s for s in _alerts(facts) if (s.entity_type, s.entity_id) in mine]
    return replace(
        story,
        swipes=told([*from_profile(pairs), *anew.swipes], focus_ms),
        sightings=tuple(sorted(sightings, key=lambda one: one.event_time_ms)),
        limits=anew.limits,
        remarks=(_ANEW,),
    )


def _sent(run: Path, cards: Sequence[str]) -> list[Swipe]:
    """The swipes of these cards in the order of their partition, each once."""
    file = run / "history" / "sent.parquet"
    if not file.exists():
        raise StoryGone(f"{file.name} of this run is missing: what was sent is not known.")
    keys = [card.encode() for card in cards]
    table = pq.read_table(file, filters=[("key", "in", keys)])
    table = table.sort_by([("partition", "ascending"), ("offset", "ascending")])
    found: dict[str, Swipe] = {}
    for value in table.column("value").to_pylist():
        try:
            swipe = msgspec.json.decode(value or b"", type=Swipe)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue  # damaged on purpose: a dead letter
        found.setdefault(swipe.swipe_id, swipe)
    return list(found.values())


def _alerts(facts: RunFacts) -> list[Sighting]:
    """What was seen in the alerts that the job committed, or that the engine wrote locally."""
    recorded = facts.folder / "history"
    observed, expected = recorded / "observed.parquet", recorded / "expected.parquet"
    only = [("topic", "=", "alerts")]
    if observed.exists():
        written = topic_records(pq.read_table(observed, filters=only), ["alerts"])["alerts"]
        alerts = [a for a, c in zip(written.records, written.committed, strict=True) if c and a]
    elif expected.exists():
        records = expected_records(pq.read_table(expected, filters=only)).records("alerts")
        alerts = [alert for alert in records if alert is not None]
    else:
        raise StoryGone("The history of this run is not there any more: its alerts are not known.")
    # A repeated alert has the same cause, and is one.
    seen = {(s.entity_id, s.swipe_id, s.rule): s for a in alerts for s in sightings_of(a)}
    return list(seen.values())
