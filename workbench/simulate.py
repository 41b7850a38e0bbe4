"""In which order does a run happen?

replay -> stack -> topics, profiles -> job -> collector and sender -> complete? -> read back ->
oracle -> judges -> verdict. Whatever ends it, what it started is ended and what is half-written is
removed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import msgspec
from confluent_kafka import KafkaException

from evaluation.evaluate import Evaluation, judge_run, usable_thresholds
from evaluation.fault_record import FAULTS_FILE, FaultRecord, write_faults
from evaluation.read_back import read_back
from evaluation.run_folder import SendsRecord
from evaluation.thresholds import Thresholds
from generator.bookends import publish_profiles
from generator.kafka_client import KafkaRefused, KafkaUnreachable
from generator.nudge import nudging
from job.contracts import Topics
from job.rules.parameters import DEFAULT_FILE as DEFAULT_RULES
from job.rules.parameters import load_rules
from stack import kafka_access
from stack.local import LocalStack
from stack.process import StackError
from stack.running import as_it_runs
from stack.settings import StackSettings
from workbench.children import Child
from workbench.commit_progress import CommitProgress
from workbench.completion import Completion, await_completion
from workbench.console import Phases
from workbench.fault_fit import require_fit
from workbench.fault_injection import FaultInjection
from workbench.fault_line import fault_line
from workbench.fault_plan import FLOODS, moments
from workbench.floods import flood_record, flooded
from workbench.folders import REPLAYS
from workbench.intervention import Intervention
from workbench.job_watch import JobWatch
from workbench.live import LiveJob, await_collector, watch_sending
from workbench.machine import CpuTimes, process_cpu_s, provenance
from workbench.oracle import run_oracle
from workbench.plan import CLOCK_GAP_MS, RunPlan
from workbench.problems import RunBroken
from workbench.replays import make_replay
from workbench.run_stack import attach, bring_up
from workbench.run_topics import make_run_topics
from workbench.running_job import RunningJob
from workbench.submission import submitted, wait_checkpointed, wait_consumed

PROFILES_TIMEOUT_S: Final = 300.0
#: The collector reads on to the end of the outputs (`evaluation.collect`) and writes
#: its files before it ends.
COLLECTOR_GRACE_S: Final = 60.0


@dataclass
class Run:
    """One run under way.

    Attributes
    ----------
    folder
        ``<id>.partial`` until the run is done.
    sent
        Whether the sending has ended.
    intervention
        What is done to it on purpose.
    """

    plan: RunPlan
    run_id: str
    folder: Path
    phases: Phases
    replay: Path = Path()
    manifest: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    sent: bool = False
    intervention: Intervention = field(default_factory=Intervention)

    @property
    def prefix(self) -> str:
        """Of all that belongs to this run on Kafka."""
        return f"{self.run_id}."

    @property
    def history(self) -> Path:
        """Where the raw history goes."""
        return self.folder / "history"

    @property
    def go_file(self) -> Path:
        """Its being there tells the sender to begin."""
        return self.folder / "go"

    @property
    def start_ms(self) -> int:
        """Event time of the replay's first moment."""
        return int(self.manifest["event_time_start_ms"])

    @property
    def end_ms(self) -> int:
        """Event time behind the replay's last swipe."""
        return int(self.manifest["event_time_end_ms"])

    @property
    def limit_ms(self) -> int:
        """Event times beyond have a broken clock."""
        return int(self.manifest["event_time_limit_ms"])


