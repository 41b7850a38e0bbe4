"""`paystream stack …` and `paystream doctor`: is this machine ready, and what runs on it?"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table

from stack.doctor import check
from stack.local import LocalStack
from stack.settings import StackSettings
from workbench.console import Phases, make_console

HighAvailability = Annotated[
    bool, typer.Option("--ha", help="Two JobManagers, one leads; ZooKeeper; a spare TaskManager.")
]
ObjectStore = Annotated[
    bool, typer.Option("--s3", help="Checkpoints and savepoints in a local S3 store.")
]

app = typer.Typer(help="The local Kafka and Flink, and what runs beside.", no_args_is_help=True)


@app.command()
def up(
    taskmanagers: Annotated[
        int | None, typer.Option(min=1, help="TaskManagers, one slot each.")
    ] = None,
    ha: HighAvailability = False,
    s3: ObjectStore = False,
    elasticsearch: Annotated[
        bool, typer.Option("--elasticsearch", help="Also Elasticsearch, to search alerts in.")
    ] = False,
    postgres: Annotated[
        bool, typer.Option("--postgres", help="Also PostgreSQL, to keep card profiles in.")
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
        elasticsearch=elasticsearch,
        postgres=postgres,
        secured=secured,
    )
    stack = LocalStack(settings)
    with phases.phase("stack") as bar:
        started = stack.up(on_begin=bar.say)
        bar.note = f"started {', '.join(started)}" if started else "was running"
    _print_status(stack)


@app.command()
def down() -> None:
    """Stop everything that was started here."""
    ended = LocalStack().down()
    make_console().print(f"stopped {', '.join(ended)}" if ended else "nothing was running")


@app.command()
def status() -> None:
    """Show each service with its address and log file; ends with 1 if one is not running."""
    if not _print_status(LocalStack()):
        raise typer.Exit(1)


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
    elasticsearch: bool = False,
    postgres: bool = False,
    secured: bool = False,
) -> StackSettings:
    """The environment's settings with what a person typed.

    Parameters
    ----------
    ha, s3, elasticsearch, postgres, secured
        High availability, object store, what runs beside, and a Kafka that lets in whom it knows;
        what is not asked for is as the stack runs.
    taskmanagers
        Their number; None leaves it open.
    """
    asked = {
        "high_availability": ha,
        "object_store": s3,
        "elasticsearch": elasticsearch,
        "postgres": postgres,
        "secured": secured,
    }
    typed: dict[str, Any] = {name: True for name, is_asked in asked.items() if is_asked}
    if taskmanagers is not None:
        typed["taskmanagers"] = taskmanagers
    return StackSettings.load(**typed)


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
