"""How much memory and disk does a running stack take?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from stack import flink, kafka
from stack.process import is_alive, records
from stack.settings import StackSettings

#: What `stat` counts the room of a file in, bytes. A file with holes takes less than its length.
_BLOCK_BYTES: Final = 512


class Footprint(NamedTuple):
    """What a stack takes, in bytes.

    Attributes
    ----------
    taskmanagers, jobmanagers
        Resident memory of their processes together; Python's is within the TaskManagers'.
    kafka
        Room of all topics on disk.
    checkpoints
        Room of checkpoints and savepoints on disk; with an object store all that it holds.
    """

    taskmanagers: int
    jobmanagers: int
    kafka: int
    checkpoints: int


def footprint(settings: StackSettings) -> Footprint:
    """Look at it now; what does not run takes no memory.

    Parameters
    ----------
    settings
        Of the stack.
    """
    found = (record for _, record in records(settings.data_folder))
    resident = {each.name: _resident_bytes(each.pid) for each in found if is_alive(each)}
    folders = [settings.flink_folder / "checkpoints", settings.flink_folder / "savepoints"]
    if settings.object_store:
        folders = [settings.object_store_folder / "data"]
    return Footprint(
        taskmanagers=sum(
            size for name, size in resident.items() if flink.taskmanager_index(name) >= 0
        ),
        jobmanagers=sum(
            size for name, size in resident.items() if name.startswith(flink.JOBMANAGER)
        ),
        kafka=room_bytes(kafka.log_folder(settings)),
        checkpoints=sum(map(room_bytes, folders)),
    )


def room_bytes(folder: Path) -> int:
    """Room that the files below a folder take on disk, one with several names once.

    Files that vanish meanwhile take none.

    Parameters
    ----------
    folder
        One that is not there takes none.
    """
    total = 0
    known: set[tuple[int, int]] = set()
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                found = os.lstat(Path(place) / name)
            except FileNotFoundError:
                continue
            # Local copies of a checkpoint are second names of RocksDB's files.
            if found.st_nlink > 1:
                if (found.st_dev, found.st_ino) in known:
                    continue
                known.add((found.st_dev, found.st_ino))
            total += found.st_blocks * _BLOCK_BYTES
    return total


def memory_bytes() -> int:
    """Resident memory of this process and of all that it started, added up.

    Memory that several of them share counts in each; the machine's page cache in none.
    """
    own = psutil.Process()
    return sum(_resident_bytes(each.pid) for each in (own, *own.children(recursive=True)))


def _resident_bytes(pid: int) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
