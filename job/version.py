"""Which code is this?

One hash over the job's Python files. In thread mode a TaskManager keeps the modules it imported
first, for as long as it lives: a new version submitted to it would silently run the old code.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parent


@cache
def code_hash() -> str:
    """The hash of this job, taken once a process: it tells what the process started with."""
    return hash_of(_PACKAGE)


def hash_of(package: Path) -> str:
    """SHA-256 over names and bytes of a job's Python files, first 16 hex digits.

    Parameters
    ----------
    package
        The folder ``job`` of a checkout.
    """
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        digest.update(file.relative_to(package).as_posix().encode())
        digest.update(b"\0")
        digest.update(file.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


class StaleCodeError(RuntimeError):
    """The process holds another version of the job than the one that was submitted."""


def check_code_hash(submitted: str) -> None:
    """Refuse to run another version than the one submitted.

    Raises
    ------
    StaleCodeError
        Saying what to do.
    """
    if submitted != code_hash():
        raise StaleCodeError(
            f"this TaskManager holds version {code_hash()} of the job, version {submitted} was "
            "submitted: restart the TaskManager (Python keeps the modules it imported first)"
        )
