"""Do the rules say what their pages say, and would the tests notice if they did not?

Each rule is compared, swipe by swipe, with a brute-force reference: SQL over the whole arrival
history, written from the rule's page (references/<rule>.sql). Each mutant of mutants.toml changes
one thing in a rule's source, and the same comparison must tell it from the reference.
"""

from __future__ import annotations

import binascii
import inspect
import math
import sys
import tomllib
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import duckdb
import msgspec
import pyarrow as pa
import pytest

from job.contracts import CardProfile, Topics
from job.engine.card_state import CardState
from job.engine.detector import Detector
from job.engine.fate import settle
from job.engine.settings import EngineSettings
from job.engine.window_engine import EntityState, WindowEngine
from job.rules.base import CardRule, CrossCardRule, ReportRule, Rule
from job.rules.discovery import (
    card_rule_classes,
    cross_card_rule_classes,
    report_rule_classes,
    rule_classes,
)
from tests.job.a_profile import a_profile

HERE = Path(__file__).parent
REFERENCES = HERE / "references"
MUTANTS = tomllib.loads((HERE / "mutants.toml").read_text())["mutant"]
RELATIVE_TOLERANCE = 1e-9
#: No watermark: nothing is ever dropped.
NO_WATERMARK_MS = -1


class Seen(NamedTuple):
    """What was said of one judged swipe."""

    value: float
    fires: bool


def rule_by_name(name: str) -> Rule:
    """The rule with its defaults, whatever the production job runs with."""
    return rule_classes()[name]()


# The engine's side


def run_card_rule(rule: CardRule, stream: Any) -> dict[int, Seen]:
    """Value and verdict by arrival number, of the judged swipes, through the real detector."""
    detector = Detector([rule], EngineSettings())
    cards: dict[str, CardState] = {}
    for token, profile in stream.profiles.items():
        cards.setdefault(token, CardState()).apply_profile(profile, detector.retention_ms)
    seen = {}
    for arrival, swipe in enumerate(stream.arrivals):
        card = cards.setdefault(swipe.card_token, CardState())
        if settle(swipe, arrival, card, detector.settings.lateness_ms) != "judged":
            continue
        value = detector.judge(swipe, card).values[0]
        decision, _ = detector.decide(swipe, card, arrival, 0, arrival)
        seen[arrival] = Seen(value, rule.name in decision.rules)
    return seen


def run_window_rule(rule: CrossCardRule, stream: Any) -> set[tuple[str, int]]:
    """Entity and window start of each alert."""
    settings = EngineSettings()
    detector = Detector([], settings)
    engine = WindowEngine([rule], settings, Topics.with_prefix())
    cards: dict[str, CardState] = {}
    entities: dict[str, EntityState] = {}
    alerts = set()
    for arrival, swipe in enumerate(stream.arrivals):
        card = cards.setdefault(swipe.card_token, CardState())
        if settle(swipe, arrival, card, settings.lateness_ms) != "judged":
            continue
        detector.decide(swipe, card, arrival, 0, arrival)
        observation = rule.observe(swipe)
        if observation is None:
            continue
        entity = entities.setdefault(observation.entity_id, EntityState())
        for output in engine.process(observation, NO_WATERMARK_MS, entity):
            alert = msgspec.json.decode(output.value)
            alerts.add((alert["entity_id"], alert["window_start_ms"]))
    return alerts


def run_report_rule(rule: ReportRule, stream: Any) -> set[tuple[str, int]]:
    """Entity and window start of each alert: the reports come last, and in no order."""
    settings = EngineSettings()
    engine = WindowEngine([rule], settings, Topics.with_prefix())
    detector = Detector([], settings)
    cards: dict[str, CardState] = {}
    entities: dict[str, EntityState] = {}
    observations = []
    for arrival, swipe in enumerate(stream.arrivals):
        card = cards.setdefault(swipe.card_token, CardState())
        if settle(swipe, arrival, card, settings.lateness_ms) != "judged":
            continue
        detector.decide(swipe, card, arrival, 0, arrival)
        observation = rule.seen(swipe, card)
        card.note_visit(swipe)
        observations += [] if observation is None else [observation]
    for report in stream.reports:
        observations += rule.suspects(report, cards[report.card_token])
    alerts = set()
    for observation in observations:
        entity = entities.setdefault(observation.entity_id, EntityState())
        for output in engine.process(observation, NO_WATERMARK_MS, entity):
            alert = msgspec.json.decode(output.value)
            alerts.add((alert["entity_id"], alert["window_start_ms"]))
    return alerts


# The reference's side


def database(stream: Any, rule: Rule) -> duckdb.DuckDBPyConnection:
    """The stream, the profiles and the rule's parameters as tables."""
    connection = duckdb.connect()
    arrivals = [{"arrival": n} | msgspec.to_builtins(s) for n, s in enumerate(stream.arrivals)]
    recent = [
        {"arrival": place - len(profile.recent)} | msgspec.to_builtins(swipe)
        for profile in stream.profiles.values()
        for place, swipe in enumerate(profile.recent)
    ]
    tables = {
        "arrivals": pa.Table.from_pylist(arrivals),
        "profiles": pa.Table.from_pylist(
            [msgspec.to_builtins(profile) for profile in stream.profiles.values()]
            or [msgspec.to_builtins(a_profile_of_nobody())]
        ),
        "p": pa.Table.from_pylist([msgspec.to_builtins(rule.parameters)]),
    }
    if stream.reports:
        reports = [msgspec.to_builtins(report) for report in stream.reports]
        tokens = sorted({swipe.card_token for swipe in stream.arrivals})
        tables["reports"] = pa.Table.from_pylist(reports)
        tables["tokens"] = pa.Table.from_pylist(
            [{"card_token": token, "crc": binascii.crc32(token.encode())} for token in tokens]
        )
    tables["recent"] = (
        pa.Table.from_pylist(recent, schema=tables["arrivals"].schema)
        if recent
        else tables["arrivals"].slice(0, 0)
    )
    for name, table in tables.items():
        connection.register(name, table)
    connection.execute((REFERENCES / "prelude.sql").read_text())
    return connection


