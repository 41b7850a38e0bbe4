"""How does a person start, stop and see the local stack from the terminal?"""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from stack.local import LocalStack
from stack.process import StackError
from stack.settings import StackSettings

app = typer.Typer(help="The local Kafka and Flink.", no_args_is_help=True, add_completion=False)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


@app.command()
def up(
    ha: Annotated[bool, typer.Option("--ha", help="Two JobManagers and ZooKeeper.")] = False,
    s3: Annotated[bool, typer.Option("--s3", help="Checkpoints in a local S3 store.")] = False,
) -> None:
    """Start what is not running."""
    # A polite `kill` of this command should clean up as Ctrl-C does.
    signal.signal(signal.SIGTERM, _interrupt)
    asked = {"high_availability": ha, "object_store": s3}
    stack = LocalStack(StackSettings.load(**{name: True for name, on in asked.items() if on}))
    started = stack.up(lambda name, seconds: typer.echo(f"{name:<16} {seconds:6.1f} s"))
    typer.echo(f"started: {', '.join(started)}" if started else "already running")
    _print_status(stack)


@app.command()
def down() -> None:
    """Stop everything that was started here."""
    ended = LocalStack().down()
    typer.echo(f"stopped: {', '.join(ended)}" if ended else "nothing was running")


@app.command()
def status() -> None:
    """Print each service with its address and log file."""
    _print_status(LocalStack())


def _print_status(stack: LocalStack) -> None:
    for each in stack.status():
        pid = str(each.pid or "-")
        typer.echo(f"{each.name:<16} {each.state:<8} {pid:>7}  {each.address:<24} {each.log_file}")


if __name__ == "__main__":
    try:
        app()
    except StackError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(2) from None
