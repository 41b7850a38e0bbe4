"""What is kept of a series about a large state, whole or ended midway, and when does its stack go?

The stack is the series' own and lies in its folder. It goes whatever ended the series, with all of
its data; only while one of its processes lives on does the folder stay that tells of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rich.console import Console

from evaluation.large_state.page import markdown, print_large_state
from evaluation.large_state.results import LargeState, write_large_state
from generator.whole_file import write_whole
from stack.held_signals import held_signals
from stack.local import LocalStack
from workbench.clean_up import remove
from workbench.kept_series import why_ended

PAGE_FILE: Final = "large-state.md"


def keep_state(
    measure: Callable[[], None],
    found: LargeState,
    stack: LocalStack,
    folder: Path,
    console: Console,
) -> Path:
    """Measure to the end, and put away what is not a result; Ctrl-C waits for the latter.

    Parameters
    ----------
    measure
        Brings the results about.
    found
        Gets them.
    stack
        In the folder; stopped and removed.
    folder
        Of `workbench.kept_series.open_folder`.
    console
        Where it is said what was found out.

    Returns
    -------
    Path
        The folder, under its final name; under the one that it has while something lives on in it.
    """
    try:
        measure()
    except BaseException as error:
        with held_signals():
            is_gone = remove(stack)
            if count := len(found.judged):
                runs = "1 run" if count == 1 else f"{count} runs"
                found.facts["ended early"] = f"after {runs}: {why_ended(error)}"
                kept = _close(found, folder, is_whole=is_gone)
                print_large_state(found, console)
                console.print(f"\nEnded early; what it found out is in {kept}", soft_wrap=True)
            elif is_gone:
                shutil.rmtree(folder, ignore_errors=True)
        raise
    with held_signals():
        kept = _close(found, folder, is_whole=remove(stack))
        console.print()
        print_large_state(found, console)
        console.print(f"\nEverything is in {kept}", soft_wrap=True)
        return kept


def _close(found: LargeState, folder: Path, *, is_whole: bool) -> Path:
    write_large_state(found, folder)
    write_whole(folder / PAGE_FILE, markdown(found).encode())
    # Who lives on in it still writes to the files of this name.
    return folder.rename(folder.with_suffix("")) if is_whole else folder
