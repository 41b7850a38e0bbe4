"""Which runs are there, and how do two differ?

DuckDB over the results of all run folders. A run that is unfinished or damaged is listed as such.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa

from evaluation.evaluate import Evaluation, read_results
from evaluation.flat_settings import flat_settings
from evaluation.run_folder import RunRecord
from evaluation.verdict import INFINITE


class UnknownRunError(ValueError):
    """A run that is not there; names those whose name is close."""


class RunRow(msgspec.Struct, frozen=True):
    """One run in a list; None for what is not known.

    Parameters
    ----------
    state
        ``judged``, ``unfinished`` (no results) or ``damaged`` (unreadable).
    started_at
        ISO 8601, UTC.
    verdict
        Of the whole run.
    uncommitted_p99_ms, committed_p99_ms
        Latency, ms; infinity where over 1% never came.
    """

    run_id: str
    state: str
    started_at: str | None
    commit: str | None
    mode: str | None
    scenario: str | None
    rate_per_min: float | None
    verdict: str | None
    uncommitted_p99_ms: float | None
    committed_p99_ms: float | None
    missing: int | None
    repeated: int | None
    incidents_caught: int | None
    incidents: int | None


class FigureRow(msgspec.Struct, frozen=True):
    """One figure of two runs; ``ratio`` is b / a."""

    judge: str
    figure: str
    unit: str
    a: int | float | str | None
    b: int | float | str | None
    difference: float | None
    ratio: float | None


class SettingRow(msgspec.Struct, frozen=True):
    """One setting, commit or version in which two runs differ."""

    name: str
    a: str
    b: str


class Comparison(msgspec.Struct, frozen=True):
    """Two runs side by side."""

    a: str
    b: str
    verdict_a: str
    verdict_b: str
    settings: list[SettingRow]
    figures: list[FigureRow]


_RUNS_SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in RunRow.__struct_fields__[:6]),
        ("rate_per_min", pa.float64()),
        ("verdict", pa.string()),
        ("uncommitted_p99_ms", pa.float64()),
        ("committed_p99_ms", pa.float64()),
        *((name, pa.int64()) for name in RunRow.__struct_fields__[10:]),
    ]
)
_FIGURES_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("run_id", "judge", "figure", "unit", "verdict", "note")]
    + [(name, pa.float64()) for name in ("value", "threshold")]
)


def open_store(runs: Path) -> duckdb.DuckDBPyConnection:
    """Tables ``runs`` and ``figures`` over all run folders, in memory; close it after use.

    Parameters
    ----------
    runs
        The folder of all runs; need not exist.
    """
    rows: list[dict[str, Any]] = []
    figures: list[dict[str, Any]] = []
    for folder in _folders(runs):
        row, evaluation = _read(folder)
        rows.append(msgspec.structs.asdict(row))
        figures.extend(_figures(row.run_id, evaluation))
    connection = duckdb.connect()
    for name, of, schema in (
        ("run_rows", rows, _RUNS_SCHEMA),
        ("figure_rows", figures, _FIGURES_SCHEMA),
    ):
        connection.register(name, pa.Table.from_pylist(of, schema=schema))
    connection.execute("CREATE TABLE runs AS SELECT * FROM run_rows")
    connection.execute("CREATE TABLE figures AS SELECT * FROM figure_rows")
    return connection


def list_runs(runs: Path) -> list[RunRow]:
    """All runs, newest first; a run that does not say when it started stands last."""
    with open_store(runs) as connection:
        found = connection.execute(
            "SELECT * FROM runs ORDER BY started_at DESC NULLS LAST, run_id DESC"
        ).fetchall()
    return [RunRow(*row) for row in found]


def compare(runs: Path, a: str, b: str) -> Comparison:
    """Hold two runs against each other, figure by figure.

    Raises
    ------
    UnknownRunError
        If there is no such run, or it was not judged.
    """
    (run_a, of_a), (run_b, of_b) = judged_run(runs, a), judged_run(runs, b)
    return Comparison(
        a=a,
        b=b,
        verdict_a=of_a.verdict.value,
        verdict_b=of_b.verdict.value,
        settings=_settings(run_a, of_a, run_b, of_b),
        figures=list(_compared(of_a, of_b)),
    )


def _folders(runs: Path) -> list[Path]:
    return sorted(filter(_is_run, runs.iterdir())) if runs.is_dir() else []


def _is_run(path: Path) -> bool:
    """Whether a folder is a run's, however broken; other things may lie beside runs."""
    if path.name.endswith(".partial"):
        return path.is_dir()
    return any((path / name).exists() for name in ("run.json", "results.json", "history"))


