"""Does a series of faults go on after a run that broke, and what is kept of one that is ended?"""

from __future__ import annotations

import io
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from rich.console import Console

from evaluation.chaos.results import CHAOS_FILE, HARMS, Chaos, FaultOutcome
from evaluation.fault_record import FaultRecord
from generator.settings import SettingsError
from stack.process import StackError
from stack.settings import StackSettings
from workbench import chaos as chaos_module
from workbench import leftovers
from workbench.chaos import Trial, run_chaos
from workbench.console import Phases
from workbench.kept_series import keep, open_folder, require_writable_page
from workbench.plan import RunPlan
from workbench.problems import RunBroken

COUNTS = dict.fromkeys(HARMS, 0)


def outcome(run_id: str) -> FaultOutcome:
    return FaultOutcome(
        fault="kafka_kill",
        run_id=run_id,
        verdict="pass",
        reason="held",
        record=FaultRecord(fault="kafka_kill"),
        expected=1_000,
        counts=COUNTS,
        times_ms={},
    )


@pytest.fixture
def series(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Give a function: what each run does -> the results, with everything real left out."""
    cleared: list[str] = []
    plans: list[RunPlan] = []

    @contextmanager
    def no_stack(settings: StackSettings) -> Any:
        yield settings

    def run(
        trials: list[Trial], runs: list[Any], plan: RunPlan | None = None, **options: Any
    ) -> list[FaultOutcome]:
        coming = iter(runs)

        def simulate(plan: RunPlan, *_: Any, **__: Any) -> tuple[Path, Any]:
            plans.append(plan)
            said = next(coming)
            if isinstance(said, BaseException):
                raise said
            evaluation = SimpleNamespace(verdict=SimpleNamespace(value="pass", reason="held"))
            return tmp_path / said, evaluation

        monkeypatch.setattr(chaos_module, "one_stack", no_stack)
        monkeypatch.setattr(chaos_module, "warm_all", lambda *_: None)
        monkeypatch.setattr(chaos_module, "simulate", simulate)
        monkeypatch.setattr(chaos_module, "clear", lambda *_: cleared.append("cleared"))
        monkeypatch.setattr(chaos_module, "outcomes_of", lambda *_, **__: [outcome("r")])
        console = Console(file=io.StringIO())
        found = run_chaos(
            trials,
            plan or RunPlan(),
            Phases(console),
            tmp_path,
            settings=StackSettings(),
            **options,
        )
        return list(found)

    run.cleared = cleared  # type: ignore[attr-defined]
    run.plans = plans  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            RunBroken("it ended with 1:\n    | a line\n    | why"),
            "the run broke: it ended with 1: why",
        ),
        (StackError("kafka died while starting"), "the run broke: kafka died while starting"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ZeroDivisionError("a bug"), "the run broke: ZeroDivisionError: a bug"),
    ],
)
def test_a_broken_run_does_not_end_the_series(series, error, said, capsys):
    found = series([Trial("random", seed) for seed in (1, 2, 3)], ["a", error, "c"])
    assert [each.verdict for each in found] == ["pass", "inconclusive", "pass"]
    assert said in found[1].reason
    assert "\n" not in found[1].reason
    assert found[1].seed == 2
    assert series.cleared == ["cleared"], "what it left is cleared away, and nothing else"
    is_bug = isinstance(error, OSError | ZeroDivisionError)
    told = capsys.readouterr().err
    assert ("Traceback" in told) is is_bug
    assert ("a line" in told) is isinstance(error, RunBroken), "the table leaves it out"


def test_a_random_sequence_has_for_each_fault_what_one_alone_has(series):
    series([Trial("kafka_kill"), Trial("random", 1), Trial("kafka_kill")], ["a", "b", "c"])
    alone, random, again = (plan.replay.duration_s for plan in series.plans)
    assert random == 3 * alone
    assert again == alone


def test_a_soak_is_as_long_as_was_asked(series):
    soak = RunPlan().model_copy(update={"fault_count": 5})
    series([Trial("random", 1)], ["a"], plan=soak)
    assert series.plans[0].replay.duration_s == soak.replay.duration_s


def test_ctrl_c_ends_the_series(series):
    with pytest.raises(KeyboardInterrupt):
        series([Trial("kafka_kill")] * 3, ["a", KeyboardInterrupt(), "c"])


@pytest.mark.parametrize("fault", ["upgrade", "kafka_kill,upgrade"])
def test_a_commit_that_is_none_is_refused_before_anything_starts(series, fault):
    with pytest.raises(SettingsError, match="no commit"):
        series([Trial(fault)], [AssertionError("it was started")], base="no-such-ref")


def test_a_commit_that_nothing_begins_with_is_refused(series):
    with pytest.raises(SettingsError, match="--base"):
        series([Trial("kafka_kill")], [AssertionError("it was started")], base="HEAD~1")


def stored(folder: Path) -> Chaos:
    return msgspec.json.decode((folder / CHAOS_FILE).read_bytes(), type=Chaos)


def test_each_result_is_on_disk_when_the_next_run_begins(tmp_path):
    folder = open_folder(tmp_path)
    seen = []

    def coming():
        for run_id in ("a", "b", "c"):
            yield outcome(run_id)
            seen.append([each.run_id for each in stored(folder).outcomes])

    kept = keep(coming(), Chaos(outcomes=[], facts={}), folder, Console(file=io.StringIO()))
    assert seen == [["a"], ["a", "b"], ["a", "b", "c"]]
    assert [each.name for each in tmp_path.iterdir()] == [kept.name]
    assert (kept / "faults.md").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a bug")])
def test_a_series_that_is_ended_keeps_what_it_found_out(tmp_path, error):
    def coming():
        yield outcome("a")
        yield outcome("b")
        raise error

    console = Console(file=io.StringIO(), width=200)
    with pytest.raises(type(error)):
        keep(coming(), Chaos(outcomes=[], facts={}), open_folder(tmp_path), console)
    (folder,) = tmp_path.iterdir()
    assert folder.suffix == ""
    assert [each.run_id for each in stored(folder).outcomes] == ["a", "b"]
    assert stored(folder).facts["ended early"].startswith("after 2 faults: ")
    assert "ended early: after 2 faults" in (folder / "faults.md").read_text()
    assert "0 of 2,000 outputs" in console.file.getvalue()
    assert not list(folder.glob("*.partial*"))


def test_a_series_that_found_out_nothing_leaves_nothing(tmp_path):
    def coming():
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        keep(coming(), Chaos(outcomes=[], facts={}), open_folder(tmp_path), Console())
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_no_page_can_be_written_is_refused(tmp_path):
    require_writable_page(None)
    require_writable_page(tmp_path / "faults.md")
    with pytest.raises(SettingsError, match="is a folder"):
        require_writable_page(tmp_path)
    with pytest.raises(SettingsError, match="no folder"):
        require_writable_page(tmp_path / "absent" / "faults.md")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="--out: "):
        open_folder(tmp_path / "file")


def test_clearing_up_takes_what_broken_runs_left_and_nothing_else(monkeypatch):
    cancelled, forgotten, removed = [], [], []
    run, old = "20260302T170000-geo_jump-0a1b.", "20260301T170000-geo_jump-0a1b."
    jobs = [
        SimpleNamespace(id="left", name=f"{run}detection", state="RESTARTING"),
        SimpleNamespace(id="ended", name=f"{run}detection", state="FAILED"),
        SimpleNamespace(id="old", name=f"{old}detection", state="RUNNING"),
        SimpleNamespace(id="other", name="detection", state="RUNNING"),
    ]

    class Stack:
        def __init__(self, settings: Any) -> None:
            self.settings = settings
            self.rest = SimpleNamespace(jobs=lambda: jobs, cancel=cancelled.append)

        @contextmanager
        def reserved(self, _purpose: str) -> Any:
            yield

        def up(self) -> None: ...

        def remove_checkpoints(self, job_id: str) -> None:
            forgotten.append(job_id)

    topics = {f"{run}swipes", f"{old}swipes", "swipes", "__consumer_offsets"}
    monkeypatch.setattr(leftovers, "LocalStack", Stack)
    monkeypatch.setattr(leftovers, "existing_topics", lambda _address: topics)
    monkeypatch.setattr(leftovers, "delete_topics", lambda _address, names: removed.extend(names))
    leftovers.clear(StackSettings(), "20260302T165959")
    assert (cancelled, forgotten, removed) == (["left"], ["left"], [f"{run}swipes"])


def test_clearing_up_that_fails_is_said_and_does_not_end_the_series(monkeypatch, capsys):
    def refuse(_settings: Any) -> None:
        raise StackError("this stack is in use by another run")

    monkeypatch.setattr(leftovers, "LocalStack", refuse)
    leftovers.clear(StackSettings(), "2026")
    assert "clearing up after a broken run failed: this stack is in use" in capsys.readouterr().err
