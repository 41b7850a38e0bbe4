"""How is a file written so that nobody ever sees half of it?

It is written beside its place and renamed when it is whole; renaming within a folder is atomic.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a place to write to; what was written there becomes ``path`` at the end.

    Parameters
    ----------
    path
        Where the file belongs. Left as it was when the block raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """Replace the file's content at once."""
    with whole_file(path) as partial:
        partial.write_bytes(data)
