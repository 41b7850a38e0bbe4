"""Is the time until the last task judges told right, and do the rules stay as they are?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from job.contracts import DeadLetter, RuleAudit, RuleChange
from job.rules.parameters import DEFAULT_FILE, read_tables
from tests.workbench.test_rules_command import Command
from workbench import rule_source
from workbench.problems import RunBroken
from workbench.rule_drafts import Drafting, RuleDraft, standing_rules
from workbench.rule_ledger import FileLedger
from workbench.rule_source import RuleSource
from workbench.rule_timing import TIMES_MIN, Timing, measure
from workbench.rule_topic import Answers, Place

TABLES = read_tables(DEFAULT_FILE)
DRAFTING = Drafting(TABLES, "somebody")
WAIT_S = 5.0


class Job:
    """Two tasks, the second of which takes each change so many ms after the first, and Kafka."""

    def __init__(self, after_ms: Iterable[int | None]) -> None:
        self._after_ms = iter(after_ms)
        self.topic: list[tuple[str, bytes]] = []
        self.refuses = False
        self.on_send: Callable[[], object] = lambda: None

    def send(self, records: Iterable[tuple[str, bytes]]) -> list[Place]:
        added = list(records)
        self.topic += added
        self.on_send()
        return [(0, len(self.topic) - len(added) + n) for n in range(len(added))]

    def __call__(self, _bootstrap: str, _prefix: str) -> Job:
        return self

    def __enter__(self) -> Job:
        return self

    def __exit__(self, *_error: object) -> None: ...

    def wait(self, places: Sequence[Place], _timeout_s: float) -> Answers:
        answers = Answers()
        for place in places:
            key, value = self.topic[place[1]]
            last_ms = next(self._after_ms)
            if self.refuses:
                answers.refusals[place] = letter(place)
            elif last_ms is not None:
                decided_ms = msgspec.json.decode(value, type=RuleChange).changed_ms if value else 0
                answers.audits[place] = [
                    audit(key, part, place, decided_ms + after)
                    for part, after in (("card", min(0, last_ms)), ("window", last_ms))
                ]
        return answers


def audit(key: str, part: str, place: Place, applied_ms: int) -> RuleAudit:
    said = {
        "v": 1,
        "key": key,
        "change_id": None,
        "change_version": None,
        "rules_version": "v",
        "previous_rules_version": "v",
        "part": part,
        "subtask": 0,
        "parallelism": 1,
        "partition": place[0],
        "offset": place[1],
        "applied_ms": applied_ms,
    }
    return msgspec.convert(said, RuleAudit)


def letter(place: Place) -> DeadLetter:
    return DeadLetter(
        v=1,
        reason="rule_change",
        detail="version: 1 is not above 7",
        topic="rules",
        partition=place[0],
        offset=place[1],
        key="velocity",
        payload_base64="",
    )


@pytest.fixture
def source(tmp_path: Path) -> RuleSource:
    return RuleSource("nowhere", "", tmp_path / "ledger.jsonl", None, DEFAULT_FILE)


@pytest.fixture
def run_job(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    """Start one that takes changes after so many ms; None: it never says so."""

    def run(*after_ms: int | None) -> Job:
        job = Job([*after_ms, *itertools.repeat(after_ms[-1], 100)])
        monkeypatch.setattr(rule_source, "RuleWriter", job)
        monkeypatch.setattr(rule_source, "AnswerWatch", job)
        return job

    return run


def timing(*took_ms: int, unheard: int = 0, tasks: int = 2, steal_share: float = 0.0) -> Timing:
    return Timing(took_ms, unheard, tasks, steal_share)


# The figures


def test_percentiles_are_of_all_changes_those_that_never_took_effect_among_them() -> None:
    found = timing(*range(1, 100), unheard=1)
    assert found.times == 100
    assert [round(found.percentile_ms(each)) for each in (50, 99)] == [50, 99]
    assert found.percentile_ms(100) == math.inf


@pytest.mark.parametrize(
    ("found", "late", "verdict"),
    [
        (timing(*[10] * 39, 1_000), 0, "pass"),
        (timing(*[10] * 39, 1_001), 1, "fail"),
        (timing(*[10] * 39, unheard=1), 1, "fail"),
        (timing(*[10] * (TIMES_MIN - 1)), 0, "inconclusive"),
        (timing(*[10] * 39, 5_000, steal_share=0.06), 1, "inconclusive"),
        (timing(*[10] * 39, -1), 0, "inconclusive"),
        (timing(unheard=40, tasks=0), 40, "inconclusive"),
    ],
)
def test_it_passes_only_where_none_is_late_and_says_nothing_where_there_is_a_doubt(
    found: Timing, late: int, verdict: str
) -> None:
    assert (found.late, found.verdict) == (late, verdict)
    assert f"{late} of {found.times}" in found.note
    assert bool(found.doubts) == (verdict == "inconclusive")


def test_the_last_task_counts(source: RuleSource, run_job: Callable[..., Job]) -> None:
    run_job(30, 900, 70)
    assert measure(source, DRAFTING, "velocity", 3, WAIT_S).took_ms == (30, 900, 70)


def test_what_a_task_does_not_say_in_time_is_late(
    source: RuleSource, run_job: Callable[..., Job]
) -> None:
    run_job(30, None, 70)
    found = measure(source, DRAFTING, "velocity", 3, WAIT_S)
    assert (found.took_ms, found.unheard, found.tasks) == ((30, 70), 1, 2)


def test_without_a_job_one_change_is_enough(
    source: RuleSource, run_job: Callable[..., Job]
) -> None:
    job = run_job(None)
    found = measure(source, DRAFTING, "velocity", 40, WAIT_S)
    assert (found.times, found.verdict) == (1, "inconclusive")
    assert job.topic[-1] == ("velocity", b"")


# The rules


def velocity(source: RuleSource) -> tuple[str, Mapping[str, object] | None]:
    """The rules' version, and what the newest entry of the rule says."""
    entries = source.ledger().entries()
    (newest,) = [e for e in entries if e.key == "velocity"][-1:]
    record = newest.record
    said = {**record.parameters} if isinstance(record, RuleChange) else None
    return standing_rules(TABLES, entries).version, said


