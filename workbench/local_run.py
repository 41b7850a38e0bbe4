"""What does the engine alone say to a scenario, without Java and Kafka?"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path
from zlib import crc32

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.evaluate import Evaluation, usable_thresholds, write_results
from evaluation.local import judge_local
from job.rules.parameters import DEFAULT_FILE as DEFAULT_RULES
from job.rules.parameters import load_rules
from workbench.console import Phases
from workbench.folders import REPLAYS
from workbench.machine import provenance
from workbench.oracle import run_oracle
from workbench.plan import RunPlan
from workbench.replays import make_replay
from workbench.rule_needs import write_rule_needs
from workbench.simulate import new_run_id


def run_locally(
    plan: RunPlan, phases: Phases, runs: Path, *, replays: Path = REPLAYS
) -> tuple[Path, Evaluation]:
    """Run a plan's replay through the engine, and judge what can be judged without a cluster.

    Parameters
    ----------
    plan
        What to run.
    phases
        Where progress is told.
    runs, replays
        Folders of all runs and of all replays.

    Returns
    -------
    tuple of Path and Evaluation
        The run's folder, and what the judges said.
    """
    thresholds = usable_thresholds(plan.thresholds_file)
    load_rules(plan.job.rules_file or DEFAULT_RULES)
    run_id = new_run_id(f"local-{plan.replay.scenario}")
    folder = runs / f"{run_id}.partial"
    history = folder / "history"
    history.mkdir(parents=True)
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        replay = make_replay(plan.replay, phases, replays)
        manifest = msgspec.json.decode((replay / "manifest.json").read_bytes())
        with phases.phase("engine") as bar:
            as_sent(replay / "records.parquet", history / "sent.parquet", plan.partitions)
            reports = replay / "reports.parquet"
            if reports.exists():  # recorded data have none
                as_sent(reports, history / reports.name, plan.partitions)
            run_oracle(history, replay, plan.job, int(manifest["event_time_limit_ms"]), bar)
        with phases.phase("judge"):
            facts = {
                "run_id": run_id,
                "settings": plan.to_builtins(),
                "phases_s": phases.seconds,
                "replay": {
                    "path": os.path.relpath(replay, folder),
                    "sha256": manifest["sha256"],
                },
                **provenance(),
            }
            (folder / "run.json").write_bytes(
                msgspec.json.format(msgspec.json.encode(facts), indent=2)
            )
            needs = write_rule_needs(folder, plan.job.rules_file)
            judged = judge_local(run_id, replay, history / "expected.parquet", thresholds, needs)
            write_results(folder, judged)
        final = runs / run_id
        folder.rename(final)
    return final, judged.results


def as_sent(records: Path, sent: Path, partitions: int) -> None:
    """Give each record the place it would have on a topic: a partition by key, and an offset.

    Parameters
    ----------
    records, sent
        A replay's ``records.parquet``; the file to write, in the order of partition and offset.
    """
    table = pq.read_table(records, columns=["index", "record_time_ms", "key", "value"])
    keys = table.column("key").to_pylist()
    places = np.array([crc32((key or "").encode()) % partitions for key in keys], dtype=np.int32)
    order = np.argsort(places, kind="stable")
    counts = np.bincount(places, minlength=partitions)
    offsets = np.concatenate([np.arange(count, dtype=np.int64) for count in counts])
    rows = table.take(pa.array(order))
    pq.write_table(
        rows.append_column("partition", pa.array(places[order])).append_column(
            "offset", pa.array(offsets)
        ),
        sent,
        compression="zstd",
    )
