"""Is the job better or worse for a change, on the same swipes?

Two engines judge the same shards, side by side and in turns, so that whatever disturbs the machine
disturbs both; their boards are compared incident by incident and case by case.
"""

from __future__ import annotations

import secrets
import shutil
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.before_after import (
    FALSE_ALARM_RATE,
    DetectionChange,
    compare_boards,
    paired_ratio,
)
from evaluation.change import AbResult, Change, write_ab
from generator.bulk import ExamSettings
from generator.settings import ReplaySettings
from workbench.ab_live import LIVE_FIGURES, live_changes
from workbench.bulk import (
    Engine,
    RulesChanged,
    Task,
    engine_at,
    make_shards,
    read_shard,
    run_tasks,
    unchanged,
)
from workbench.console import PhaseBar, Phases
from workbench.exam import LEDGER, enter, make_board
from workbench.folders import EXAMS, RUNS, SHARDS
from workbench.machine import PROJECT_ROOT, provenance
from workbench.revision import extract_job, resolve

#: Statements of one comparison: recall, false cases, CPU of the engine, and scenarios together.
STATEMENTS: Final = 4
#: By its file: another commit's job is what the process finds by name.
_TIMED: Final = PROJECT_ROOT / "workbench" / "timed.py"


def run_ab(
    base: str,
    settings: ExamSettings,
    phases: Phases,
    *,
    workers: int,
    rules_before: Path | None = None,
    rules_after: Path | None = None,
    live_pairs: int = 0,
    replay: ReplaySettings | None = None,
    runs: Path = RUNS,
    exams: Path = EXAMS,
    cache: Path = SHARDS,
) -> tuple[Path, AbResult]:
    """Compare the job at a commit with the working tree's.

    Parameters
    ----------
    base
        Branch, tag or commit.
    settings
        The exam that both sit.
    rules_before, rules_after
        Rule parameters of either side; its own where left out.
    live_pairs
        Runs of each side on the real stack, for the latency; 0 for none.
    replay
        What is replayed then.

    Returns
    -------
    tuple of Path and AbResult
        The folder with everything, and what is said of the change.
    """
    sha = resolve(base)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-ab-{secrets.token_hex(2)}"
    folder = exams / f"{name}.partial"
    folder.mkdir(parents=True)
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        root = extract_job(sha, folder / "base")
        engines = (engine_at(root, rules_before), engine_at(rules_file=rules_after))
        with phases.phase("shards") as bar:
            shards = make_shards(settings, folder, bar, workers, cache)
        for engine in dict.fromkeys(engines):
            enter(exams / LEDGER, name, settings, engine)
        with phases.phase("both in turns") as bar:
            cpu_s = _score_in_turns(engines, shards, folder, bar, workers)
        with phases.phase("boards"):
            boards = [folder / side for side in ("before", "after")]
            for engine, board in zip(engines, boards, strict=True):
                make_board(shards, engine, board)
        alpha = FALSE_ALARM_RATE / (STATEMENTS + (len(LIVE_FIGURES) if live_pairs else 0))
        live: list[Change] = []
        if live_pairs:
            live = live_changes(
                engines, live_pairs, replay or ReplaySettings(), phases, runs, alpha
            )
        result, detection = _judge(
            f"{base} ({sha[:12]})", engines, boards, shards, cpu_s, alpha, live
        )
        _write(folder, settings, result, detection)
        shutil.rmtree(root)
        final = exams / name
        folder.rename(final)
    return final, result


def _score_in_turns(
    engines: tuple[Engine, Engine], shards: list[Path], folder: Path, bar: PhaseBar, workers: int
) -> tuple[list[float], list[float]]:
    """CPU seconds per million swipes of each engine on each shard.

    With two workers both sides of a pair run at the same time; the side that starts first
    alternates. The answers are kept beside the shards when all are there.

    Raises
    ------
    workbench.bulk.RulesChanged
        If a side is not the same any more; nothing is kept.
    """
    timed: tuple[list[float], list[float]] = ([], [])
    for number, shard in enumerate(shards):
        outs = [_answers(folder, number, side) for side in range(2)]
        tasks = [
            Task(
                f"judging {shard.name}",
                [
                    *(sys.executable, str(_TIMED), str(folder / f"cpu-{side}.json")),
                    "--",
                    *engines[side].command(shard, outs[side]),
                ],
                folder / f"judge-{side}.log",
                engines[side].root,
            )
            for side in range(2)
        ]
        order = tasks if number % 2 == 0 else tasks[::-1]
        run_tasks(
            order,
            min(workers, 2),
            lambda done, number=number: bar.update(  # type: ignore[misc]
                number + done / 2, len(shards), f"{number + done / 2:.1f} of {len(shards)} pairs"
            ),
        )
        millions = read_shard(shard).swipes / 1e6
        for side in range(2):
            used = msgspec.json.decode((folder / f"cpu-{side}.json").read_bytes())
            timed[side].append((used["user_s"] + used["system_s"]) / millions)
    if not all(map(unchanged, engines)):
        raise RulesChanged
    for number, shard in enumerate(shards):
        for side, engine in enumerate(engines):
            _keep(engine, shard, _answers(folder, number, side))
    bar.note = f"{len(shards)} pairs"
    return timed


def _answers(folder: Path, number: int, side: int) -> Path:
    return folder / f"scores-{number}-{side}.parquet"


def _keep(engine: Engine, shard: Path, out: Path) -> None:
    """Keep the answers beside the shard, if they are not there."""
    kept = engine.scores_file(shard)
    for made, target in (
        (out.with_suffix(".entities.parquet"), kept.with_suffix(".entities.parquet")),
        (out, kept),
    ):
        if target.exists():
            made.unlink()
        else:
            shutil.move(made, target)


def _judge(
    base: str,
    engines: tuple[Engine, Engine],
    boards: list[Path],
    shards: list[Path],
    cpu_s: tuple[list[float], list[float]],
    alpha: float,
    live: list[Change],
) -> tuple[AbResult, DetectionChange]:
    days = sum(read_shard(shard).days for shard in shards)
    detection = compare_boards(boards[0], boards[1], days, alpha)
    cpu = paired_ratio("CPU of the engine", "s per million swipes", *cpu_s, alpha)
    result = AbResult(
        before=base,
        after="working tree",
        same_rules=engines[0].hash == engines[1].hash,
        false_alarm_rate=FALSE_ALARM_RATE,
        changes=[*detection.changes, cpu, *live],
        by_scenario=detection.by_scenario,
        gained=len(detection.gained),
        lost=len(detection.lost),
        new_false=len(detection.new_false),
        gone_false=len(detection.gone_false),
    )
    return result, detection


def _write(
    folder: Path, settings: ExamSettings, result: AbResult, detection: DetectionChange
) -> None:
    write_ab(folder, result, {"settings": settings.model_dump(mode="json"), **provenance()})
    tables: dict[str, pa.Table] = {
        "gained": detection.gained,
        "lost": detection.lost,
        "new_false": detection.new_false,
        "gone_false": detection.gone_false,
    }
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
