"""In which order does a run with another job happen?

topics -> replay, seen before? -> card profiles -> collector and sender -> outputs at rest -> read
back -> oracle, if the job claims our rules -> judges -> verdict. Nothing is submitted, started or
stopped on the other side, and no topic is removed.
"""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import KafkaException

from evaluation.evaluate import Evaluation, usable_thresholds
from evaluation.offsets import partitions_of, read_ends
from evaluation.read_back import read_back
from generator.bookends import publish_profiles
from generator.kafka_client import KafkaRefused, KafkaUnreachable, require_broker
from generator.seen_before import find_seen
from generator.settings import ReplaySettings, SettingsError
from job.contracts import Topics
from job.rules.parameters import DEFAULT_FILE as DEFAULT_RULES
from job.rules.parameters import load_rules
from workbench.children import Child
from workbench.commit_progress import CommitProgress
from workbench.completion import Completion
from workbench.console import PhaseBar, Phases
from workbench.external_job import ExternalJob
from workbench.external_topics import FoundTopics, find_topics, retention_warning
from workbench.folders import REPLAYS
from workbench.live import Sender, await_collector, watch_sending
from workbench.machine import CpuTimes, provenance
from workbench.oracle import run_oracle
from workbench.plan import CLOCK_GAP_MS, RunPlan
from workbench.problems import RunBroken
from workbench.sharded_sending import ShardedSending
from workbench.simulate import (
    COLLECTOR_GRACE_S,
    Run,
    judge_folder,
    leave_folder,
    new_run_id,
    take_replay,
)
from workbench.stillness import await_stillness, await_taken_in


@dataclass(frozen=True)
class _Scene:
    """A run, the job it is for, and the topics there are."""

    run: Run
    job: ExternalJob
    found: FoundTopics

    @property
    def swipes(self) -> str:
        return Topics.with_prefix(self.job.prefix).swipes

    @property
    def reach(self) -> list[str]:
        """How a child process gets to that Kafka; passwords stay in their file."""
        file = self.job.kafka_config_file
        words = ["--bootstrap", self.job.bootstrap, "--prefix", self.job.prefix]
        return words if file is None else [*words, "--kafka-config-file", str(file)]


def simulate_external(
    plan: RunPlan,
    job: ExternalJob,
    phases: Phases,
    runs: Path,
    *,
    replays: Path = REPLAYS,
) -> tuple[Path, Evaluation]:
    """Put a job that somebody else runs under test, and judge it.

    Parameters
    ----------
    plan
        What to send, and what to hold the run against. Of its job only the rules count, for the
        oracle.
    job
        Where the job under test reads and writes.
    phases
        Where progress is told.
    runs, replays
        Folders of all runs and of all replays.

    Returns
    -------
    tuple of Path and Evaluation
        The run's folder, and what the judges said.

    Raises
    ------
    generator.settings.SettingsError
        When a topic is missing, or ``swipes`` holds this replay already.
    """
    thresholds = usable_thresholds(plan.thresholds_file)
    load_rules(plan.job.rules_file or DEFAULT_RULES)
    found = find_topics(job)
    run_id = new_run_id(f"external-{plan.replay.scenario}")
    run = Run(plan, run_id, runs / f"{run_id}.partial", phases)
    run.facts = _facts(run, job)
    with ExitStack() as cleanup:
        run.history.mkdir(parents=True)
        cleanup.push(partial(leave_folder, run))
        take_replay(run, replays)
        scene = _Scene(run, job, found)
        try:
            _refuse_a_repeat(scene)
            _live(scene)
            results = _judge(scene, thresholds)
        except (KafkaRefused, KafkaUnreachable, KafkaException) as error:
            raise RunBroken(str(error)) from error
        final = runs / run_id
        run.folder.rename(final)
    return final, results


def _facts(run: Run, job: ExternalJob) -> dict[str, Any]:
    settings = run.plan.to_builtins()
    return {
        "run_id": run.run_id,
        "settings": settings | {"job": None, "external_job": job.to_builtins()},
        **provenance(),
    }


def _refuse_a_repeat(scene: _Scene) -> None:
    with scene.run.phases.phase("sent before?") as bar:
        seen = find_seen(
            scene.job.bootstrap, scene.swipes, scene.run.replay, scene.job.kafka_config
        )
        bar.note = "none of its swipe ids is on the topic"
        if seen is not None:
            bar.note = "yes"
    if seen is not None:
        replay = scene.run.plan.replay
        other = (
            f"another seed (seed={replay.seed + 1}) or "
            if isinstance(replay, ReplaySettings)
            else ""
        )
        raise SettingsError(
            f"this replay was sent before: swipe {seen.swipe_id} stands on {scene.swipes} "
            f"partition {seen.partition} offset {seen.offset}, so every swipe would be a repeat; "
            f"choose {other}topics with another prefix"
        )


