"""Does a series about a large state forget a run that broke, or one that lost something?"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
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
from stack.local import LocalStack
from stack.process import StackError
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

    monkeypatch.setattr(state_series, "filled_state", filled)
    monkeypatch.setattr(state_series, "cards_for", lambda *_: 1_000)
    monkeypatch.setattr(LocalStack, "up", lambda *_, **__: ())
    monkeypatch.setattr(LocalStack, "restart_taskmanager", lambda *_: 1.0)
    monkeypatch.setattr(state_series, "make_replay", lambda *_: tmp_path)
    monkeypatch.setattr(state_series, "join_profiles", lambda *_: None)
    monkeypatch.setattr(state_series, "drain_rate", lambda _: (4_000.0, True))
    # The peak of its disk is looked for there.
    monkeypatch.setenv("PAYSTREAM_STACK_DATA_FOLDER", str(tmp_path / "stack"))

    def measure(
        parts: tuple[str, ...],
        said: dict[int, Any],
        *,
        sizes_gb: tuple[float, ...] = (10.0,),
        on_result: Callable[[LargeState], None] = lambda _: None,
        cleared: list[int] | None = None,
    ) -> LargeState:
        numbers = iter(range(100))
        made: list[int] = []

        def simulate(
            plan: RunPlan, *_: Any, settings: StackSettings, **__: Any
        ) -> tuple[Path, Evaluation]:
            number = next(numbers)
            made.append(number)
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
        noted = [] if cleared is None else cleared
        monkeypatch.setattr(state_series, "clear", lambda *_: noted.append(made[-1]))
        plan = StatePlan(
            sizes_gb=sizes_gb,
            swipes_per_card=64,
            calm=replay(1),
            overload=replay(2),
            kills=replay(3),
            checkpoint_interval_ms=1_000,
            parts=parts,
        )
        phases = Phases(Console(file=io.StringIO()))
        measured = StateSeries(plan, StackSettings(), phases, tmp_path, tmp_path, on_result)
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
@pytest.mark.parametrize("kind", [RunBroken, ChildFailed, StackError])
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


def test_what_a_broken_run_left_is_cleared_away_before_the_next(series: Series) -> None:
    cleared: list[int] = []
    series(PARTS, {STORE: RunBroken("why"), JOBMANAGER: StackError("why")}, cleared=cleared)
    assert cleared == [STORE, JOBMANAGER]


def test_the_results_are_told_after_each_run_that_adds_to_them(series: Series) -> None:
    told: list[LargeState] = []
    found = series(
        PARTS, {LOCAL: StackError("why")}, on_result=lambda found: told.append(deepcopy(found))
    )
    # The warm-up adds nothing.
    assert [len(each.judged) for each in told] == [1, 2, 3, 4, 5, 6]
    assert told[-1].judged == found.judged


@pytest.mark.parametrize("refuses", ["up", "restart_taskmanager"])
def test_a_state_that_is_not_filled_is_told_with_its_reason_and_the_next_is_measured(
    refuses: str, series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([StackError("taskmanager-0 did not answer within 90 s", "a line\nwhy")])

    def answer(*_: Any, **__: Any) -> Any:
        for error in answers:
            raise error
        return ()

    monkeypatch.setattr(LocalStack, refuses, answer)
    results = series(PARTS, {}, sizes_gb=(1.0, 10.0))
    (broken,) = results.broken
    assert (broken.run, broken.state_bytes) == ("filling", 10**9)
    assert broken.reason == "the state was not filled: taskmanager-0 did not answer within 90 s why"
    assert (len(results.steady), len(results.recoveries)) == (1, 4)
    assert results.exit_code == 3


def test_a_series_in_which_nothing_could_be_filled_is_inconclusive(
    series: Series, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise StackError("taskmanager-0 did not answer within 90 s")

    monkeypatch.setattr(LocalStack, "up", refuse)
    results = series(PARTS, {}, sizes_gb=(1.0, 10.0))
    assert [each.state_bytes for each in results.broken] == [10**9, 10**10]
    assert results.exit_code == 3