def new_run_id(scenario: str) -> str:
    """Sorts by time, and tells the scenario."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{scenario}-{secrets.token_hex(2)}"


def simulate(
    plan: RunPlan,
    phases: Phases,
    runs: Path,
    *,
    settings: StackSettings | None = None,
    replays: Path = REPLAYS,
    keep_stack: bool = False,
    intervention: Intervention | None = None,
    attached: LocalStack | None = None,
) -> tuple[Path, Evaluation]:
    """Run a plan for real, and judge it.

    Parameters
    ----------
    plan
        What to run.
    phases
        Where progress is told.
    runs
        Folder of all runs.
    settings
        The stack to run on; the environment's when left out.
    replays
        Folder of all replays.
    keep_stack
        Leave a stack running that this run had to start.
    intervention
        What is done to the run on purpose; None for nothing.
    attached
        A stack that runs and is neither started nor stopped here, in place of `settings`.

    Returns
    -------
    tuple of Path and Evaluation
        The run's folder, and what the judges said.
    """
    # Read before anything else: a wrong file must not cost a run.
    thresholds = usable_thresholds(plan.thresholds_file)
    load_rules(plan.job.rules_file or DEFAULT_RULES)
    settings = settings or StackSettings.load()
    if plan.fault is not None:
        require_fit(plan.fault, as_it_runs(settings))
    plan = flooded(plan)
    run_id = new_run_id(plan.replay.scenario)
    folder = runs / f"{run_id}.partial"
    run = Run(plan, run_id, folder, phases)
    run.intervention = intervention or run.intervention
    run.facts = {
        "run_id": run_id,
        "settings": plan.to_builtins(),
        **provenance(),
    }
    with ExitStack() as cleanup:
        run.history.mkdir(parents=True)
        cleanup.push(partial(leave_folder, run))
        take_replay(run, replays)
        if attached is None:
            stack = bring_up(run, settings, cleanup, keep_stack=keep_stack)
        else:
            stack = attach(run, attached, cleanup)
        try:
            _live(run, stack, cleanup)
            results = _judge(run, thresholds)
        except (StackError, KafkaRefused, KafkaUnreachable, KafkaException) as error:
            raise RunBroken(str(error)) from error
        final = runs / run_id
        folder.rename(final)
    return final, results


def leave_folder(
    run: Run,
    kind: type[BaseException] | None,
    _error: BaseException | None,
    _trace: TracebackType | None,
) -> None:
    """A run that broke after the sending keeps what was recorded; any other leaves nothing."""
    if kind is not None and run.sent and issubclass(kind, Exception):
        sys.stderr.write(f"paystream: what was recorded is kept in {run.folder}\n")
    else:
        shutil.rmtree(run.folder, ignore_errors=True)


def take_replay(run: Run, replays: Path) -> None:
    """Make or find the replay of a run, and note which it is."""
    run.replay = make_replay(run.plan.replay, run.phases, replays)
    run.manifest = msgspec.json.decode((run.replay / "manifest.json").read_bytes())
    run.facts["replay"] = {
        "path": os.path.relpath(run.replay, run.folder),
        "sha256": run.manifest["sha256"],
    }


def _live(run: Run, stack: LocalStack, cleanup: ExitStack) -> None:
    bootstrap = stack.settings.kafka_address
    topics = Topics.with_prefix(run.prefix)
    group_id = f"{run.prefix}job"
    with run.phases.phase("topics, card profiles") as bar:
        make_run_topics(cleanup, stack.settings, run.prefix, run.plan.partitions)
        if run.plan.job.start_from is None:
            count = publish_profiles(bootstrap, run.prefix, run.replay)
            bar.note = f"{count:,} cards"
        else:
            bar.note = "the cards are in the state that the job starts from"
    with ExitStack() as running:
        with run.phases.phase("submit the job") as bar:
            job = RunningJob(stack, run.plan.job, run.prefix, run.limit_ms)
            running.enter_context(submitted(job, lambda seconds: bar.say(f"{seconds:.0f} s")))
        live = LiveJob(stack, job, topics, group_id, run.plan.partitions, run.folder, run.history)
        # Begins to read while the job takes in the profiles: it takes seconds to start.
        collector = _collector(run, live)
        running.callback(collector.stop, COLLECTOR_GRACE_S)
        # Loads meanwhile, too, and waits for the word.
        sender = _sender(run, live)
        running.callback(sender.stop)
        with run.phases.phase("warm start") as bar:
            progress = CommitProgress(
                bootstrap, group_id, topics.card_profiles, run.plan.partitions
            )
            with (
                run.intervention.while_warming(live),
                nudging(bootstrap, run.prefix, run.plan.partitions, run.start_ms - 1) as nudge,
            ):
                if run.plan.job.start_from is not None:
                    wait_checkpointed(stack, job.id, bar)
                wait_consumed(
                    stack,
                    job.id,
                    progress,
                    nudge,
                    PROFILES_TIMEOUT_S,
                    lambda done, total: bar.update(done, total, f"{done:,} of {total:,} cards"),
                )
        watch = running.enter_context(
            JobWatch(stack, job, transactional=run.plan.job.transactional)
        )
        completion = _send_and_collect(run, live, watch, collector, sender)
        watch.read()
        _note_flood(run, watch, completion)
        watch.write(run.history / "job.json", completion)
    with run.phases.phase("read back"):
        read_back(bootstrap, topics.swipes, run.history / "sent.parquet")
        read_back(bootstrap, topics.fraud_reports, run.history / "reports.parquet")


def _collector(run: Run, live: LiveJob) -> Child:
    return Child(
        "the collector",
        [
            *_python("evaluation.collect"),
            *("--bootstrap", live.stack.settings.kafka_address),
            *("--prefix", run.prefix),
            *("--out", str(run.history)),
            *("--group", live.group_id),
        ],
        run.folder / "collect.log",
        environment=kafka_access.environment(live.stack.settings, "evaluation"),
    )


def _sender(run: Run, live: LiveJob) -> Child:
    return Child(
        "the sender",
        [
            *_python(run.intervention.sender),
            *("--bootstrap", live.stack.settings.kafka_address),
            *("--prefix", run.prefix),
            *("--replay", str(run.replay)),
            *("--out", str(run.folder)),
            *("--workers", str(run.plan.workers)),
            *("--clock-gap-ms", str(CLOCK_GAP_MS)),
            *("--start-when", str(run.go_file)),
            "--no-profiles",
        ],
        run.folder / "send.log",
        environment=kafka_access.environment(live.stack.settings, "generator"),
    )


def _send_and_collect(
    run: Run, live: LiveJob, watch: JobWatch, collector: Child, sender: Child
) -> Completion:
    await_collector(live, collector)
    cpu_before, taskmanagers_before_s = CpuTimes.now(), _taskmanager_cpu_s(live.stack)
    fault = _fault(run, live, watch)
    try:
        with (
            run.phases.phase("send and judge live") as bar,
            fault or nullcontext(),
            run.intervention.while_sending(live, collector),
        ):
            run.go_file.touch()
            watch_sending(live, sender, collector, bar)
    finally:
        sender.stop()
        run.go_file.unlink(missing_ok=True)
    run.sent = True
    run.facts["machine"] |= CpuTimes.now().shares_since(cpu_before)
    run.intervention.when_sent(live)
    with run.phases.phase("complete") as bar:
        clock_ms = run.end_ms + CLOCK_GAP_MS
        bootstrap = live.stack.settings.kafka_address
        with nudging(bootstrap, run.prefix, live.partitions, clock_ms) as nudge:
            watch.read()
            # A fault that made no restart costs the wait in vain, which is seconds.
            restored = fault is not None or watch.restarts > 0
            reached_ms = clock_ms - run.plan.job.lateness_ms - 1
            completion = await_completion(
                live, collector, nudge, bar, reached_ms, was_restored=restored
            )
        bar.note = completion.reason
    if fault is not None:
        completion.proves_nothing_because = fault.finish(run.history / FAULTS_FILE)
    taskmanagers_s = _taskmanager_cpu_s(live.stack)
    # Of a killed one nothing is known, nor of one in a container.
    if taskmanagers_s and taskmanagers_s.keys() == taskmanagers_before_s.keys():
        used_s = sum(taskmanagers_s.values()) - sum(taskmanagers_before_s.values())
        completion.cpu_s = {"taskmanager": round(used_s, 2)}
    collector.stop(COLLECTOR_GRACE_S)
    collector.require_alive()
    return completion


def _fault(run: Run, live: LiveJob, watch: JobWatch) -> FaultInjection | None:
    plan = run.plan
    if plan.fault is None:
        return None
    coming = moments(plan.fault, plan.fault_seed, live.stack.settings, plan.fault_count)
    if not coming:
        return None

    def say(number: int, count: int, record: FaultRecord) -> None:
        run.phases.line(record.fault, fault_line(number, count, record))

    return FaultInjection(coming, live, watch, transactional=plan.job.transactional, on_over=say)


def _note_flood(run: Run, watch: JobWatch, completion: Completion) -> None:
    """Where the fault lay in the input: what it was, beside the history."""
    if run.plan.fault not in FLOODS:
        return
    sends = msgspec.json.decode((run.folder / "sends.json").read_bytes(), type=SendsRecord)
    record = flood_record(run.plan.fault, run.replay, sends, watch.checkpoints.values())
    write_faults(run.history / FAULTS_FILE, [record])
    completion.proves_nothing_because = record.proves_nothing_because()


def _taskmanager_cpu_s(stack: LocalStack) -> dict[int, float]:
    """CPU seconds so far, by process id."""
    records = map(stack.taskmanager_record, range(stack.settings.taskmanagers))
    return {record.pid: process_cpu_s(record.pid) for record in records if record is not None}


def _judge(run: Run, thresholds: Thresholds) -> Evaluation:
    with run.phases.phase("oracle") as bar:
        run_oracle(run.history, run.replay, run.plan.job, run.limit_ms, bar)
    return judge_folder(run, thresholds)


def judge_folder(run: Run, thresholds: Thresholds) -> Evaluation:
    """Write down what the run was, and judge what it recorded."""
    with run.phases.phase("judge"):
        run.facts["phases_s"] = run.phases.seconds
        (run.folder / "run.json").write_bytes(
            msgspec.json.format(msgspec.json.encode(run.facts), indent=2)
        )
        return judge_run(run.folder, thresholds)


def _python(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module)
