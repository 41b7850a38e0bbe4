"""`paystream stack …` and `paystream doctor`: is this machine ready, and what runs on it?"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from generator.settings import SettingsError
from job.version import hash_of
from stack.compose.attached import ComposeStack
from stack.compose.files import write_files
from stack.doctor import check
from stack.local import LocalStack
from stack.process import StackError
from stack.settings import PROJECT_ROOT, Jit, StackSettings
from workbench.console import Phases, make_console
from workbench.plan import RunPlan

HighAvailability = Annotated[
    bool, typer.Option("--ha", help="Two JobManagers, one leads; ZooKeeper; a spare TaskManager.")
]
ObjectStore = Annotated[
    bool, typer.Option("--s3", help="Checkpoints and savepoints in a local S3 store.")
]
HowToCompile = Annotated[
    Jit | None,
    typer.Option(
        "--jit",
        help="How Kafka's and the TaskManagers' JVMs compile: quick for a stack that has just "
        "started, full for one that runs for long. As it runs, else quick.",
    ),
]
Where = Annotated[
    Literal["local", "compose"],
    typer.Option(
        "--stack",
        help="Processes that are started for it, or the containers of docker-compose.flink.yml.",
    ),
]

app = typer.Typer(help="The local Kafka and Flink, and what runs beside.", no_args_is_help=True)


@app.command()
def up(
    taskmanagers: Annotated[
        int | None, typer.Option(min=1, help="TaskManagers, one slot each.")
    ] = None,
    ha: HighAvailability = False,
    s3: ObjectStore = False,
    jit: HowToCompile = None,
    elasticsearch: Annotated[
        bool, typer.Option("--elasticsearch", help="Also Elasticsearch, to search alerts in.")
    ] = False,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="Also PostgreSQL, to keep card profiles in.")
    ] = False,
    monitoring: Annotated[
        bool, typer.Option("--monitoring", help="Also Prometheus, with the project's rules.")
    ] = False,
    secured: Annotated[
        bool, typer.Option("--secured", help="Kafka with TLS, passwords and access rules.")
    ] = False,
) -> None:
    """Start what is not running; reuse what is."""
    console = make_console()
    phases = Phases(console)
    settings = stack_settings(
        ha=ha,
        s3=s3,
        taskmanagers=taskmanagers,
        jit=jit,
        elasticsearch=elasticsearch,
        postgres=postgres,
        monitoring=monitoring,
        secured=secured,
    )
    stack = LocalStack(settings)
    # What is configured otherwise is restarted: not under a run that goes on.
    with stack.reserved("stack up"), phases.phase("stack") as bar:
        started = stack.up(on_begin=bar.say)
        bar.note = f"started {', '.join(started)}" if started else "was running"
    _print_status(stack)


@app.command()
def down(
    force: Annotated[
        bool, typer.Option("--force", help="Also where a run uses it, which fails then.")
    ] = False,
) -> None:
    """Stop everything that was started here; refused while a run uses it."""
    stack = LocalStack()
    with ExitStack() as held:
        if not force:
            try:
                held.enter_context(stack.reserved("stack down"))
            except StackError as error:
                raise StackError(f"{error}; end that first, or give --force") from None
        ended = stack.down()
    make_console().print(f"stopped {', '.join(ended)}" if ended else "nothing was running")


@app.command()
def status() -> None:
    """Show each service with its address and log file; ends with 1 if one is not running."""
    if not _print_status(LocalStack()):
        raise typer.Exit(1)


@app.command("compose-files")
def compose_files() -> None:
    """Write the local stack's settings into the files that the containers mount."""
    changed = [path.relative_to(PROJECT_ROOT) for path in write_files()]
    make_console().print(f"written: {', '.join(map(str, changed))}" if changed else "up to date")


def doctor() -> None:
    """Check what this machine has, and say what to install."""
    table = Table("", "needed", "found", "remedy", box=None, pad_edge=False)
    checks = check()
    for each in checks:
        mark = "[green]ok[/]" if each.ok else "[red]no[/]"
        table.add_row(f"{mark} {each.name}", each.needed, each.found, each.remedy or "")
    make_console().print(table)
    if not all(each.ok for each in checks):
        raise typer.Exit(2)


def stack_settings(
    *,
    ha: bool,
    s3: bool,
    taskmanagers: int | None = None,
    jit: Jit | None = None,
    elasticsearch: bool = False,
    postgres: bool = False,
    monitoring: bool = False,
    secured: bool = False,
) -> StackSettings:
    """The environment's settings with what a person typed.

    Parameters
    ----------
    ha, s3, elasticsearch, postgres, monitoring, secured
        High availability, object store, what runs beside, and a Kafka that lets in whom it knows;
        what is not asked for is as the stack runs.
    taskmanagers
        Their number; None leaves it open.
    jit
        How the JVMs compile; None leaves it open.
    """
    asked = {
        "high_availability": ha,
        "object_store": s3,
        "elasticsearch": elasticsearch,
        "postgres": postgres,
        "monitoring": monitoring,
        "secured": secured,
    }
    typed: dict[str, Any] = {name: True for name, is_asked in asked.items() if is_asked}
    chosen = {"taskmanagers": taskmanagers, "jit": jit}
    typed |= {name: value for name, value in chosen.items() if value is not None}
    return StackSettings.load(**typed)


def how_jvms_compile(settings: StackSettings) -> str:
    """What a reader of a table must know of the speed of a stack that has just started.

    Examples
    --------
    >>> how_jvms_compile(StackSettings(jit="full"))
    'fully (jit=full)'
    """
    how = "quickly, with C1 alone" if settings.jit == "quick" else "fully"
    return f"{how} (jit={settings.jit})"


def attached_stack(
    where: Literal["local", "compose"], plan: RunPlan, **asked: bool
) -> ComposeStack | None:
    """The containers, if a run is to use them and they have room; None for the local stack.

    Parameters
    ----------
    where
        Which of the two.
    plan
        What is to be run.
    **asked
        Settings of the local stack, by the name of their option.

    Raises
    ------
    generator.settings.SettingsError
        If a setting is of the local stack alone.
    stack.process.StackError
        If the containers do not run, are full, or hold other code.
    """
    if where == "local":
        return None
    refused = {**asked, "fault": plan.fault is not None, "rules": plan.job.rules_file is not None}
    for name, is_asked in refused.items():
        if is_asked:
            why = {
                "fault": "nothing is broken in containers that others may use",
                "rules": "the containers do not see that file; the rules of the image hold",
            }.get(name, "containers are started by docker-compose.flink.yml")
            raise SettingsError(f"--{name.replace('_', '-')}: not with --stack compose: {why}")
    stack = ComposeStack.for_job(plan.job.parallelism)
    stack.require_code(hash_of(PROJECT_ROOT / "job"))
    return stack


def _print_status(stack: LocalStack) -> bool:
    table = Table("service", "state", "pid", "address", "log", box=None, pad_edge=False)
    services = stack.status()
    for each in services:
        colour = "green" if each.state == "running" else "red" if each.state == "dead" else "dim"
        table.add_row(
            each.name,
            f"[{colour}]{each.state}[/]",
            str(each.pid or "-"),
            each.address,
            str(each.log_file),
        )
    make_console().print(table)
    return all(each.state == "running" for each in services)
