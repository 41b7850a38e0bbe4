"""`paystream state`: what does a large state cost, and how fast is it back?"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import psutil
import typer

from evaluation.large_state.results import write_large_state
from generator.settings import ReplaySettings, SettingsError
from generator.whole_file import write_whole
from stack.local import LocalStack
from stack.process import StackError
from stack.settings import StackSettings
from workbench import cli_stack
from workbench.cli_chaos import SCENARIO, chaos_replay
from workbench.console import Phases, make_console
from workbench.folders import REPLAYS, RUNS, STATES
from workbench.kept_series import open_folder, require_writable_page
from workbench.kept_state import PAGE_FILE, keep_state
from workbench.origin import origin
from workbench.state_series import PARTS, PEACE, StatePlan, StateSeries

#: RocksDB's files and those it merges meanwhile, the filled checkpoint, the job's own, and what the
#: store has not yet given back. Measured at 1 GB: 3.3 times the state.
_DISK_PER_STATE: Final = 4.5
#: Virtual memory is not what is short: RocksDB's files are read through the page cache, so this is
#: what the processes need. Measured.
_MEMORY_GB: Final = 7.0
_SPARE_DISK_GB: Final = 4.0
#: A machine that deletes and fetches 10 GB holds its processes up: with the local stack's 4 s the
#: lead was lost by itself.
_ZOOKEEPER_SESSION_MS: Final = 10_000
#: No profile was taken in, so the first swipes meet a cold JVM and a cold Python: after 5 s the
#: backlog of these seconds was still there half a minute later.
_WARM_UP_S: Final = 30
#: The sizes below the largest one that it is compared with.
_STEP: Final = 10.0


def state(
    gb: Annotated[float, typer.Option(help="Largest size of the state, GB.", min=0.01)] = 10.0,
    sizes: Annotated[
        str | None,
        typer.Option(help="All sizes in GB, a comma list; default: a hundredth, a tenth, all."),
    ] = None,
    rate: Annotated[int, typer.Option(help="Swipes a minute.")] = 30_000,
    duration: Annotated[int, typer.Option(help="Measured seconds of the run in peace.")] = 30,
    overload_rate: Annotated[
        int, typer.Option(help="Swipes a minute that are too many.")
    ] = 480_000,
    overload_duration: Annotated[int, typer.Option(help="Seconds of these.")] = 10,
    kill_duration: Annotated[int, typer.Option(help="Measured seconds of a run with kills.")] = 60,
    swipes_per_card: Annotated[
        int, typer.Option(help="Held by each card that makes up the size.", min=1, max=256)
    ] = 64,
    checkpoint_interval_ms: Annotated[
        int, typer.Option(help="Between checkpoints, ms.", min=10)
    ] = 1_000,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Measure this alone, repeatable: {', '.join(PARTS)}. Default: all."),
    ] = None,
    docs: Annotated[
        Path | None, typer.Option(help="Write the page there, too, e.g. docs/large-state.md.")
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder that each use gets one of its own in.")
    ] = STATES,
) -> None:
    """Fill the job's state, measure it in peace, overloaded, and after kills."""
    require_writable_page(docs)
    sizes_gb = _sizes(gb, sizes)
    plan = StatePlan(
        sizes_gb=sizes_gb,
        swipes_per_card=swipes_per_card,
        calm=_replay(rate, duration, _WARM_UP_S, seed=1),
        # Too many from the first second on: a long warm-up would only deepen the backlog.
        overload=_replay(overload_rate, overload_duration, 1, seed=2),
        # Of geo_jump hardly a card swipes twice, and a stale state shows in a second swipe alone.
        kills=chaos_replay(SCENARIO, rate, kill_duration, _WARM_UP_S, seed=3),
        checkpoint_interval_ms=checkpoint_interval_ms,
        parts=_parts(only),
    )
    console = make_console()
    partial = open_folder(out)
    try:
        settings = _settings(partial / "stack", sizes_gb[-1])
    except BaseException:
        partial.rmdir()
        raise
    series = StateSeries(
        plan,
        settings,
        Phases(console),
        RUNS,
        REPLAYS,
        on_result=lambda found: write_large_state(found, partial),
    )
    series.results.facts = _facts(plan, settings)
    folder = keep_state(series.run, series.results, LocalStack(settings), partial, console)
    if docs is not None:
        write_whole(docs, (folder / PAGE_FILE).read_bytes())
    raise typer.Exit(series.results.exit_code)