def publish(source: RuleSource, swipes: int) -> None:
    draft = RuleDraft("velocity", {"swipes": swipes})
    source.change(lambda entries: DRAFTING.decide(entries, [draft]), 0)


def test_every_change_judges_as_before_and_a_rule_of_the_file_is_one_again(
    source: RuleSource, run_job: Callable[..., Job]
) -> None:
    job = run_job(30)
    in_the_file = standing_rules(TABLES, []).version
    versions: list[str] = []
    job.on_send = lambda: versions.append(velocity(source)[0])
    measure(source, DRAFTING, "velocity", 3, WAIT_S)
    assert versions == [in_the_file] * 4
    assert job.topic[-1] == ("velocity", b"")


def test_a_change_that_stood_stands_again(source: RuleSource, run_job: Callable[..., Job]) -> None:
    run_job(30)
    publish(source, 9)
    before = velocity(source)
    measure(source, DRAFTING, "velocity", 3, WAIT_S)
    assert velocity(source) == before == (before[0], {"swipes": 9})


@pytest.mark.parametrize("number", [2, 4], ids=["between", "at the end"])
def test_what_somebody_changes_meanwhile_stays(
    number: int, source: RuleSource, run_job: Callable[..., Job]
) -> None:
    run_job(30)

    def after(done: int) -> None:
        if done == number:
            publish(source, 9)

    measure(source, DRAFTING, "velocity", 4, WAIT_S, after)
    assert velocity(source)[1] == {"swipes": 9}


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ZeroDivisionError])
def test_interrupted_it_leaves_the_rules_as_they_were(
    kind: type[BaseException], source: RuleSource, run_job: Callable[..., Job]
) -> None:
    job = run_job(30)

    def interrupt() -> None:
        if len(job.topic) == 2:
            raise kind

    job.on_send = interrupt
    with pytest.raises(kind):
        measure(source, DRAFTING, "velocity", 40, WAIT_S)
    assert len(job.topic) == 3
    assert job.topic[-1] == ("velocity", b"")


def test_a_job_that_refuses_what_stands_is_not_timed(
    source: RuleSource, run_job: Callable[..., Job]
) -> None:
    job = run_job(30)
    job.refuses = True
    with pytest.raises(RunBroken, match="refuses what stands of velocity: version: 1 is not"):
        measure(source, DRAFTING, "velocity", 40, WAIT_S)
    assert job.topic[-1] == ("velocity", b"")


# The command


def test_it_says_what_it_measured(
    monkeypatch: pytest.MonkeyPatch,
    run_job: Callable[..., Job],
    source: RuleSource,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_job(30)
    rules = Command(monkeypatch, FileLedger(source.ledger_file))
    monkeypatch.setattr("workbench.rule_timing.STEAL_SHARE_MAX", 1.0)
    assert rules("measure", "--times", "30") == 0
    said = capsys.readouterr().out
    assert "velocity was published 30 times" in said
    assert "until the last of 2 tasks judged by it: p50 30 ms, p99 30 ms, max 30 ms" in said
    assert "pass: later than 1,000 ms: 0 of 30" in said
    assert rules("measure", "--times", "3") == 3
    assert "3 changes, 30 needed" in capsys.readouterr().out
    run_job(2_000)
    assert rules("measure", "--times", "30") == 1
