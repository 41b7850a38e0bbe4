"""The results in a browser: `paystream dashboard`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from stack.ports import is_free, owner
from stack.process import StackError
from workbench.folders import EXAMS, GATES, REALISM, RUNS
from workbench.machine import PROJECT_ROOT

HOST: Final = "127.0.0.1"

Folder = Annotated[Path, typer.Option(metavar="<path>", help="Where these results lie.")]


def dashboard(
    port: Annotated[int, typer.Option(min=1, max=65535, help="To listen on.")] = 8501,
    address: Annotated[
        str, typer.Option(help="To listen on; another than loopback only inside a container.")
    ] = HOST,
    runs: Folder = RUNS,
    exams: Folder = EXAMS,
    realism: Folder = REALISM,
    gates: Folder = GATES,
) -> None:
    """Show results in a browser, until Ctrl-C."""
    if not is_free(port):
        raise StackError(f"port {port} is taken by {owner(port)}: choose another with --port")
    folders = {"RUNS": runs, "EXAMS": exams, "REALISM": realism, "GATES": gates}
    environment = os.environ | {
        f"PAYSTREAM_DASHBOARD_{name}": str(folder.resolve()) for name, folder in folders.items()
    }
    sys.stdout.write(f"starting at http://{address}:{port}, in some seconds (Ctrl-C ends it)\n")
    sys.stdout.flush()
    # In place of this process: Ctrl-C and a polite kill reach Streamlit itself.
    os.chdir(PROJECT_ROOT)
    os.execve(sys.executable, _command(port, address), environment)  # noqa: S606 - arguments are a list


def _command(port: int, address: str) -> list[str]:
    options = {
        "server.address": address,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
    }
    app = str(PROJECT_ROOT / "dashboard" / "app.py")
    given = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "dashboard.serve", "run", app, *given]


COMMANDS: Final = (dashboard,)
