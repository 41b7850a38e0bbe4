"""Does a series about a large state forget a run that broke, or one that lost something?"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from evaluation.evaluate import Evaluation
from evaluation.fault_record import FAULTS_FILE, FaultRecord, write_faults
from evaluation.large_state.page import markdown
from evaluation.large_state.results import LargeState
from evaluation.thresholds import load_thresholds
from evaluation.verdict import JudgeResult, combine
from generator.settings import ReplaySettings
from stack.flink_answers import Checkpoint
from stack.settings import StackSettings
from workbench import state_series
from workbench.children import ChildFailed
from workbench.console import Phases
from workbench.plan import RunPlan
from workbench.problems import RunBroken
from workbench.state_fill import Filled
from workbench.state_series import PARTS, PEACE, StatePlan, StateSeries

FILLED = Filled(
    location="s3://filled",
    cards=1_000,
    fill_s=60.0,
    checkpoint=Checkpoint(
        id=1,
        status="COMPLETED",
        is_savepoint=False,
        trigger_ms=0,
        latest_ack_ms=1,
        duration_ms=1,
        state_bytes=10**10,
    ),
)
#: The runs of all parts at one size, in their order.
CALM, OVERLOAD, STORE, LOCAL, JOBMANAGER, WARM_UP, SPARE = range(7)
#: What a run says that went well.
WELL = {"delivery": "pass", "stability": "pass", "latency": "fail"}
LOST = WELL | {"delivery": "fail"}

Series = Callable[..., LargeState]


def evaluation(verdicts: dict[str, Any]) -> Evaluation:
    judges = [
        JudgeResult(judge, verdict, f"it was a {verdict}") for judge, verdict in verdicts.items()
    ]
    return Evaluation(
        run_id="run",
        mode="live",
        verdict=combine(judges),
        judges=judges,
        settings={},
        job={},
        thresholds=load_thresholds(),
    )


def replay(seed: int) -> ReplaySettings:
    return ReplaySettings.parse({"scenario": "geo_jump", "duration_s": 30, "seed": seed})


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Series:
    """Give a function: parts, what runs say by their number -> results, with nothing started."""

    @contextmanager
    def filled(*_: Any) -> Iterator[Filled]:
        yield FILLED

    monkeypatch.setattr(StateSeries, "_filled", filled)
    monkeypatch.setattr(state_series, "make_replay", lambda *_: tmp_path)
    monkeypatch.setattr(state_series, "join_profiles", lambda *_: None)
    monkeypatch.setattr(state_series, "drain_rate", lambda _: (4_000.0, True))
    # The peak of its disk is looked for there.
    monkeypatch.setenv("PAYSTREAM_STACK_DATA_FOLDER", str(tmp_path / "stack"))

    def measure(parts: tuple[str, ...], said: dict[int, Any]) -> LargeState:
        numbers = iter(range(100))

        def simulate(
            plan: RunPlan, *_: Any, settings: StackSettings, **__: Any
        ) -> tuple[Path, Evaluation]:
            number = next(numbers)
            says = said.get(number, WELL)
            if isinstance(says, Exception):
                raise says
            folder = tmp_path / str(number)
            (folder / "history").mkdir(parents=True)
            (folder / "history" / "job.json").write_text('{"checkpoints": []}')
            remote, local = (0, 10**10) if settings.local_recovery else (10**10, 0)
            fault = FaultRecord(fault=plan.fault or "", remote_bytes=remote, local_bytes=local)
            write_faults(folder / "history" / FAULTS_FILE, [fault] if plan.fault else [])
            # Of a run with a fault latency does not decide.
            decide = says if plan.fault is None else {**says, "latency": "pass"}
            return folder, evaluation(decide)

        monkeypatch.setattr(state_series, "simulate", simulate)
        plan = StatePlan(
            sizes_gb=[10.0],
            swipes_per_card=64,
            calm=replay(1),
            overload=replay(2),
            kills=replay(3),
            checkpoint_interval_ms=1_000,
            parts=parts,
        )
        phases = Phases(Console(file=io.StringIO()))
        measured = StateSeries(plan, StackSettings(), phases, tmp_path, tmp_path)
        measured.run()
        return measured.results

    return measure


def test_where_all_goes_well_everything_is_measured_and_passes(series: Series) -> None:
    results = series(PARTS, {})
    assert (len(results.steady), len(results.recoveries), results.broken) == (1, 4, [])
    assert results.steady[0].rate_per_s == 4_000.0
    assert results.exit_code == 0


def test_a_series_says_what_it_took_at_most(series: Series) -> None:
    peak = series((PEACE,), {}).peak
    assert peak is not None
    assert peak.memory_bytes > 0


def test_peace_alone_can_pass(series: Series) -> None:
    assert series((PEACE,), {}).exit_code == 0


@pytest.mark.parametrize("run", [CALM, OVERLOAD])
def test_what_is_lost_in_peace_or_overloaded_is_a_failure(run: int, series: Series) -> None:
    results = series(PARTS, {run: LOST})
    assert results.exit_code == 1
    assert "delivery: it was a fail" in markdown(results)


@pytest.mark.parametrize(
    ("run", "name"),
    [
        (CALM, "in peace"),
        (OVERLOAD, "overloaded"),
        (STORE, "taskmanager_kill, object store"),
        (LOCAL, "taskmanager_kill, local copy"),
        (JOBMANAGER, "jobmanager_kill, local copy"),
        (WARM_UP, "warm-up before taskmanager_kill, object store, with a spare"),
        (SPARE, "taskmanager_kill, object store, with a spare"),
    ],
)
@pytest.mark.parametrize("kind", [RunBroken, ChildFailed])
def test_a_run_that_breaks_is_inconclusive_and_told_with_its_reason(
    kind: type[Exception], run: int, name: str, series: Series
) -> None:
    error = kind("it ended with 1; its last lines:\n    | a line\n    | why")
    results = series(PARTS, {run: error})
    assert results.exit_code == 3
    (broken,) = results.broken
    assert (broken.run, broken.state_bytes) == (name, 10**10)
    assert broken.reason == "the run broke: it ended with 1; its last lines: why"
    assert f"- {name} at 10.00 GB: inconclusive, {broken.reason}." in markdown(results)


def test_a_run_that_breaks_costs_no_other_run_its_figures(series: Series) -> None:
    results = series(PARTS, {STORE: RunBroken("it did not come to run")})
    assert [each.origin for each in results.recoveries] == [
        "local copy",
        "local copy",
        "object store",
    ]
    assert len(results.steady) == 1


def test_a_loss_outweighs_a_run_that_broke(series: Series) -> None:
    assert series(PARTS, {CALM: LOST, STORE: RunBroken("why")}).exit_code == 1


def test_a_spare_that_was_not_warmed_up_is_not_measured_as_a_warm_one(series: Series) -> None:
    results = series(PARTS, {WARM_UP: RunBroken("why")})
    assert not any(each.has_spare for each in results.recoveries)
