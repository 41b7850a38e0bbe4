"""How does a control put a broken job under test, without touching the real one?"""

from __future__ import annotations

from pathlib import Path

from stack.process import StackError
from workbench.machine import PROJECT_ROOT
from workbench.running_job import stage_job


def changed_job(root: Path, file: Path, before: str, after: str) -> Path:
    """Copy the job and change one place of it.

    Parameters
    ----------
    root
        Becomes a checkout that holds the copy; what it holds already is removed.
    file
        In it, from the root on.
    before, after
        The text and what takes its place.

    Returns
    -------
    Path
        ``root``.

    Raises
    ------
    stack.process.StackError
        If the job no longer has that text.
    """
    stage_job(root, PROJECT_ROOT)
    changed = root / file
    text = changed.read_text(encoding="utf-8")
    if before not in text:
        raise StackError(f"{file} no longer has what this control changes: {before.strip()!r}")
    changed.write_text(text.replace(before, after), encoding="utf-8")
    return root
