"""Do changes of the rules reach the running job, and outlive its restart?

time ---- burst of a card -- change published -- audit says: taken -- burst of another card ---->
          judged by the old rules                                     judged by the new ones

A burst is six swipes of one card within six seconds: the sixth reaches `velocity`'s threshold.
"""

from __future__ import annotations

import itertools
import logging
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition
from typer.testing import CliRunner

from evaluation.offsets import partitions_of, read_ends
from generator.bookends import open_producer, send_clock_records
from generator.kafka_client import admin_client, client_settings, silent_logger
from generator.topics import create_run_topics, delete_run_topics
from job.contracts import Alert, DeadLetter, Decision, Topics, WindowDrop
from job.rules.example import example_swipe
from job.rules.parameters import DEFAULT_FILE
from stack.faults.taskmanager_kill import TaskmanagerKill
from stack.local import LocalStack
from workbench.cli import app
from workbench.plan import JobPlan
from workbench.rule_drafts import Draft, Drafting, RuleDraft, SnoozeDraft, standing_rules
from workbench.rule_source import Published, RuleSource
from workbench.rule_topic import RuleWriter
from workbench.running_job import RunningJob
from workbench.submission import submitted

pytestmark = pytest.mark.stack

PREFIX: Final = "rules-test."
PARTITIONS: Final = 2
START_MS: Final = 1_700_000_000_000
LIMIT_MS: Final = START_MS + 86_400_000_000
BURST: Final = 6
WAIT_S: Final = 60.0
#: The job's default after which a silent partition has no say in event time, and a little more.
IDLE_S: Final = 6.0


