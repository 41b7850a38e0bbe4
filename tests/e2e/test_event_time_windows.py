"""Does each event-time window on the real Flink hold what a person reads off this timeline?

Event time in minutes:seconds after a full hour; everything stands on partition 0, partition 1 stays
empty, and the watermark is 30 s behind.

    card A   0:10 m 1000 | 0:59.999 cafe 300 declined | 1:00 m 200 | 25:00 m 700 | 70:00 m 900
    card B   0:20 m 500 (USD, all others EUR)        card M  1:20 m 100
    card D   2:00, 32:00 (one gap later: still the session), 62:00.001 (a new one)
    card E   3:00, 62:59.999 (in one hour), 63:00 (the hour that ends at 64:00 begins at 4:00)
    report   of card M: counterfeit at 1:50, so it speaks against m, where the card was before
    clock    2:30 closes minutes 0 and 1, then
    card C   0:30 m 400 EUR comes: its minute has closed, its session has not
    clock    101:00 closes everything

Card A at the cafe and card C are online, at one device, and what A does there is declined: both
count for bin_attack (A's in time, C's when its minute has closed), A's for device_sharing. M is of
the one card in sixteen whose visits compromised_terminal counts.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition

from generator.bookends import CLOCK_KEY, open_producer
from generator.topics import create_run_topics, delete_run_topics
from job.contracts import WINDOW_KINDS, ClockRecord, Decision, Topics, WindowDrop, WindowResult
from job.engine.event_windows import MINUTE_MS
from job.engine.settings import EngineSettings
from job.local import LocalJob, Record
from job.rules.example import example_report, example_swipe
from job.rules.parameters import DEFAULT_FILE, load_rules
from stack.local import LocalStack
from tests.e2e.rule_windows import Counted, counted
from tests.swipes_of_hours import swipes_of_hours
from workbench.plan import JobPlan
from workbench.running_job import RunningJob
from workbench.submission import renew_taskmanagers, submitted

pytestmark = pytest.mark.stack

PREFIX: Final = "timeline."
TOPICS: Final = Topics.with_prefix(PREFIX)
HOUR_MS: Final = 3_600_000
START_MS: Final = 1_700_000_000_000 // HOUR_MS * HOUR_MS
LIMIT_MS: Final = START_MS + 24 * HOUR_MS
BIN: Final = "400000"
CAFE: Final = "café \U0001f600"
ONLINE: Final = {"entry_mode": "ecommerce", "device_id": "tablet"}
#: Swipes of the timeline by fate.
JUDGED, REPEATED, LATE, DEAD = 14, 1, 1, 2
#: Observations of the rules across cards: A's two, C's that was dropped, M's visit and its report.
OBSERVED, OBSERVED_LATE = 4, 1
DEADLINE_S: Final = 90.0


def at(minutes: float, seconds: float = 0.0, ms: int = 0) -> int:
    return START_MS + round(minutes * 60_000 + seconds * 1_000) + ms


class Timeline:
    """Sends by hand, and reads what is committed."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = open_producer(bootstrap, linger_ms=0)
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"{PREFIX}test",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
            }
        )
        topics = TOPICS.outputs()
        self._consumer.assign([TopicPartition(t, p, 0) for t in topics for p in range(2)])
        self.sent: list[Record] = []
        self.reported: list[Record] = []
        #: By the rules' windows, at the end.
        self.counted = Counted(0, 0)
        self.read: dict[str, list[bytes]] = defaultdict(list)
        self._number = 0

    def close(self) -> None:
        self._consumer.close()

    def swipe(self, card: str, event_time_ms: int, minor: int = 100, **fields: Any) -> bytes:
        self._number += 1
        swipe = msgspec.structs.replace(
            example_swipe(event_time_ms=event_time_ms, amount_minor=minor),
            swipe_id=f"s{self._number}",
            card_token=card,
            **{"merchant_id": "m", **fields},
        )
        value = msgspec.json.encode(swipe)
        self.send(card, value, event_time_ms)
        return value

    def clock(self, event_time_ms: int) -> None:
        value = msgspec.json.encode(ClockRecord(clock_time_ms=event_time_ms))
        self.send(CLOCK_KEY.decode(), value, event_time_ms)

    def send(self, key: str, value: bytes, event_time_ms: int) -> None:
        self._produce(TOPICS.swipes, self.sent, key, value, event_time_ms)

    def report(self, card: str, event_time_ms: int) -> None:
        plain = example_report(event_time_ms=event_time_ms, reported_ms=event_time_ms + 1)
        value = msgspec.json.encode(msgspec.structs.replace(plain, card_token=card))
        self._produce(TOPICS.fraud_reports, self.reported, card, value, event_time_ms + 1)

    def _produce(
        self, topic: str, sent: list[Record], key: str, value: bytes, record_time_ms: int
    ) -> None:
        self._producer.produce(topic, value, key.encode(), partition=0, timestamp=record_time_ms)
        assert self._producer.flush(30) == 0
        sent.append(Record(0, len(sent), record_time_ms, key, value))

    def read_until(self, reached: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + DEADLINE_S
        while not reached():
            assert time.monotonic() < deadline_s, {t: len(v) for t, v in self.read.items()}
            message = self._consumer.poll(0.2)
            if message is not None and message.error() is None:
                self.read[message.topic().removeprefix(PREFIX)].append(message.value())

    def results(self) -> list[WindowResult]:
        decode = msgspec.json.Decoder(WindowResult).decode
        topics = Topics.with_prefix().windows()
        found = []
        for kind in WINDOW_KINDS:
            of_kind = list(map(decode, self.read[topics[kind]]))
            assert {each.window for each in of_kind} <= {kind}
            found += of_kind
        return found

    def drops(self) -> list[WindowDrop]:
        return list(map(msgspec.json.Decoder(WindowDrop).decode, self.read["window-drops"]))

    def expected(self) -> list[WindowResult]:
        """What the specification makes of the same records, without what was dropped."""
        dropped = {(drop.window, drop.swipe_id) for drop in self.drops()}
        settings = EngineSettings(event_time_limit_ms=LIMIT_MS)
        local = LocalJob([], settings, dropped, WINDOW_KINDS)
        for record in self.sent:
            list(local.process(record))
        return list(local.event_windows.results())

    def observations(self) -> int:
        """What the engine's rules across cards observe of the same records."""
        local = LocalJob(load_rules(DEFAULT_FILE), EngineSettings(event_time_limit_ms=LIMIT_MS))
        local.expect_reports(self.reported)
        for record in self.sent:
            list(local.process(record))
        list(local.finish())
        return local.windows.counts["observed"]


@pytest.fixture(scope="module")
def timeline(stack_settings: Any) -> Iterator[Timeline]:
    """The whole timeline, played once."""
    stack = LocalStack(stack_settings)
    bootstrap = stack_settings.kafka_address
    plan = JobPlan(windows=",".join(WINDOW_KINDS), checkpoint_interval_ms=250)
    renew_taskmanagers(stack, plan)
    create_run_topics(bootstrap, PREFIX, partitions=2)
    line = Timeline(bootstrap)
    try:
        with submitted(RunningJob(stack, plan, PREFIX, LIMIT_MS)) as job_id:
            _play(line)
            line.counted = counted(stack.rest, job_id, len(line.sent))
            yield line
    finally:
        line.close()
        delete_run_topics(bootstrap, PREFIX)


def _play(line: Timeline) -> None:
    first = line.swipe("A", at(0, 10), 1_000)
    line.send("A", first, at(0, 10))  # a repeat
    line.swipe("B", at(0, 20), 500, currency="USD")
    line.swipe("A", at(0, 59, 999), 300, merchant_id=CAFE, response_code="05", **ONLINE)
    line.swipe("A", at(1), 200)
    line.swipe("A", at(0, 15), 50)  # 45 s behind its card: late
    line.send("A", b"{", at(1))  # unreadable
    line.swipe("A", LIMIT_MS + 1)  # a broken clock: must close nothing
    line.swipe("M", at(1, 20), 100)
    # All of these have a fate and nothing has closed: the far future had no say.
    fates = ("decisions", "late-swipes", "dead-letters")
    line.read_until(lambda: [len(line.read[topic]) for topic in fates] == [6, LATE, DEAD])
    assert line.results() == []
    line.report("M", at(1, 50))
    line.clock(at(2, 30))
    # Partition 1 is empty: were it not left out, no watermark would ever come.
    line.read_until(lambda: len(line.read["windows-bin-minute"]) == 2)
    line.swipe("C", at(0, 30), 400, **ONLINE)
    line.read_until(lambda: len(line.read["window-drops"]) == 4)
    for card, time_ms, minor in (
        ("D", at(2), 10),
        ("E", at(3), 20),
        ("A", at(25), 700),
        ("D", at(32), 10),
        ("D", at(62, 0, 1), 10),
        ("E", at(62, 59, 999), 20),
        ("E", at(63), 20),
        ("A", at(70), 900),
    ):
        line.swipe(card, time_ms, minor)
    line.clock(at(101))
    line.read_until(
        lambda: (
            len(line.results()) >= len(line.expected())
            and len(line.read["decisions"]) == JUDGED + REPEATED
        )
    )


def held(line: Timeline, kind: str, entity_id: str) -> dict[tuple[int, int], WindowResult]:
    """Windows of an entity by their bounds, in ms after the start."""
    return {
        (each.window_start_ms - START_MS, each.window_end_ms - START_MS): each
        for each in line.results()
        if (each.window, each.entity_id) == (kind, entity_id)
    }


def minutes(start: float, end: float) -> tuple[int, int]:
    return round(start * 60_000), round(end * 60_000)


def test_a_merchants_minute_holds_its_swipes_and_sums(timeline: Timeline) -> None:
    windows = held(timeline, "merchant_minute", "m")
    first = windows[minutes(0, 1)]
    assert (first.swipes, first.declined) == (2, 0)
    assert first.spent_minor == {"EUR": 1_000, "USD": 500}
    assert (first.first_event_time_ms, first.last_event_time_ms) == (at(0, 10), at(0, 20))
    assert windows[minutes(1, 2)].spent_minor == {"EUR": 300}
    declined = held(timeline, "merchant_minute", CAFE)[minutes(0, 1)]
    assert (declined.swipes, declined.declined, declined.spent_minor) == (1, 1, {})


def test_a_bins_minute_holds_all_its_cards(timeline: Timeline) -> None:
    windows = held(timeline, "bin_minute", BIN)
    assert (windows[minutes(0, 1)].swipes, windows[minutes(0, 1)].declined) == (3, 1)
    assert windows[minutes(1, 2)].swipes == 2


def test_a_cards_hour_is_written_for_its_minutes_and_slides(timeline: Timeline) -> None:
    hours = held(timeline, "card_hour", "A")
    counts = {bounds: (h.swipes, h.declined, h.spent_minor) for bounds, h in hours.items()}
    assert counts == {
        minutes(-59, 1): (2, 1, {"EUR": 1_000}),
        minutes(-58, 2): (3, 1, {"EUR": 1_200}),
        minutes(-34, 26): (4, 1, {"EUR": 1_900}),
        minutes(11, 71): (2, 0, {"EUR": 1_600}),
    }
    edges = {bounds: hour.swipes for bounds, hour in held(timeline, "card_hour", "E").items()}
    assert edges == {minutes(-56, 4): 1, minutes(3, 63): 2, minutes(4, 64): 2}


def test_a_session_ends_a_gap_after_its_last_swipe(timeline: Timeline) -> None:
    sessions = {
        b: (s.swipes, s.spent_minor) for b, s in held(timeline, "card_session", "A").items()
    }
    assert sessions == {
        minutes(1 / 6, 55): (4, {"EUR": 1_900}),
        minutes(70, 100): (1, {"EUR": 900}),
    }
    touching = {b: s.swipes for b, s in held(timeline, "card_session", "D").items()}
    assert touching == {minutes(2, 62): 2, (62 * 60_000 + 1, 92 * 60_000 + 1): 1}


def test_what_came_too_late_for_its_minute_is_named_with_how_late(timeline: Timeline) -> None:
    drops = timeline.drops()
    assert {(drop.window, drop.entity_id) for drop in drops} == {
        ("merchant_minute", "m"),
        ("bin_minute", BIN),
        ("card_hour", "C"),
        ("rule", f"{BIN}|m"),
    }
    assert {drop.rule for drop in drops} == {None, "bin_attack"}
    for drop in drops:
        assert drop.event_time_ms == at(0, 30)
        assert (drop.window_start_ms, drop.window_end_ms) == (at(0), at(1))
        # The clock at 2:30 brought the watermark to 2:00; the minute's last moment was 0:59.999.
        assert drop.lateness_ms == 60_001
    assert held(timeline, "card_session", "C")[minutes(0.5, 30.5)].swipes == 1
    assert held(timeline, "card_hour", "C") == {}


def test_every_window_is_that_of_the_specification(timeline: Timeline) -> None:
    def ordered(results: list[WindowResult]) -> list[WindowResult]:
        return sorted(results, key=lambda r: (r.window, r.entity_id, r.window_start_ms))

    assert ordered(timeline.results()) == ordered(timeline.expected())


def test_what_windows_hold_and_what_was_dropped_is_what_was_judged(timeline: Timeline) -> None:
    judged = sum(b'"fate":"judged"' in value for value in timeline.read["decisions"])
    dropped = Counter(drop.window for drop in timeline.drops())
    for kind in ("merchant_minute", "bin_minute", "card_session"):
        swipes = sum(each.swipes for each in timeline.results() if each.window == kind)
        assert swipes + dropped[kind] == judged == JUDGED, kind


def test_what_each_minute_adds_to_hours_and_what_was_dropped_is_what_was_judged(
    timeline: Timeline,
) -> None:
    held = swipes_of_hours(timeline.results())
    assert min(held.values()) > 0
    held.update(
        (drop.entity_id, drop.window_start_ms)
        for drop in timeline.drops()
        if drop.window == "card_hour"
    )
    decisions = map(msgspec.json.Decoder(Decision).decode, timeline.read["decisions"])
    assert held.total() == JUDGED
    assert held == Counter(
        (each.card_token, each.event_time_ms // MINUTE_MS * MINUTE_MS)
        for each in decisions
        if each.fate == "judged"
    )


def test_windows_of_rules_take_or_drop_every_observation(timeline: Timeline) -> None:
    assert timeline.counted == (OBSERVED, OBSERVED_LATE)
    assert sum(timeline.counted) == timeline.observations()
    assert sum(drop.window == "rule" for drop in timeline.drops()) == OBSERVED_LATE