def judged_run(runs: Path, run_id: str) -> tuple[RunRecord, Evaluation]:
    """What one run was, and what the judges said of it.

    Raises
    ------
    UnknownRunError
        If there is no such run (names close ones), or it was not judged.
    """
    names = [folder.name for folder in _folders(runs)]
    if run_id not in names:
        close = difflib.get_close_matches(run_id, names, n=5, cutoff=0.4) or names[-5:]
        hint = f"; close ones: {', '.join(close)}" if close else f"; {runs} holds no runs"
        raise UnknownRunError(f"there is no run {run_id!r}{hint}")
    try:
        return _run_record(runs / run_id), read_results(runs / run_id)
    except FileNotFoundError:
        raise UnknownRunError(f"run {run_id!r} is unfinished: it has no results.json") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnknownRunError(f"run {run_id!r} is damaged: results.json: {error}") from None


def _run_record(folder: Path) -> RunRecord:
    try:
        return msgspec.json.decode((folder / "run.json").read_bytes(), type=RunRecord)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return RunRecord()


def _read(folder: Path) -> tuple[RunRow, Evaluation | None]:
    evaluation: Evaluation | None = None
    state = "judged"
    try:
        evaluation = read_results(folder)
    except FileNotFoundError:
        state = "unfinished"
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        state = "damaged"
    return _row(folder.name, state, _run_record(folder), evaluation), evaluation


def _row(name: str, state: str, run: RunRecord, evaluation: Evaluation | None) -> RunRow:
    settings = (
        flat_settings(run.settings) if evaluation is None else flat_settings(evaluation.settings)
    )
    rate = settings.get("rate_per_min", settings.get("replay.rate_per_min"))

    def value(judge: str, figure: str) -> Any:
        result = None if evaluation is None else evaluation.judge(judge)
        found = None if result is None else result.figure(figure)
        return None if found is None else _as_float(found.value)

    def count(judge: str, figure: str) -> int | None:
        found = value(judge, figure)
        return None if found is None else int(found)

    return RunRow(
        run_id=name,
        state=state,
        started_at=run.started_at,
        commit=_commit(run),
        mode=None if evaluation is None else evaluation.mode,
        scenario=settings.get("scenario", settings.get("replay.scenario")),
        rate_per_min=None if rate is None else float(rate),
        verdict=None if evaluation is None else evaluation.verdict.value,
        uncommitted_p99_ms=value("latency", "uncommitted_p99"),
        committed_p99_ms=value("latency", "committed_p99"),
        missing=count("delivery", "missing"),
        repeated=count("delivery", "repeated"),
        incidents_caught=count("detection", "incidents_caught"),
        incidents=count("detection", "incidents"),
    )


def _commit(run: RunRecord) -> str | None:
    return None if run.commit is None else run.commit + ("+changes" if run.dirty else "")


def _as_float(value: int | float | str | None) -> float | None:
    if isinstance(value, str):
        return math.inf if value == INFINITE else None
    return None if value is None else float(value)


def _figures(run_id: str, evaluation: Evaluation | None) -> Iterator[dict[str, Any]]:
    for result in () if evaluation is None else evaluation.judges:
        for figure in result.figures:
            yield {
                "run_id": run_id,
                "judge": result.judge,
                "figure": figure.name,
                "unit": figure.unit,
                "verdict": figure.verdict,
                "note": figure.note,
                "value": _as_float(figure.value),
                "threshold": figure.threshold,
            }


def _compared(a: Evaluation, b: Evaluation) -> Iterator[FigureRow]:
    of_b = {(r.judge, figure.name): figure for r in b.judges for figure in r.figures}
    of_a = {(r.judge, figure.name): figure for r in a.judges for figure in r.figures}
    for key in dict.fromkeys((*of_a, *of_b)):
        left, right = of_a.get(key), of_b.get(key)
        either = left or right
        value_a, value_b = (None if f is None else f.value for f in (left, right))
        difference = ratio = None
        if isinstance(value_a, int | float) and isinstance(value_b, int | float):
            difference = value_b - value_a
            ratio = value_b / value_a if value_a else None
        unit = "" if either is None else either.unit
        yield FigureRow(*key, unit, value_a, value_b, difference, ratio)


def _settings(
    run_a: RunRecord, of_a: Evaluation, run_b: RunRecord, of_b: Evaluation
) -> list[SettingRow]:
    left, right = _described(run_a, of_a), _described(run_b, of_b)
    return [
        SettingRow(name, str(left.get(name, "")), str(right.get(name, "")))
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    ]


def _described(run: RunRecord, evaluation: Evaluation) -> dict[str, Any]:
    thresholds = msgspec.to_builtins(evaluation.thresholds)
    return {
        "commit": _commit(run),
        **flat_settings(evaluation.settings),
        **flat_settings(run.versions, "version."),
        **flat_settings(thresholds, "threshold."),
    }
