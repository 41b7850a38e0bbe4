"""What does the card engine make of a fraud report, and of where its card was?"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from job.contracts import FraudReport, Observation, RuleChange, Topics
from job.engine.card_engine import CardEngine, Source
from job.engine.card_state import CardState
from job.engine.rule_set import RuleSet
from job.engine.settings import EngineSettings
from job.rules.compromised_terminal import CompromisedTerminal, CompromisedTerminalParameters
from job.rules.example import example_report, example_swipe
from tests.job.a_profile import a_profile

KEY: Final = "example-card"
PLACE: Final = Source("fraud-reports", 0, 3)
REPORT: Final = example_report(event_time_ms=2_000, reported_ms=3_000)


class Bench:
    """An engine with this rule alone, one card, and what was observed."""

    def __init__(self) -> None:
        rule = CompromisedTerminal(CompromisedTerminalParameters(sample_one_in=1))
        settings = EngineSettings(event_time_limit_ms=5_000)
        self.engine = CardEngine([rule], settings, Topics.with_prefix())
        self.card = CardState()
        self.observed: list[Observation] = []

    def swipe(self, event_time_ms: int, **fields: Any) -> None:
        swipe = example_swipe(swipe_id=f"s{event_time_ms}", event_time_ms=event_time_ms, **fields)
        value = msgspec.json.encode(swipe)
        source = Source("swipes", 0, 0)
        self.engine.process(value, KEY, event_time_ms, source, self.card, self.observed)

    def profile(self, *times_ms: int) -> None:
        recent = [example_swipe(swipe_id=f"p{at}", event_time_ms=at) for at in times_ms]
        profile = a_profile(card_token=KEY, recent=recent)
        value = msgspec.json.encode(profile)
        assert self.engine.load_profile(value, KEY, self.card, PLACE, self.observed) == []

    def report(self, value: bytes, record_time_ms: int = 3_000, key: str = KEY) -> list[Any]:
        outputs = self.engine.load_report(
            value, key, record_time_ms, PLACE, self.card, self.observed
        )
        return [msgspec.json.decode(output.value) for output in outputs]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def seen(bench: Bench) -> list[str]:
    return [each.swipe_id for each in bench.observed if not each.reported]


def test_a_card_is_seen_at_its_first_visit_only(bench: Bench) -> None:
    for at_ms in (1_000, 1_500, 2_000):
        bench.swipe(at_ms)
    assert seen(bench) == ["s1000"]


def test_a_profile_s_swipes_are_visits_and_seen_once_however_often_it_comes(bench: Bench) -> None:
    bench.profile(100, 200)
    bench.profile(100, 200)
    bench.swipe(1_000)
    assert seen(bench) == ["p100"]
    bench.profile(300)
    assert seen(bench) == ["p100"]


def test_a_report_speaks_against_the_merchant_and_changes_nothing(bench: Bench) -> None:
    bench.swipe(1_000)
    before = msgspec.json.encode(bench.card)
    assert bench.report(msgspec.json.encode(REPORT)) == []
    (against,) = [each for each in bench.observed if each.reported]
    assert (against.entity_id, against.card_token) == ("example-shop", KEY)
    assert (against.swipe_id, against.event_time_ms) == (REPORT.swipe_id, 3_000)
    assert msgspec.json.encode(bench.card) == before
    assert bench.engine.counts["report"] == 1


def test_a_report_of_a_card_that_nobody_knows_speaks_against_nobody(bench: Bench) -> None:
    assert bench.report(msgspec.json.encode(REPORT)) == []
    assert bench.observed == []


@pytest.mark.parametrize(
    ("value", "time_ms", "key", "reason"),
    [
        (b"", 3_000, KEY, "empty"),
        (b"\xff", 3_000, KEY, "not_utf8"),
        (b"{", 3_000, KEY, "not_json"),
        (b"{}", 3_000, KEY, "contract"),
        (b'{"v": 99}', 3_000, KEY, "unknown_version"),
        (msgspec.json.encode(REPORT), 3_000, "another", "key_mismatch"),
        (msgspec.json.encode(REPORT), 3_001, KEY, "timestamp_mismatch"),
        (
            msgspec.json.encode(msgspec.structs.replace(REPORT, reported_ms=5_001)),
            5_001,
            KEY,
            "event_time_ahead",
        ),
    ],
)
def test_what_is_no_report_is_a_dead_letter(
    bench: Bench, value: bytes, time_ms: int, key: str, reason: str
) -> None:
    bench.swipe(1_000)
    (letter,) = bench.report(value, time_ms, key)
    assert (letter["reason"], letter["topic"], letter["offset"]) == (reason, "fraud-reports", 3)
    assert not [each for each in bench.observed if each.reported]


def test_a_paused_rule_observes_nothing_and_wakes_up_with_its_visits(bench: Bench) -> None:
    rules = RuleSet({})
    pause = RuleChange(
        change_id="c",
        version=1,
        rule="compromised_terminal",
        mode="paused",
        author="a",
        changed_ms=1,
    )
    bench.engine.use(rules.with_record(pause.rule, msgspec.json.encode(pause)).in_force)
    bench.swipe(1_000)
    bench.report(msgspec.json.encode(REPORT))
    assert bench.observed == []
    bench.engine.use(rules.in_force)
    bench.report(msgspec.json.encode(REPORT))
    assert [each.entity_id for each in bench.observed] == ["example-shop"]


def test_a_rule_that_raises_at_a_report_is_counted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: CompromisedTerminal, _report: FraudReport, _card: CardState) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(CompromisedTerminal, "suspects", broken)
    assert bench.report(msgspec.json.encode(REPORT)) == []
    assert bench.engine.detector.errors_by_rule == {"compromised_terminal": 1}