def a_profile_of_nobody() -> CardProfile:
    """A profile of no card in the stream: gives the table its columns."""
    return a_profile(card_token="nobody", device_ids=["none"], usual_countries=["FR"])


class Identified:
    """A stream as a key for the cache."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __hash__(self) -> int:
        return id(self.stream)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identified) and other.stream is self.stream


@cache
def reference(name: str, identified: Identified) -> Any:
    connection = database(identified.stream, rule_by_name(name))
    rows = connection.execute((REFERENCES / f"{name}.sql").read_text()).fetchall()
    if name not in card_rule_classes():
        return {(entity_id, int(start_ms)) for entity_id, start_ms in rows}
    return {arrival: Seen(float(value), bool(fires)) for arrival, value, fires in rows}


def differences(rule: Rule, stream: Any) -> list[str]:
    """Where rule and reference disagree; empty if nowhere."""
    expected = reference(rule.name, Identified(stream))
    if isinstance(rule, CrossCardRule):
        return sorted(map(str, run_window_rule(rule, stream) ^ expected))
    if isinstance(rule, ReportRule):
        return sorted(map(str, run_report_rule(rule, stream) ^ expected))
    assert isinstance(rule, CardRule)
    actual = run_card_rule(rule, stream)
    if actual.keys() != expected.keys():
        return [f"judged differently: {sorted(actual.keys() ^ expected.keys())[:5]}"]
    return [
        f"arrival {arrival}: the rule says {actual[arrival]}, the reference {seen}"
        for arrival, seen in expected.items()
        if actual[arrival].fires != seen.fires
        or not math.isclose(
            actual[arrival].value, seen.value, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-9
        )
    ]


# The comparison


@pytest.mark.parametrize("name", card_rule_classes())
def test_rule_equals_its_reference_on_every_judged_swipe(
    name: str, card_streams: list[Any]
) -> None:
    assert [differences(rule_by_name(name), stream) for stream in card_streams] == [[], []]


@pytest.mark.parametrize("name", card_rule_classes())
def test_the_streams_make_the_rule_fire_and_not_fire(name: str, card_streams: list[Any]) -> None:
    seen = [s for stream in card_streams for s in reference(name, Identified(stream)).values()]
    assert 20 <= sum(s.fires for s in seen) <= len(seen) - 20


@pytest.mark.parametrize("name", cross_card_rule_classes())
def test_window_rule_equals_its_reference(name: str, crowd_streams: list[Any]) -> None:
    assert all(len(reference(name, Identified(stream))) >= 10 for stream in crowd_streams)
    assert [differences(rule_by_name(name), stream) for stream in crowd_streams] == [[], []]


@pytest.mark.parametrize("name", report_rule_classes())
def test_report_rule_equals_its_reference(name: str, report_streams: list[Any]) -> None:
    assert all(len(reference(name, Identified(stream))) >= 10 for stream in report_streams)
    assert [differences(rule_by_name(name), stream) for stream in report_streams] == [[], []]


def test_the_streams_hold_swipes_that_are_not_judged(card_streams: list[Any]) -> None:
    for stream in card_streams:
        judged = reference("velocity", Identified(stream))
        assert len(stream.arrivals) - len(judged) >= 10


# The mutants


def mutated(name: str, old: str, new: str) -> Rule:
    """The rule as its module would define it with one piece of its source replaced."""
    rule = rule_by_name(name)
    source = inspect.getsource(sys.modules[type(rule).__module__])
    assert source.count(old) == 1, f"{name}: {old!r} stands {source.count(old)} times in its source"
    module = ModuleType(f"mutant_of_{name}")
    # msgspec resolves the parameters' annotations through the module's entry.
    sys.modules[module.__name__] = module
    try:
        exec(compile(source.replace(old, new), f"<mutant of {name}>", "exec"), module.__dict__)  # noqa: S102
        mutant_class: type[Rule] = getattr(module, type(rule).__name__)
        return mutant_class(
            msgspec.convert(msgspec.to_builtins(rule.parameters), mutant_class.Parameters)
        )
    finally:
        del sys.modules[module.__name__]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [(m["rule"], m["old"], m["new"]) for m in MUTANTS],
    ids=[f"{m['rule']}: {m['what']}" for m in MUTANTS],
)
def test_mutant_is_caught(
    name: str,
    old: str,
    new: str,
    card_streams: list[Any],
    crowd_streams: list[Any],
    report_streams: list[Any],
) -> None:
    streams = crowd_streams if name in cross_card_rule_classes() else card_streams
    if name in report_rule_classes():
        streams = report_streams
    mutant = mutated(name, old, new)
    assert any(differences(mutant, stream) for stream in streams), "the mutant survives"


@pytest.mark.parametrize("name", rule_classes())
def test_every_rule_has_three_mutants_and_a_reference(name: str) -> None:
    assert sum(mutant["rule"] == name for mutant in MUTANTS) >= 3
    assert (REFERENCES / f"{name}.sql").is_file()