class SwipedJob:
    """A job, the cards that are swiped at it, and what it says."""

    def __init__(self, stack: LocalStack, job_id: str, source: RuleSource) -> None:
        self.stack, self.job_id = stack, job_id
        self.bootstrap = stack.settings.kafka_address
        self.topics = Topics.with_prefix(PREFIX)
        self.source = source
        self._cards = itertools.count()
        self._producer = open_producer(self.bootstrap)
        self._decoders = {
            self.topics.decisions: msgspec.json.Decoder(Decision).decode,
            self.topics.alerts: msgspec.json.Decoder(Alert).decode,
            self.topics.dead_letters: msgspec.json.Decoder(DeadLetter).decode,
            self.topics.window_drops: msgspec.json.Decoder(WindowDrop).decode,
        }
        own: dict[str, Any] = {"group_id": "t", "isolation_level": "read_committed"}
        self._consumer = Consumer(
            client_settings(self.bootstrap, None, **own), logger=silent_logger
        )
        admin = admin_client(self.bootstrap)
        ends = read_ends(admin, partitions_of(admin, list(self._decoders))).end
        self._consumer.assign([TopicPartition(*place, end) for place, end in ends.items()])
        self.seen: dict[str, list[Any]] = {topic: [] for topic in self._decoders}

    def close(self) -> None:
        self._consumer.close()

    def change(self, *drafts: Draft) -> list[Published]:
        """Publish and wait until every task has said that it judges by it."""
        drafting = Drafting(self.source.tables(), "test")
        published = self.source.change(lambda entries: drafting.decide(entries, drafts), WAIT_S)
        for each in published:
            assert each.refusal is None
            assert each.answers.settled(each.place)
            logging.getLogger("paystream.test").info("%s: %s", each.entry.key, each.taken)
        return published

    def typed(self, *words: str) -> tuple[int, str]:
        """`paystream rules …` about this job; the exit code, and what it printed."""
        about = ["--bootstrap", self.bootstrap, "--topic-prefix", PREFIX]
        about += ["--ledger", str(self.source.ledger_file)]
        done = CliRunner().invoke(app, ["rules", *about, *words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    def burst(self, card: str | None = None, merchant: str = "m") -> tuple[Decision, Alert | None]:
        """Swipe a card six times; the last decision, and its alert."""
        number = next(self._cards)
        card = card or f"card-{number}"
        for second in range(BURST):
            time_ms = START_MS + 3_600_000 * number + 1_000 * second
            swipe = msgspec.structs.replace(
                example_swipe(swipe_id=f"s{number}-{second}", event_time_ms=time_ms),
                card_token=card,
                merchant_id=merchant,
            )
            value = msgspec.json.encode(swipe)
            self._producer.produce(self.topics.swipes, value, card.encode(), timestamp=time_ms)
        self._producer.flush(10)
        return self._last_of(f"s{number}-{BURST - 1}")

    def probe(self, event_time_ms: int) -> int | None:
        """Swipe as a BIN attack does; how late its window was closed before, None if it is open."""
        number = next(self._cards)
        swipe = msgspec.structs.replace(
            example_swipe(
                swipe_id=f"p{number}",
                event_time_ms=event_time_ms,
                entry_mode="ecommerce",
                response_code="14",
            ),
            card_token=f"probe-{number}",
        )
        value, key = msgspec.json.encode(swipe), swipe.card_token.encode()
        self._producer.produce(self.topics.swipes, value, key, timestamp=event_time_ms)
        self._producer.flush(10)
        self._last_of(swipe.swipe_id)
        # The window's side writes in a transaction of its own, committed with the same checkpoint
        # or the one after: a later burst is decided behind both.
        self.burst()
        drops = self.seen[self.topics.window_drops]
        return next((x.lateness_ms for x in drops if x.swipe_id == swipe.swipe_id), None)

    def _last_of(self, swipe_id: str) -> tuple[Decision, Alert | None]:
        def decided() -> Decision | None:
            decisions = self.seen[self.topics.decisions]
            return next((each for each in decisions if each.swipe_id == swipe_id), None)

        decision = self.until(decided)
        alerts = self.seen[self.topics.alerts]

        # Decision and alert become visible in one transaction, but on two topics.
        def alerted() -> Alert | None:
            return next((each for each in alerts if each.swipe_id == swipe_id), None)

        return decision, (alerted() if decision.action == "clear" else self.until(alerted))

    def until(self, found: Callable[[], Any]) -> Any:
        """Read the outputs until something is found."""
        deadline_s = time.monotonic() + WAIT_S
        while (result := found()) is None:
            assert time.monotonic() < deadline_s, "it did not come"
            for message in self._consumer.consume(500, 0.1):
                assert message.error() is None
                self.seen[message.topic()].append(self._decoders[message.topic()](message.value()))
        return result


#: Stands on the topic before the job is submitted: the second of them counts.
FIRST_LOOK: Final = ({"cards": 50}, {"cards": 60})


@pytest.fixture(scope="module")
def job(stack_settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwipedJob]:
    stack = LocalStack(stack_settings)
    bootstrap = stack_settings.kafka_address
    create_run_topics(bootstrap, PREFIX, partitions=PARTITIONS)
    ledger = tmp_path_factory.mktemp("ledger") / "changes.jsonl"
    source = RuleSource(bootstrap, PREFIX, ledger, None, DEFAULT_FILE)
    drafting = Drafting(source.tables(), "test")
    for parameters in FIRST_LOOK:
        draft = RuleDraft("bin_attack", parameters)
        source.change(partial(drafting.decide, drafts=[draft]), 0)
    try:
        with submitted(RunningJob(stack, JobPlan(), PREFIX, LIMIT_MS)) as job_id:
            running = SwipedJob(stack, job_id, source)
            try:
                yield running
            finally:
                running.close()
    finally:
        delete_run_topics(bootstrap, PREFIX)


@pytest.fixture(autouse=True)
def as_in_the_file(job: SwipedJob) -> Iterator[None]:
    """Each test leaves the rules as it found them."""
    yield
    stand = {e.key: e for e in job.source.ledger().entries()}
    rules = [RuleDraft(k, withdraw=True) for k, e in stand.items() if e.record and "|" not in k]
    if rules:
        job.change(*rules)


def test_what_stood_on_the_topic_judges_the_very_first_swipe(job: SwipedJob) -> None:
    decision, _ = job.burst()
    entries = job.source.ledger().entries()
    first, *_ = (x for x in job.seen[job.topics.decisions] if x.swipe_id == "s0-0")
    expected = standing_rules(job.source.tables(), entries).version
    assert (first.rules_version, decision.rules_version) == (expected, expected)


def test_a_paused_rule_fires_until_the_job_says_so_and_not_after(job: SwipedJob) -> None:
    before, alert = job.burst()
    assert before.rules == ["velocity"]
    assert before.rules_version == ""
    assert alert is not None
    (paused,) = job.change(RuleDraft("velocity", mode="paused"))
    after, alert = job.burst()
    assert (after.rules, after.action, alert) == ([], "clear", None)
    assert after.rules_version == paused.answers.audits[paused.place][0].rules_version
    job.change(RuleDraft("velocity", mode="shadow"))
    watching, alert = job.burst()
    assert (watching.rules, watching.shadow_rules, alert) == ([], ["velocity"], None)


def test_a_parameter_counts_from_then_on(job: SwipedJob) -> None:
    job.change(RuleDraft("velocity", {"swipes": BURST + 1}))
    assert job.burst()[0].rules == []
    job.change(RuleDraft("velocity", withdraw=True))
    decision, _ = job.burst()
    assert (decision.rules, decision.rules_version) == (["velocity"], "")


def test_a_bad_change_is_a_dead_letter_and_the_old_rule_stays(job: SwipedJob) -> None:
    job.change(RuleDraft("velocity", {"swipes": BURST + 1}))
    (standing,) = (e for e in job.source.ledger().entries()[-1:])
    assert standing.record is not None
    bad = msgspec.structs.replace(
        standing.record, change_id="bad", version=99, parameters={"swipes": 1}
    )
    writer = RuleWriter(job.bootstrap, PREFIX)
    (place,) = writer.send([("velocity", msgspec.json.encode(bad))])

    def letter() -> DeadLetter | None:
        letters = job.seen[job.topics.dead_letters]
        return next((x for x in letters if (x.partition, x.offset) == place), None)

    found = job.until(letter)
    assert (found.topic, found.reason) == (job.topics.rules, "rule_change")
    assert found.detail == "rules: velocity.swipes: Expected `int` >= 2"
    assert job.burst()[0].rules == []


def test_a_snoozed_card_or_merchant_is_judged_and_raises_no_alert(job: SwipedJob) -> None:
    far_ms = START_MS + 80_000_000_000
    snoozes = (SnoozeDraft("card", "quiet", far_ms), SnoozeDraft("merchant", "quiet", far_ms))
    job.change(*snoozes)
    for decision, alert in (job.burst(card="quiet"), job.burst(merchant="quiet")):
        assert (decision.rules, decision.snoozed) == (["velocity"], True)
        assert (decision.action, alert) == ("clear", None)
    assert job.burst()[1] is not None
    job.change(SnoozeDraft("card", "quiet", None), SnoozeDraft("merchant", "quiet", None))
    assert job.burst(merchant="quiet")[1] is not None


def test_changes_outlive_a_killed_taskmanager(job: SwipedJob) -> None:
    job.change(RuleDraft("velocity", mode="paused"))
    assert job.burst()[0].rules == []  # committed: a checkpoint holds the change
    kill = TaskmanagerKill(job.stack, job.job_id)
    kill.set_up()
    kill.invoke()
    assert kill.landed().landed
    kill.undo()
    decision, alert = job.burst()
    assert (decision.rules, alert) == ([], None)
    assert decision.rules_version != ""


def listed(job: SwipedJob, rule: str) -> str:
    """The line of a rule in `paystream rules list`, one blank between its words."""
    code, said = job.typed("list")
    assert code == 0, said
    (line,) = (each for each in said.splitlines() if each.split()[:1] == [rule])
    return " ".join(line.split())


def test_what_is_typed_reaches_the_job_and_is_listed_and_taken_back(job: SwipedJob) -> None:
    wait = ("--wait", f"{WAIT_S:g}")
    change = ("--rule", "velocity", "--set", f"swipes={BURST + 1}", "--note", "typed")
    code, said = job.typed("publish", *change, "--author", "typist", *wait)
    assert code == 0, said
    published = job.source.ledger().entries()[-1]
    assert f"velocity version {published.version}: active, swipes={BURST + 1}" in said
    assert f"change {published.change_id}, published" in said
    taken = re.search(r"(\d+) of (\d+) tasks judge by (\w+), the last after \d+ ms", said)
    assert taken is not None, said
    assert taken[1] == taken[2]
    decision, alert = job.burst()
    assert (decision.rules, decision.rules_version, alert) == ([], taken[3], None)
    line = listed(job, "velocity")
    assert line.startswith(f"velocity active swipes={BURST + 1} {published.version} typist ")
    assert line.endswith(" as decided")

    code, said = job.typed("rollback", *wait)
    assert code == 0, said
    assert f"velocity version {published.version + 1}: as in the parameter file" in said
    taken = re.search(r"(\d+) of (\d+) tasks judge by \w+, the last after \d+ ms", said)
    assert taken is not None, said
    assert taken[1] == taken[2]
    assert job.burst()[0].rules == ["velocity"]
    line = listed(job, "velocity")
    assert line.startswith(f"velocity active {published.version + 1} ")
    assert line.endswith(" as decided")


def test_what_was_written_down_alone_is_listed_as_such_and_made_up_for(job: SwipedJob) -> None:
    drafting = Drafting(job.source.tables(), "test")
    draft = RuleDraft("velocity", {"swipes": BURST + 1})
    job.source.ledger().append(lambda entries: drafting.decide(entries, [draft]))
    assert " not published:" in listed(job, "velocity")  # the rest is on the next line
    assert job.burst()[0].rules == ["velocity"]
    code, said = job.typed("sync", "--wait", f"{WAIT_S:g}")
    assert code == 0, said
    assert re.search(r"(\d+) of \1 tasks judge by", said), said
    assert listed(job, "velocity").endswith(" as decided")
    assert job.burst()[0].rules == []
    assert job.typed("sync") == (0, "the topic says what the ledger says\n")


def test_a_measurement_times_each_change_and_leaves_the_rules_as_they_were(job: SwipedJob) -> None:
    times = 5
    before, rules_before = job.source.ledger().entries(), job.burst()[0]
    code, said = job.typed("measure", "--times", str(times), "--wait", f"{WAIT_S:g}")
    assert code == 3, said  # too few for a verdict, whatever they took
    assert f"velocity was published {times} times" in said
    assert re.search(r"until the last of \d+ tasks judged by it: p50 .+, p99 .+, max .+", said)
    assert f"of {times}; " in said
    assert f"{times} changes, " in said
    assert "no task has said" not in said
    added = job.source.ledger().entries()[len(before) :]
    assert [entry.key for entry in added] == ["velocity"] * (times + 1)
    assert [entry.record is None for entry in added] == [False] * times + [True]
    after = job.burst()[0]
    assert (after.rules, after.rules_version) == (rules_before.rules, rules_before.rules_version)


def test_only_swipes_move_event_time_even_while_none_come(job: SwipedJob) -> None:
    """The rules' input joins that of the windows: it may hold nothing back, and push nothing on.

    event time --- [minute with the probe] --- clock records --- silence, a change ---->
    The probe finds its window closed, and says how far the watermark has gone since.
    """
    job.change(RuleDraft("bin_attack", {"cards": 100}))
    now_ms = START_MS + 3_600_000 * 1_000
    deadline_s = time.monotonic() + WAIT_S
    # Flink takes some seconds to find the other partitions idle.
    while (lateness_ms := job.probe(now_ms - 3_600_000)) is None:
        assert time.monotonic() < deadline_s, "the windows do not close"
        send_clock_records(job.bootstrap, PREFIX, now_ms)
    time.sleep(IDLE_S)
    job.change(RuleDraft("bin_attack", {"cards": 101}))
    assert job.probe(now_ms - 3_600_000) == lateness_ms
    assert job.probe(now_ms + 60_000) is None
