"""Does `paystream state` refuse what does not fit, keep what it found, and leave nothing behind?"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import psutil
import pytest
import typer

from evaluation.large_state.results import RESULTS_FILE, Broken, LargeState
from stack.process import ProcessRecord, StackError, is_alive
from tests.stubborn import DEAF, hears_ctrl_c, immortal, presses_ctrl_c, service
from workbench.cli_state import state
from workbench.state_series import StateSeries

Does = Callable[[StateSeries, Path, ExitStack], None]
Ask = Callable[[Does], int]

#: Of a series that found out one thing.
FOUND = Broken(run="in peace", state_bytes=10**9, reason="the run broke: why")


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Give a function: free disk and memory, GB -> the machine that says so."""
    monkeypatch.setattr(StateSeries, "run", lambda _: pytest.fail("it was started"))

    def says(disk_gb: float, memory_gb: float) -> None:
        disk = SimpleNamespace(free=round(disk_gb * 1e9))
        memory = SimpleNamespace(available=round(memory_gb * 1e9), total=200 * 10**9)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: disk)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)

    return says


@pytest.fixture
def ask(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, room: Callable[..., None]
) -> Iterator[Ask]:
    """Give a function: what the series does -> the exit code; what it starts is real."""
    room(1_000, 1_000)
    monkeypatch.setenv("PAYSTREAM_STACK_STOP_GRACE_S", "0.3")
    with hears_ctrl_c(), ExitStack() as started:

        def call(does: Does) -> int:
            def run(series: StateSeries) -> None:
                does(series, series._settings.data_folder, started)

            monkeypatch.setattr(StateSeries, "run", run)
            with pytest.raises(typer.Exit) as ended:
                state(out=tmp_path / "states")
            return int(ended.value.exit_code)

        yield call


def left(tmp_path: Path) -> list[Path]:
    """What is in the folder that each series gets one of its own in."""
    return list((tmp_path / "states").iterdir())


def stored(folder: Path) -> LargeState:
    return msgspec.json.decode((folder / RESULTS_FILE).read_bytes(), type=LargeState)


@pytest.mark.parametrize(
    ("disk_gb", "memory_gb", "said"),
    [
        (48.9, 100, r"a state of 10 GB needs 49 GB of disk, 49 GB are free in .*states"),
        (3, 100, r"needs 49 GB of disk, 3 GB are free in .*states; .* give a smaller --gb"),
        (100, 6.9, r"7 GB of memory are needed, 6\.9 GB are available; stop what else runs"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_leaves_nothing(
    disk_gb: float,
    memory_gb: float,
    said: str,
    room: Callable[..., None],
    tmp_path: Path,
) -> None:
    room(disk_gb, memory_gb)
    with pytest.raises(StackError, match=said):
        state(gb=10, out=tmp_path / "states")
    assert left(tmp_path) == []


def test_the_largest_of_all_sizes_has_to_fit(room: Callable[..., None], tmp_path: Path) -> None:
    room(48.9, 100)
    with pytest.raises(StackError, match="a state of 10 GB needs 49 GB of disk"):
        state(sizes="10,1", out=tmp_path / "states")


def test_what_just_fits_is_measured(ask: Ask, room: Callable[..., None], tmp_path: Path) -> None:
    room(49.1, 7.1)
    assert ask(lambda series, *_: series.results.broken.append(FOUND)) == 3
    (folder,) = left(tmp_path)
    assert folder.suffix == ""
    assert sorted(each.name for each in folder.iterdir()) == [RESULTS_FILE, "large-state.md"]


def test_ctrl_c_during_the_clean_up_leaves_nothing_running(ask: Ask, tmp_path: Path) -> None:
    records: list[ProcessRecord] = []

    def does(_: Any, data: Path, started: ExitStack) -> None:
        for name, code in (("taskmanager-0", presses_ctrl_c()), ("kafka", DEAF)):
            records.append(started.enter_context(service(data, name, code)))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(does)
    assert [each.name for each in records if is_alive(each)] == []
    assert left(tmp_path) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StackError("kafka died while starting")])
def test_what_tells_of_a_process_that_lives_on_stays(
    error: BaseException, ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records: list[ProcessRecord] = []

    def does(_: Any, data: Path, started: ExitStack) -> None:
        records.append(started.enter_context(immortal(data, "taskmanager-0")))
        records.append(started.enter_context(service(data, "kafka", DEAF)))
        raise error

    with pytest.raises(type(error)):
        ask(does)
    assert [is_alive(each) for each in records] == [True, False]
    (folder,) = left(tmp_path)
    assert [each.name for each in (folder / "stack").glob("*/*.pid.json")] == [
        "taskmanager-0.pid.json"
    ]
    said = capsys.readouterr().err
    assert f"taskmanager-0 (pid {records[0].pid}) still runs" in said
    assert f"PAYSTREAM_STACK_DATA_FOLDER={folder / 'stack'} make stack-down" in said


def test_a_process_that_lives_on_costs_nobody_the_results(ask: Ask, tmp_path: Path) -> None:
    def does(series: StateSeries, data: Path, started: ExitStack) -> None:
        started.enter_context(immortal(data, "taskmanager-0"))
        series.results.broken.append(FOUND)

    assert ask(does) == 3
    (folder,) = left(tmp_path)
    assert stored(folder).broken == [FOUND]
    assert (folder / "stack" / "taskmanager-0" / "taskmanager-0.pid.json").exists()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a bug")])
def test_a_series_that_is_ended_keeps_what_it_found_out(
    error: BaseException, ask: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def does(series: StateSeries, data: Path, started: ExitStack) -> None:
        started.enter_context(service(data, "taskmanager-0", presses_ctrl_c()))
        series.results.broken.append(FOUND)
        raise error

    # The service interrupts whoever stops it.
    with pytest.raises(KeyboardInterrupt):
        ask(does)
    (folder,) = left(tmp_path)
    assert folder.suffix == ""
    assert stored(folder).broken == [FOUND]
    assert stored(folder).facts["ended early"].startswith("after 1 run: ")
    assert "ended early: after 1 run" in (folder / "large-state.md").read_text()
    assert not (folder / "stack").exists()
    assert str(folder) in capsys.readouterr().out.replace("\n", "")


def test_each_result_is_on_disk_when_the_next_run_begins(ask: Ask, tmp_path: Path) -> None:
    seen = []

    def does(series: StateSeries, *_: Any) -> None:
        for number in (1, 2):
            series.results.broken.append(FOUND)
            series._on_result(series.results)
            (folder,) = left(tmp_path)
            seen.append((number, len(stored(folder).broken)))

    ask(does)
    assert seen == [(1, 1), (2, 2)]
