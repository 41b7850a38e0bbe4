"""Out of what are the quick controls made, and in which order are they tried?"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow.parquet as pq
from pydantic import ValidationError

from evaluation.board.sample import Sample, SampleError, ShardFacts, read_sample
from evaluation.controls.base import control_classes
from evaluation.controls.healthy import write_healthy_run
from evaluation.controls.leaks import small_traffic
from evaluation.controls.material import Material, WithoutRule, with_detection_target
from evaluation.controls.results import Positive, Tried, positive_control, try_control
from evaluation.evaluate import usable_thresholds
from evaluation.history import Expected, History, expected_records, load_history
from generator.bulk import SHARD_FILE
from generator.settings import ReplaySettings
from job.rules.parameters import DEFAULT_FILE as DEFAULT_RULES
from workbench.bulk import engine_at
from workbench.children import Child, ChildFailed
from workbench.console import PhaseBar, Phases
from workbench.local_run import as_sent
from workbench.oracle import run_oracle
from workbench.plan import JobPlan
from workbench.replays import ensure_replay

#: Attacks enough for the detection, measured seconds enough for a slope, swipes enough for a p99.9.
REPLAY: Final = ReplaySettings(rate_per_min=30_000, duration_s=24, warm_up_s=3, incidents=120)
PARTITIONS: Final = 4
#: Of a replay's folder.
MANIFEST: Final = "manifest.json"
_SHARD_TABLES: Final = ("labels", "swipes", "incidents", "profiles")
_DAY_MS: Final = 86_400_000


def try_quick(
    phases: Phases, run: Path | None = None, names: list[str] | None = None
) -> tuple[list[Positive], list[Tried]]:
    """Try every control that needs no cluster.

    Parameters
    ----------
    phases
        Where progress is told.
    run
        The folder of a run whose history is tampered with; None for a healthy one, made here.
    names
        Of the controls to try; None for all.

    Returns
    -------
    list of Positive, list of Tried
        The unbroken history's judges, and the controls in the order of their names.
    """
    with tempfile.TemporaryDirectory(prefix="paystream-controls-") as scratch:
        material = make_material(Path(scratch), phases, run)
        with phases.phase("controls") as bar:
            positive = positive_control(material.baseline)
            tried = []
            classes = control_classes()
            for done, name in enumerate(names or classes):
                bar.update(done, len(classes), name)
                tried.append(try_control(classes[name](), material))
    return positive, tried


def make_material(scratch: Path, phases: Phases, run: Path | None = None) -> Material:
    """What the quick controls break.

    Parameters
    ----------
    scratch
        An empty folder for what is made on the way.
    """
    folder = run or healthy_run(scratch / "healthy", phases)
    history = load_history(folder)
    with phases.phase("without one rule") as bar:
        without_rule = _without_rule(history, scratch / "without", bar)
        bar.note = "" if without_rule is None else without_rule.rule
    with phases.phase("as an exam"):
        exam = _exam(history.facts.replay_folder, scratch / "exam")
    with phases.phase("traffic with attacks"):
        traffic = small_traffic()
    return Material(
        history=history,
        # Detection decides here: it is what some of the controls break.
        thresholds=with_detection_target(usable_thresholds()),
        without_rule=without_rule,
        exam=exam,
        traffic=traffic,
    )


def healthy_run(folder: Path, phases: Phases, settings: ReplaySettings = REPLAY) -> Path:
    """A run folder with real swipes and the engine's decisions, and the times of a quiet machine.

    The replay is not kept beside those of real runs.
    """
    history = folder / "history"
    history.mkdir(parents=True)
    with phases.phase("replay"):
        replay, _ = ensure_replay(settings, root=folder / "replays")
    with phases.phase("engine") as bar:
        as_sent(replay / "records.parquet", history / "sent.parquet", PARTITIONS)
        limit_ms = _manifest(replay)["event_time_limit_ms"]
        run_oracle(history, replay, JobPlan(), limit_ms, bar)
    write_healthy_run(folder, replay, folder.name)
    return folder


def _manifest(replay: Path) -> dict[str, Any]:
    manifest: dict[str, Any] = msgspec.json.decode((replay / MANIFEST).read_bytes())
    return manifest


def _without_rule(history: History, folder: Path, bar: PhaseBar) -> WithoutRule | None:
    """Let the engine decide again, without the rule that fires most; None if it cannot."""
    rule = busiest_rule(history.expected)
    recorded, replay = history.facts.folder / "history", history.facts.replay_folder
    needed = (recorded / "sent.parquet", recorded / "observed.parquet", replay / MANIFEST)
    if rule is None or not all(file.exists() for file in needed):
        return None
    folder.mkdir()
    for name in ("sent.parquet", "observed.parquet"):
        (folder / name).symlink_to((recorded / name).resolve())
    job = _job_of(history)
    rules = folder / "rules.toml"
    rules.write_text(switched_off((job.rules_file or DEFAULT_RULES).read_text(), rule))
    plan = job.model_copy(update={"rules_file": rules, "code_root": None})
    run_oracle(folder, replay, plan, _manifest(replay)["event_time_limit_ms"], bar)
    outputs = expected_records(pq.read_table(folder / "expected.parquet"))
    return WithoutRule(rule, outputs)


def busiest_rule(expected: Expected | None) -> str | None:
    """The rule behind most decisions; None where none fired."""
    if expected is None:
        return None
    fired = Counter(
        rule
        for decision in expected.records("decisions")
        if decision is not None
        for rule in decision.rules
    )
    return fired.most_common(1)[0][0] if fired else None


def switched_off(rules: str, rule: str) -> str:
    r"""A parameter file in which one rule is switched off.

    Examples
    --------
    >>> switched_off("[velocity]\nswipes = 6\n", "velocity")
    '[velocity]\nenabled = false\nswipes = 6\n'
    >>> switched_off("", "velocity")
    '[velocity]\nenabled = false\n'
    """
    table, off = f"[{rule}]\n", "enabled = false\n"
    return rules.replace(table, table + off) if table in rules else f"{rules}{table}{off}"


def _job_of(history: History) -> JobPlan:
    try:
        return JobPlan.model_validate(history.facts.run.settings.get("job", {}))
    except ValidationError:
        return JobPlan()


def _exam(replay: Path, folder: Path) -> Sample | None:
    """The replay's swipes as the board reads them; None where it cannot."""
    if not all((replay / f"{name}.parquet").exists() for name in _SHARD_TABLES):
        return None
    try:
        _write_shard(replay, folder)
        return read_sample([folder], engine_at().short)
    except (SampleError, ChildFailed):
        return None


def _write_shard(replay: Path, folder: Path) -> None:
    folder.mkdir()
    for name in _SHARD_TABLES:
        (folder / f"{name}.parquet").symlink_to((replay / f"{name}.parquet").resolve())
    manifest = _manifest(replay)
    start_ms, end_ms = manifest["event_time_start_ms"], manifest["event_time_end_ms"]
    facts = ShardFacts(
        split="tuning",
        seed=0,
        scored_from_ms=start_ms,
        event_time_end_ms=end_ms,
        portfolio_cards=pq.ParquetFile(folder / "profiles.parquet").metadata.num_rows,
        days=(end_ms - start_ms) / _DAY_MS,
    )
    (folder / SHARD_FILE).write_bytes(msgspec.json.encode(facts))
    engine = engine_at()
    out = engine.scores_file(folder)
    Child("the engine in bulk", engine.command(folder, out), folder / "bulk.log").wait()
