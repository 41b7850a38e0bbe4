"""Where `paystream` begins: can it be interrupted before it knows what it can do?

The commands import pandas, Kafka's client and more, which takes a second or two. Who thinks better
of it in that time gets the one line and the exit code of an interrupted run, not a traceback.
"""

from __future__ import annotations

import sys
from typing import Final

INTERRUPTED_EXIT_CODE: Final = 130


def main() -> None:
    """Entry point of the console command."""
    try:
        from workbench.cli import main as commands
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was started yet\n")
        sys.exit(INTERRUPTED_EXIT_CODE)
    commands()
