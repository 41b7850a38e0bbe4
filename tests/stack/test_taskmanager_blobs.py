"""Does a TaskManager that starts anew read no jars of jobs that have ended?"""

from __future__ import annotations

import os
from pathlib import Path

from stack.parts import parts
from stack.settings import StackSettings
from stack.taskmanager_blobs import forget_blobs


def kept(settings: StackSettings, index: int) -> Path:
    name = f"taskmanager-{index}"
    return settings.flink_folder / "work" / name / f"tm_{name}" / "blobStorage"


def fill(folder: Path) -> None:
    for age_s, job in enumerate(["job_new", "job_old", "job_older"]):
        (folder / job).mkdir(parents=True)
        (folder / job / "blob_p-1").write_bytes(b"jar")
        os.utime(folder / job, (1_000 - age_s, 1_000 - age_s))
    (folder / "incoming").mkdir()


def test_only_the_newest_jobs_jars_are_left(settings: StackSettings) -> None:
    for index in (0, 1):
        fill(kept(settings, index))
    state = kept(settings, 0).parent / "localState"
    state.mkdir()
    forget_blobs(settings, 0)
    assert {each.name for each in kept(settings, 0).iterdir()} == {"incoming", "job_new"}
    assert state.exists()
    assert len(list(kept(settings, 1).glob("job_*"))) == 3


def test_one_that_never_ran_has_nothing_to_forget(settings: StackSettings) -> None:
    forget_blobs(settings, 0)


def test_it_is_done_whenever_a_stack_starts_one(settings: StackSettings) -> None:
    fill(kept(settings, 0))
    (part,) = (each for each in parts(settings) if each.service.name == "taskmanager-0")
    assert part.prepare is not None
    part.prepare()
    assert len(list(kept(settings, 0).glob("job_*"))) == 1