def _sizes(gb: float, text: str | None) -> list[float]:
    if text is None:
        return [gb / _STEP**2, gb / _STEP, gb]
    try:
        found = sorted({float(each) for each in text.split(",")})
    except ValueError:
        raise SettingsError(f"--sizes {text!r} is no comma list of numbers") from None
    if found[0] <= 0:
        raise SettingsError(f"--sizes {text!r}: a size must be above 0")
    return found


def _parts(only: list[str] | None) -> tuple[str, ...]:
    unknown = [name for name in only or () if name not in PARTS]
    if unknown:
        raise SettingsError(f"--only {unknown[0]!r}: known are {', '.join(PARTS)}")
    return tuple(only or PARTS)


def _replay(rate: int, duration: int, warm_up: int, seed: int) -> ReplaySettings:
    return ReplaySettings.parse(
        {
            "scenario": "geo_jump",
            "rate_per_min": rate,
            "duration_s": duration,
            "warm_up_s": warm_up,
            "seed": seed,
        }
    )


def _settings(folder: Path, largest_gb: float) -> StackSettings:
    """A stack of its own, that can be removed whole; refused where it does not fit."""
    disk_gb = largest_gb * _DISK_PER_STATE + _SPARE_DISK_GB
    free_gb = shutil.disk_usage(folder.parent).free / 1e9
    if free_gb < disk_gb:
        raise StackError(
            f"a state of {largest_gb:g} GB needs {disk_gb:.0f} GB of disk, {free_gb:.0f} GB are "
            f"free in {folder.parent.parent}; make room or give a smaller --gb"
        )
    available_gb = psutil.virtual_memory().available / 1e9
    if available_gb < _MEMORY_GB:
        raise StackError(
            f"{_MEMORY_GB:g} GB of memory are needed, {available_gb:.1f} GB are available; "
            "stop what else runs (`make stack-down`)"
        )
    return StackSettings.load(
        data_folder=folder,
        high_availability=True,
        object_store=True,
        zookeeper_session_ms=_ZOOKEEPER_SESSION_MS,
    )


def _facts(plan: StatePlan, settings: StackSettings) -> dict[str, Any]:
    too_many = plan.overload
    overload = f"; overloaded with {too_many.rate_per_min:,} a minute for {too_many.duration_s} s"
    return {
        **origin(),
        "traffic": f"{plan.calm.scenario}, {plan.calm.rate_per_min:,} swipes a minute, other cards "
        f"than those that make up the size, spread among them"
        f"{overload if PEACE in plan.parts else ''}",
        **_traffic_of_kills(plan),
        "cards that make up the size": f"{plan.swipes_per_card} swipes each",
        "state backend": "RocksDB on the disk, not compressed",
        "store": "SeaweedFS on the same machine and disk: no network between",
        "checkpoints come": f"every {plan.checkpoint_interval_ms:,} ms",
        "a TaskManager has": f"{settings.taskmanager_memory_mb} MB, one slot, parallelism 1",
        "JVMs compile": cli_stack.how_jvms_compile(settings),
        "heartbeat": f"given up after {settings.heartbeat_timeout_ms:,} ms",
        "a job that failed": f"starts again after {settings.restart_delay_ms:,} ms",
        "ZooKeeper": f"a session ends after {settings.zookeeper_session_ms:,} ms",
    }


def _traffic_of_kills(plan: StatePlan) -> dict[str, str]:
    """What is sent while something is killed, if anything is."""
    if all(part == PEACE for part in plan.parts):
        return {}
    kills = plan.kills
    return {
        "traffic with a kill": f"{kills.scenario} ({kills.difficulty}, {kills.incident_count:,} "
        f"attacks), {kills.rate_per_min:,} swipes a minute for {kills.duration_s} s"
    }


COMMANDS: Final[tuple[Callable[..., None], ...]] = (state,)
