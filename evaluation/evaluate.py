"""What do all judges together say of a run?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.history import History, load_history
from evaluation.judges.base import judge_classes
from evaluation.thresholds import DEFAULT_FILE, Thresholds, load_thresholds
from evaluation.toml_file import SettingsFileError
from evaluation.verdict import Figure, JudgeResult, Verdict, combine

#: The layout of ``results.json``; raised when a reader must change.
RESULTS_FORMAT: Final = 1


class Evaluation(msgspec.Struct, frozen=True):
    """What all judges say of one run; it is what stands in ``results.json``.

    Parameters
    ----------
    run_id
        The run.
    mode
        ``live`` against real services, ``local`` for the engine alone.
    verdict
        Of the judges that decide.
    judges
        What each says, with its figures.
    settings
        Scenario, difficulty, rate, seed, speedup, warm-up of the replay.
    job
        Restarts, exceptions, CPU seconds, checkpoints completed and failed.
    thresholds
        What the run was held against.
    problems
        Files that were missing or unreadable.
    tables
        Parquet files by name, relative to the run folder.
    blind_rules
        Rules that cannot judge recorded data, each with the fields that the data lacks.
    """

    run_id: str
    mode: str
    verdict: Verdict
    judges: list[JudgeResult]
    settings: dict[str, Any]
    job: dict[str, Any]
    thresholds: Thresholds
    problems: list[str] = []
    tables: dict[str, str] = {}
    blind_rules: dict[str, list[str]] = {}
    format: int = RESULTS_FORMAT

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return self.verdict.exit_code

    def judge(self, name: str) -> JudgeResult | None:
        """What one judge says, or None if it was not asked."""
        return next((result for result in self.judges if result.judge == name), None)

    def figure(self, judge: str, name: str) -> Figure | None:
        """One figure of one judge, or None if it has none of that name."""
        result = self.judge(judge)
        return None if result is None else result.figure(name)


class Evaluated(msgspec.Struct, frozen=True):
    """An evaluation with its tables, before they are written."""

    results: Evaluation
    tables: dict[str, Any]


def usable_thresholds(file: Path | None = None) -> Thresholds:
    """The thresholds of a run, whose deciding judges all exist.

    Parameters
    ----------
    file
        What differs from the thresholds of the package; None for those alone.

    Raises
    ------
    evaluation.toml_file.SettingsFileError
        Naming the file, the field and what is wrong with it.
    """
    thresholds = load_thresholds(file)
    for field, judges in msgspec.structs.asdict(thresholds.verdict).items():
        unknown = sorted(set(judges) - set(judge_classes()))
        if unknown:
            raise SettingsFileError(
                f"{file or DEFAULT_FILE}: verdict.{field}: no judge is called "
                f"{', '.join(unknown)}; judges are {', '.join(judge_classes())}"
            )
    return thresholds


def judge_history(history: History, thresholds: Thresholds) -> Evaluated:
    """Ask every judge. A pure function of its arguments."""
    judged: list[JudgeResult] = []
    tables: dict[str, pa.Table] = {}
    bounds = thresholds.verdict
    # A job that is scaled restarts, as after a fault.
    disturbed = history.facts.fault is not None or history.facts.autoscaling is not None
    deciding = bounds.fault_judges if disturbed else bounds.live_judges
    if history.facts.job.external:
        deciding = bounds.external_judges
    for name, judge_class in judge_classes().items():
        outcome = judge_class().judge(history, thresholds)
        decides = name in deciding or has_target(name, thresholds)
        judged.append(msgspec.structs.replace(outcome.result, decides=decides))
        tables |= outcome.tables
    facts = history.facts
    results = Evaluation(
        run_id=facts.run_id,
        mode="live",
        verdict=combine(judged),
        judges=judged,
        settings=facts.run.settings
        | _conditions(facts.run.stack)
        | _known(msgspec.structs.asdict(facts.manifest)),
        job=_job(history),
        thresholds=thresholds,
        problems=history.problems,
        tables={name: f"results/{name}.parquet" for name in tables},
        blind_rules=facts.blind_rules,
    )
    return Evaluated(results, tables)


def has_target(judge: str, thresholds: Thresholds) -> bool:
    """Whether detection was given a target, and so decides."""
    targets = thresholds.detection
    return judge == "detection" and (
        targets.incident_recall_min is not None or targets.false_alerts_per_1000_max is not None
    )


def _conditions(stack: dict[str, Any]) -> dict[str, Any]:
    """How the services were set, without what moves no figure: ports, folders, who runs them."""
    told = {
        name: value
        for name, value in stack.items()
        if not name.endswith(("_port", "_folder", "_user"))
    }
    return {"stack": told} if told else {}


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _job(history: History) -> dict[str, Any]:
    job = history.facts.job
    statuses = [str(checkpoint.get("status", "")).lower() for checkpoint in job.checkpoints]
    counts = job.checkpoint_counts
    swipes = 0 if history.sent is None else len(history.sent.swipe_positions)
    per_million = {name: 1e6 * cpu_s / swipes for name, cpu_s in job.cpu_s.items() if swipes}
    return {
        "complete": job.complete,
        "restarts": job.restarts,
        "external": job.external,
        "exceptions": len(job.exceptions),
        "cpu_s": job.cpu_s,
        "cpu_s_per_million_swipes": per_million,
        "checkpoints_completed": counts.get("completed", statuses.count("completed")),
        "checkpoints_failed": counts.get("failed", statuses.count("failed")),
    }


def write_results(folder: Path, evaluated: Evaluated) -> Path:
    """Write ``results.json`` and the tables into a run folder; the file's path."""
    for name, file in evaluated.results.tables.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(evaluated.tables[name], folder / file, compression="zstd")
    target = folder / "results.json"
    encoded = msgspec.json.format(msgspec.json.encode(evaluated.results), indent=1)
    unfinished = target.with_suffix(".json.part")
    unfinished.write_bytes(encoded + b"\n")
    unfinished.replace(target)
    return target


def read_results(folder: Path) -> Evaluation:
    """The results of a run.

    Raises
    ------
    FileNotFoundError
        If the run was not judged.
    msgspec.DecodeError
        If the file is damaged or of another layout.
    """
    return msgspec.json.decode((folder / "results.json").read_bytes(), type=Evaluation)


def evaluate(folder: Path, thresholds_file: Path | None = None) -> Evaluation:
    """Judge a run folder and write its results there.

    Parameters
    ----------
    folder
        A run folder with its history.
    thresholds_file
        What differs from the thresholds of the package.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    evaluation.toml_file.SettingsFileError
        If the thresholds cannot be used.
    """
    return judge_run(folder, usable_thresholds(thresholds_file))


def judge_run(folder: Path, thresholds: Thresholds) -> Evaluation:
    """Judge a run folder by thresholds that were read before, and write its results there.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    """
    evaluated = judge_history(load_history(folder), thresholds)
    write_results(folder, evaluated)
    return evaluated.results
