"""`paystream simulate`, `local`, `replay`: run something and judge it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import ValidationError

from evaluation.report import print_report
from generator.kafka_client import parse_settings
from generator.recorded.mapping import shipped_mappings
from generator.recorded.settings import RecordedSettings
from generator.settings import Disturbances, ReplaySettings, SettingsError
from job.contracts import WINDOW_KINDS
from workbench import cli_external, cli_stack
from workbench.console import Phases, make_console
from workbench.external_run import simulate_external
from workbench.folders import RUNS
from workbench.local_run import run_locally
from workbench.machine import PROJECT_ROOT
from workbench.plan import JobPlan, RunPlan
from workbench.recorded_run import judge_recorded, recorded_settings, refuse_generated
from workbench.replays import make_replay
from workbench.simulate import simulate as run_simulation

Scenario = Annotated[
    str, typer.Option(help="Scenario to replay; `paystream scenarios` lists them.")
]
Difficulty = Annotated[str, typer.Option(help="easy, medium or hard.")]
Rate = Annotated[int, typer.Option(help="Swipes a minute.")]
Duration = Annotated[int, typer.Option(help="Measured seconds.")]
WarmUp = Annotated[int, typer.Option(help="Seconds before that, sent but not measured.")]
Seed = Annotated[int, typer.Option(help="Of all randomness.")]
Speedup = Annotated[float, typer.Option(help="Event time per wall time; latency is judged at 1.")]
Load = Annotated[str, typer.Option(help="constant, daily_rhythm, bursts or peak.")]
Incidents = Annotated[int | None, typer.Option(help="Number of attacks; default: by share.")]
Undisturbed = Annotated[
    bool, typer.Option("--undisturbed", help="Nothing late, repeated, unreadable or out of order.")
]
Rules = Annotated[Path | None, typer.Option(help="Rule parameters, TOML.")]
Thresholds = Annotated[
    Path | None,
    typer.Option(
        help="What is to differ from the thresholds that ship, TOML.",
        show_default="evaluation/thresholds.toml",
    ),
]


def simulate(
    scenario: Scenario = "geo_jump",
    difficulty: Difficulty = "medium",
    rate: Rate = 100_000,
    duration: Duration = 60,
    warm_up: WarmUp = 10,
    seed: Seed = 1,
    speedup: Speedup = 1.0,
    load: Load = "constant",
    incidents: Incidents = None,
    undisturbed: Undisturbed = False,
    workers: Annotated[int, typer.Option(help="Sending processes.")] = 1,
    parallelism: Annotated[int, typer.Option(help="Of the job; one TaskManager each.")] = 1,
    checkpoint_interval_ms: Annotated[int, typer.Option(help="Between checkpoints, ms.")] = 100,
    state_backend: Annotated[str, typer.Option(help="rocksdb or hashmap.")] = "rocksdb",
    sink_guarantee: Annotated[str, typer.Option(help="exactly-once or at-least-once.")] = (
        "exactly-once"
    ),
    transaction_naming: Annotated[
        str, typer.Option(help="Names of the sink's transactions: pooling or incrementing.")
    ] = "pooling",
    rules: Rules = None,
    windows: Annotated[
        str | None,
        typer.Option(
            help=f"Event-time windows: comma list of {', '.join(WINDOW_KINDS)}; or none.",
            show_default="the job's own",
        ),
    ] = None,
    thresholds: Thresholds = None,
    flink: Annotated[
        list[str] | None, typer.Option(help="Any Flink key for the job, key=value; repeatable.")
    ] = None,
    fault: Annotated[
        str | None,
        typer.Option(help="Break it midway; `chaos --help` lists the faults."),
    ] = None,
    fault_seed: Annotated[int, typer.Option(help="Of fault=random.")] = 1,
    keep_stack: Annotated[
        bool, typer.Option("--keep-stack", help="Leave a stack running that this run started.")
    ] = False,
    stack: cli_stack.Where = "local",
    ha: cli_stack.HighAvailability = False,
    s3: cli_stack.ObjectStore = False,
    jit: cli_stack.HowToCompile = None,
    event_time_start: Annotated[
        str | None,
        typer.Option(
            help="Event time of the first moment: ISO 8601 with a zone, or so long ago, e.g. -1h."
        ),
    ] = None,
    job: cli_external.Job = "paystream",
    bootstrap: cli_external.Bootstrap = None,
    topic_prefix: cli_external.TopicPrefix = "",
    group: cli_external.Group = None,
    writes: cli_external.Writes = None,
    create_topics: cli_external.CreateTopics = False,
    kafka_config: cli_external.KafkaConfig = None,
    expect_rules: cli_external.ExpectRules = False,
    still_s: cli_external.StillS = 5.0,
    sender_shards: cli_external.SenderShards = 0,
    shared: cli_external.Shared = None,
) -> None:
    """Replay a scenario into the real job on real Kafka and Flink, and judge what came out."""
    plan = _plan(
        _replay(
            scenario,
            difficulty,
            rate,
            duration,
            warm_up,
            seed,
            speedup,
            load,
            incidents,
            undisturbed=undisturbed,
            event_time_start=event_time_start,
        ),
        {
            "parallelism": parallelism,
            "checkpoint_interval_ms": checkpoint_interval_ms,
            "state_backend": state_backend,
            "sink_guarantee": sink_guarantee,
            "transaction_naming": transaction_naming,
            "rules_file": rules,
            "windows": windows,
            "flink": _flink_keys(flink or []),
        },
        workers,
        fault,
        thresholds,
        fault_seed,
    )
    console = make_console()
    phases = Phases(console)
    console.print(f"[bold]{scenario}[/], {difficulty}: {rate:,} swipes a minute for {duration} s")
    external = cli_external.external_job(
        job,
        fault=fault,
        bootstrap=bootstrap,
        prefix=topic_prefix,
        writes=writes,
        group=group,
        create_topics=create_topics,
        kafka_config_file=kafka_config,
        expect_rules=expect_rules,
        still_s=still_s,
        sender_shards=sender_shards,
        shared=shared,
    )
    if external is None:
        local = {"ha": ha, "s3": s3, "jit": bool(jit), "keep_stack": keep_stack}
        attached = cli_stack.attached_stack(stack, plan, **local)
        settings = cli_stack.stack_settings(ha=ha, s3=s3, jit=jit)
        folder, evaluation = run_simulation(
            plan, phases, RUNS, settings=settings, keep_stack=keep_stack, attached=attached
        )
    elif ha or s3 or jit or stack != "local":
        raise SettingsError(
            "--ha, --s3, --jit, --stack: an external job runs on its own cluster, not on ours"
        )
    else:
        folder, evaluation = simulate_external(plan, external, phases, RUNS)
    console.print(f"  {'total':<22} {sum(phases.seconds.values()):6.1f} s")
    console.print()
    print_report(evaluation, console)
    console.print(f"\nEverything is in {folder.relative_to(PROJECT_ROOT)}")
    raise typer.Exit(evaluation.exit_code)


def local(
    scenario: Scenario = "geo_jump",
    difficulty: Difficulty = "medium",
    rate: Rate = 100_000,
    duration: Duration = 60,
    seed: Seed = 1,
    speedup: Speedup = 1.0,
    incidents: Incidents = None,
    undisturbed: Undisturbed = False,
    rules: Rules = None,
    thresholds: Thresholds = None,
) -> None:
    """Run a scenario through the engine alone: no Java, no Kafka, no latency."""
    settings = _replay(
        scenario,
        difficulty,
        rate,
        duration,
        10,
        seed,
        speedup,
        "constant",
        incidents,
        undisturbed=undisturbed,
    )
    plan = _plan(settings, {"rules_file": rules}, 1, None, thresholds)
    console = make_console()
    phases = Phases(console)
    console.print(f"[bold]{scenario}[/], {difficulty}: {rate:,} swipes a minute for {duration} s")
    folder, evaluation = run_locally(plan, phases, RUNS)
    console.print()
    print_report(evaluation, console)
    console.print(f"\nEverything is in {folder.relative_to(PROJECT_ROOT)}")
    raise typer.Exit(evaluation.exit_code)


def replay(
    scenario: Scenario = "geo_jump",
    difficulty: Difficulty = "medium",
    rate: Annotated[int | None, typer.Option(help="Swipes a minute.", show_default="100000")] = (
        None
    ),
    duration: Annotated[
        int | None,
        typer.Option(
            help="Measured seconds; of recorded data the longest sending.",
            show_default="60; recorded data: 600 live, else all",
        ),
    ] = None,
    warm_up: WarmUp = 10,
    seed: Seed = 1,
    speedup: Annotated[
        float | None,
        typer.Option(
            help="Event time per wall time; latency is judged at 1.",
            show_default="1; recorded data: by the rate",
        ),
    ] = None,
    load: Load = "constant",
    incidents: Incidents = None,
    undisturbed: Undisturbed = False,
    data: Annotated[
        Path | None, typer.Option(help="Recorded, labelled card data, CSV or Parquet: judge it.")
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(help=f"Of its columns: a TOML file, or {', '.join(shipped_mappings())}."),
    ] = None,
    bad_rows: Annotated[
        str, typer.Option(help="Of recorded data: stop where a row cannot be used, or skip it.")
    ] = "stop",
    live: Annotated[
        bool, typer.Option("--live", help="Recorded data into the real job, not the engine alone.")
    ] = False,
    rules: Rules = None,
    thresholds: Thresholds = None,
    workers: Annotated[int, typer.Option(help="Sending processes of --live.")] = 1,
    keep_stack: Annotated[
        bool, typer.Option("--keep-stack", help="Leave a stack running that --live started.")
    ] = False,
) -> None:
    """Make a replay without sending it; or, with --data, judge recorded data of your own."""
    if data is None:
        if mapping is not None or live or bad_rows != "stop" or rules or thresholds:
            raise SettingsError("--mapping, --live, --bad-rows, --rules, --thresholds need --data")
        settings = _replay(
            scenario,
            difficulty,
            100_000 if rate is None else rate,
            60 if duration is None else duration,
            warm_up,
            seed,
            1.0 if speedup is None else speedup,
            load,
            incidents,
            undisturbed=undisturbed,
        )
        console = make_console()
        folder = make_replay(settings, Phases(console))
        console.print(str(folder.relative_to(PROJECT_ROOT)))
        return
    refuse_generated(
        scenario=scenario != "geo_jump",
        difficulty=difficulty != "medium",
        warm_up=warm_up != 10,
        seed=seed != 1,
        load=load != "constant",
        incidents=incidents is not None,
        undisturbed=undisturbed,
    )
    recorded = recorded_settings(data, mapping, bad_rows, rate, speedup, duration, live=live)
    plan = _plan(recorded, {"rules_file": rules}, workers, None, thresholds)
    judge_recorded(plan, RUNS, live=live, keep_stack=keep_stack)


COMMANDS: Final[tuple[Callable[..., None], ...]] = (simulate, local, replay)


def _replay(
    scenario: str,
    difficulty: str,
    rate: int,
    duration: int,
    warm_up: int,
    seed: int,
    speedup: float,
    load: str,
    incidents: int | None,
    *,
    undisturbed: bool,
    event_time_start: str | None = None,
) -> ReplaySettings:
    values: dict[str, Any] = {
        "scenario": scenario,
        "difficulty": difficulty,
        "rate_per_min": rate,
        "duration_s": duration,
        "warm_up_s": warm_up,
        "seed": seed,
        "speedup": speedup,
        "load": load,
        "incidents": incidents,
    }
    if event_time_start is not None:
        values["event_time_start"] = _ago(event_time_start) or event_time_start
    if undisturbed:
        values["disturbances"] = Disturbances.none()
    return ReplaySettings.parse(values)


def _ago(text: str) -> datetime | None:
    """The moment so long ago, on a whole second; None for what is written in another way."""
    match = re.fullmatch(r"-(\d+)(s|min|h|d)", text.strip())
    if match is None:
        return None
    unit = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days"}[match[2]]
    return datetime.now(UTC).replace(microsecond=0) - timedelta(**{unit: int(match[1])})


def _flink_keys(pairs: list[str]) -> dict[str, str]:
    for pair in pairs:
        name, equals, _ = pair.partition("=")
        if not equals or not name.strip():
            example = "execution.buffer-timeout.interval='5 ms'"
            raise SettingsError(f"--flink: {pair!r} is not key=value, e.g. {example}")
    return parse_settings(pairs)


def _plan(
    replay: ReplaySettings | RecordedSettings,
    job: dict[str, Any],
    workers: int,
    fault: str | None,
    thresholds_file: Path | None,
    fault_seed: int = 1,
) -> RunPlan:
    try:
        return RunPlan(
            replay=replay,
            job=JobPlan(**job),
            workers=workers,
            fault=fault,
            fault_seed=fault_seed,
            thresholds_file=thresholds_file,
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = "-".join(str(part).replace("_", "-") for part in first["loc"])
        # What our own validators say needs no prefix of pydantic's.
        said = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"--{name}: {said}") from None