def _live(scene: _Scene) -> None:
    run, job, extra = scene.run, scene.job, scene.job.kafka_config
    with run.phases.phase("topics, card profiles") as bar:
        words = [f"{scene.swipes} has {scene.found.partitions} partitions"]
        if scene.found.made:
            words.append(f"made {', '.join(scene.found.made)}")
        if scene.found.profile_partitions:
            count = publish_profiles(job.bootstrap, job.prefix, run.replay, extra)
            words += [f"{count:,} cards", _warm_start(scene, bar)]
        bar.note = "; ".join(words)
    warning = retention_warning(job, run.start_ms, time.time_ns() // 1_000_000)
    if warning is not None:
        run.phases.line("careful", warning, style="yellow")
    admin = require_broker(job.bootstrap, extra)
    ends = read_ends(admin, partitions_of(admin, [scene.swipes])).end
    collector = _collector(scene)
    try:
        completion = _send_and_collect(scene, collector)
    finally:
        collector.stop(COLLECTOR_GRACE_S)
    collector.require_alive()
    _write_job_record(scene, completion)
    with run.phases.phase("read back"):
        begin = {number: offset for (_, number), offset in ends.items()}
        read_back(job.bootstrap, scene.swipes, run.history / "sent.parquet", extra, begin)


def _warm_start(scene: _Scene, bar: PhaseBar) -> str:
    """Let the job take in the profiles, where its consumer group tells how far it is."""
    job, found = scene.job, scene.found
    if job.group is None:
        return "nobody knows when they are taken in (--group)"
    progress = CommitProgress(
        job.bootstrap,
        job.group,
        Topics.with_prefix(job.prefix).card_profiles,
        found.profile_partitions,
        job.kafka_config,
    )
    if await_taken_in(progress, bar):
        return "taken in"
    return f"not all taken in by {job.group}"


def _collector(scene: _Scene) -> Child:
    group = [] if scene.job.group is None else ["--group", scene.job.group]
    topics = [word for name in scene.found.writes for word in ("--topics", name)]
    return Child(
        "the collector",
        [
            *(sys.executable, "-m", "evaluation.collect", *scene.reach, *group, *topics),
            *("--out", str(scene.run.history), "--from-now"),
            "--floor" if scene.found.floor else "--no-floor",
        ],
        scene.run.folder / "collect.log",
    )


def _send_and_collect(scene: _Scene, collector: Child) -> Completion:
    run, job = scene.run, scene.job
    await_collector(run, collector)
    cpu_before = CpuTimes.now()
    sender = _sender(scene)
    try:
        with run.phases.phase("send and judge live") as bar:
            watch_sending(run, sender, collector, bar)
    finally:
        sender.stop()
    run.sent = True
    run.facts["machine"] |= CpuTimes.now().shares_since(cpu_before)
    with run.phases.phase("complete") as bar:
        progress = None
        if job.group is not None:
            progress = CommitProgress(
                job.bootstrap, job.group, scene.swipes, scene.found.partitions, job.kafka_config
            )
        completion = await_stillness(
            run.history,
            collector,
            progress,
            bar,
            still_s=job.still_s,
            timeout_s=job.timeout_s,
        )
        bar.note = completion.reason or f"outputs at rest for {job.still_s:g} s"
    return completion


def _sender(scene: _Scene) -> Sender:
    run, job = scene.run, scene.job
    if job.shared is not None:
        return ShardedSending(
            job.shared, run.run_id, run.folder, run.replay, job.sender_shards, CLOCK_GAP_MS
        )
    return Child(
        "the sender",
        [
            *(sys.executable, "-m", "generator.send", *scene.reach),
            *("--replay", str(run.replay), "--out", str(run.folder)),
            *("--workers", str(run.plan.workers), "--clock-gap-ms", str(CLOCK_GAP_MS)),
            "--no-profiles",
        ],
        run.folder / "send.log",
    )


def _write_job_record(scene: _Scene, completion: Completion) -> None:
    record = {
        "external": True,
        "complete": completion.complete,
        "incomplete_because": completion.reason,
        "complete_means": f"outputs at rest for {scene.job.still_s:g} s"
        + ("" if scene.job.group is None else f", group {scene.job.group} at the end of swipes"),
        "topics": scene.found.writes,
    }
    file = scene.run.history / "job.json"
    file.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2))


def _judge(scene: _Scene, thresholds: Any) -> Evaluation:
    run = scene.run
    if scene.job.expect_rules:
        with run.phases.phase("oracle") as bar:
            run_oracle(run.history, run.replay, run.plan.job, run.limit_ms, bar)
    return judge_folder(run, thresholds)
