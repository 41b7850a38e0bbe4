"""What is kept of a series of faults, whole or ended midway?

Its folder has the results so far from the first one on. What ends it, Ctrl-C too, takes nothing of
that away; only the folder of a series that found out nothing is removed.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from evaluation.chaos.results import Chaos, FaultOutcome, write_chaos
from evaluation.chaos.table import markdown, print_chaos
from generator.settings import SettingsError
from generator.whole_file import write_whole

PAGE_FILE = "faults.md"


def require_writable_page(page: Path | None) -> None:
    """Refuse a place for the page where none can be written, before hours go by.

    Raises
    ------
    generator.settings.SettingsError
        If it is a folder, or lies in none.
    """
    if page is None:
        return
    if page.is_dir():
        raise SettingsError(f"--docs: {page} is a folder; name a file in it")
    if not page.parent.is_dir():
        raise SettingsError(f"--docs: there is no folder {page.parent}; make it first")


def open_folder(out: Path) -> Path:
    """A new folder for one series, ``.partial`` until it is whole.

    Raises
    ------
    generator.settings.SettingsError
        If it cannot be made there.
    """
    partial = out / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}.partial"
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise SettingsError(f"--out: {out}: {error.strerror}") from None
    return partial


def keep(series: Iterable[FaultOutcome], found: Chaos, folder: Path, console: Console) -> Path:
    """Take in a series to its end, writing down each result when it comes.

    Parameters
    ----------
    series
        Brings the results about.
    found
        Gets them.
    folder
        Of `open_folder`.
    console
        Where a series that is ended midway says what it found out.

    Returns
    -------
    Path
        The folder, under its final name.
    """
    try:
        for each in series:
            found.outcomes.append(each)
            write_chaos(found, folder)
    except BaseException as error:
        if not found.outcomes:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        found.facts["ended early"] = f"after {len(found.outcomes)} faults: {why_ended(error)}"
        kept = close(found, folder)
        print_chaos(found, console)
        console.print(f"\nEnded early; what it found out is in {kept}", soft_wrap=True)
        raise
    return close(found, folder)


def why_ended(error: BaseException) -> str:
    r"""What ended a series, on one line.

    Examples
    --------
    >>> why_ended(KeyboardInterrupt()), why_ended(OSError("the disk is full:\n  | /tmp"))
    ('interrupted', 'OSError: the disk is full:')
    """
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return f"{type(error).__name__}: {error}".split("\n")[0]


def close(found: Chaos, folder: Path) -> Path:
    """Write all of a series and give its folder the final name."""
    write_chaos(found, folder)
    write_whole(folder / PAGE_FILE, markdown(found).encode())
    return folder.rename(folder.with_suffix(""))
