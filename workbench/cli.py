"""`paystream`: what can a person ask for on the command line?

Exit codes: 0 pass, 1 failed, 2 usage or configuration, 3 inconclusive, 130 interrupted.
"""

from __future__ import annotations

import signal
import sys
import traceback
from types import FrameType

import typer

from workbench import (
    cli_ab,
    cli_autoscale,
    cli_canary,
    cli_chaos,
    cli_controls,
    cli_dashboard,
    cli_delivery,
    cli_deploy,
    cli_exam,
    cli_external,
    cli_gates,
    cli_inspect,
    cli_realism,
    cli_rules,
    cli_run,
    cli_soak,
    cli_stack,
    cli_state,
    cli_topics,
)
from workbench.entry import INTERRUPTED_EXIT_CODE
from workbench.problems import INCONCLUSIVE_EXIT_CODE, USAGE_EXIT_CODE, problem_line

app = typer.Typer(
    help="Replay labelled card fraud into the real detection job, and say pass, fail or "
    "inconclusive.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    pretty_exceptions_enable=False,
)
app.add_typer(cli_stack.app, name="stack")
app.add_typer(cli_rules.app, name="rules")
for command in (
    *cli_run.COMMANDS,
    *cli_exam.COMMANDS,
    *cli_ab.COMMANDS,
    *cli_gates.COMMANDS,
    *cli_realism.COMMANDS,
    *cli_controls.COMMANDS,
    *cli_chaos.COMMANDS,
    *cli_soak.COMMANDS,
    *cli_state.COMMANDS,
    *cli_autoscale.COMMANDS,
    *cli_external.COMMANDS,
    *cli_topics.COMMANDS,
    *cli_inspect.COMMANDS,
    *cli_dashboard.COMMANDS,
    *cli_deploy.COMMANDS,
    cli_stack.doctor,
):
    app.command()(command)
for name, command in (*cli_delivery.COMMANDS.items(), *cli_canary.COMMANDS.items()):
    app.command(name)(command)


def main() -> None:
    """Entry point; every problem ends as one line on stderr and an exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except SystemExit as ended:
        if ended.code == INTERRUPTED_EXIT_CODE:
            sys.stderr.write("interrupted: what was started has been stopped\n")
        raise
    except Exception as error:
        line = problem_line(error)
        if line is None:  # a bug of the workbench: nothing was measured
            traceback.print_exc()
            sys.exit(INCONCLUSIVE_EXIT_CODE)
        sys.stderr.write(f"paystream: {line}\n")
        sys.exit(getattr(error, "exit_code", USAGE_EXIT_CODE))


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """A polite kill cleans up as Ctrl-C does."""
    raise KeyboardInterrupt
