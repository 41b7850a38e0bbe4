"""How does the job's state get to a size at once, and where does the detection job start from then?

A job of its own fills it (`job.flink.filling`) and takes one checkpoint, which outlives it.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from job.contracts import Topics
from job.engine.card_engine import CardEngine
from job.engine.full_card import models
from job.engine.settings import EngineSettings
from job.rules.parameters import DEFAULT_FILE, load_rules
from stack.flink_answers import Checkpoint
from stack.local import LocalStack
from stack.process import StackError
from stack.submission import submit
from workbench.clean_up import put_away
from workbench.machine import PROJECT_ROOT
from workbench.running_job import stage_job

_POLL_S: Final = 0.5
#: Longest wait for one more card, seconds: RocksDB may stop writes while it merges.
_STANDSTILL_S: Final = 300.0
#: Longest wait for the checkpoint, seconds.
_CHECKPOINT_S: Final = 1_800.0
#: RocksDB merges while the state is filled, and not after. It merges all there is once 24 files
#: have gathered and the oldest is not a third of the whole (universal compaction, amplification
#: 200%): of a state in many files, or with a checkpoint of its first seconds in a file of its own,
#: the detection job's 24th small file made it merge all of 1 GB, for a checkpoint of 34 to 41 s.
_GROWN: Final = {
    "paystream.rocksdb.compaction.files": "4",
    "paystream.rocksdb.compaction.merge-width": "2",
    # Or the first checkpoint comes with the first cards.
    "execution.checkpointing.min-pause": "12 h",
}
#: So long RocksDB's files have to stay as they are to count as merged, seconds. A choice.
_STILL_S: Final = 5.0


class Filled(NamedTuple):
    """A state that a job can start from.

    Attributes
    ----------
    location
        Of the checkpoint.
    cards
        In it.
    fill_s
        Until all of them were in RocksDB, seconds.
    checkpoint
        As Flink tells of it: all of the state is written.
    """

    location: str
    cards: int
    fill_s: float
    checkpoint: Checkpoint


def cards_for(state_bytes: int, profiles: Path, swipes_per_card: int) -> int:
    """How many cards make a state of this size.

    Parameters
    ----------
    state_bytes
        Keys and values; what RocksDB adds is not counted.
    profiles
        The traffic's, as in `job.flink.filling.Filling`.
    swipes_per_card
        Of the full cards that make up the size.

    Returns
    -------
    int
        The traffic's cards and the full ones.
    """
    table = pq.read_table(profiles, columns=["value"])
    engine = CardEngine(load_rules(DEFAULT_FILE), EngineSettings(), Topics.with_prefix(""))
    values = (value.as_py() for value in table["value"])
    made = models(values, swipes_per_card, engine.detector.retention_ms)
    mean_bytes = sum(map(len, made)) / len(made)
    return len(table) + round(state_bytes / mean_bytes)


def join_profiles(replays: Sequence[Path], file: Path) -> None:
    """Put the profiles of several replays into one file.

    Raises
    ------
    ValueError
        If a card is in two of them with different profiles: the state can hold but one.
    """
    columns = ["card_token", "value"]
    table = pa.concat_tables(
        pq.read_table(replay / "profiles.parquet", columns=columns) for replay in replays
    )
    table = table.group_by(columns, use_threads=False).aggregate([])
    if len(table["card_token"].unique()) < len(table):
        raise ValueError("the replays share cards of which they tell different histories")
    pq.write_table(table, file)


@contextmanager
def filled_state(
    stack: LocalStack,
    profiles: Path,
    cards: int,
    swipes_per_card: int,
    on_progress: Callable[[int, int], None],
) -> Iterator[Filled]:
    """Fill a state on a running stack; it is removed at the end.

    Parameters
    ----------
    stack
        With a slot that is free.
    profiles, cards, swipes_per_card
        As in `job.flink.filling.Filling`.
    on_progress
        Called with the cards that are there, and all.

    Raises
    ------
    stack.process.StackError
        If the job does not come to run, stands still or fails.
    """
    folder = stack.settings.data_folder / "submission" / "fill"
    try:
        entry_point = stage_job(folder, PROJECT_ROOT).with_name("fill_main.py")
        job_id = submit(
            stack.settings,
            entry_point,
            [
                *("--fill.profiles", str(profiles)),
                *("--fill.cards", str(cards)),
                *("--fill.swipes-per-card", str(swipes_per_card)),
                *("--parallelism", "1"),
                *("--checkpoint.interval", "1d"),
                *("--checkpoint.timeout", f"{_CHECKPOINT_S:.0f}s"),
                *("--job.name", "fill"),
                *(f"--flink.property={key}={value}" for key, value in _GROWN.items()),
            ],
            [folder],
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    try:
        stack.rest.wait_running(job_id)
        began_s = time.monotonic()
        _await_cards(stack, job_id, cards, on_progress)
        fill_s = time.monotonic() - began_s
        _await_merged(stack)
        checkpoint = _checkpoint(stack, job_id)
        stack.rest.cancel(job_id)
        location = f"{stack.settings.checkpoint_uri}/{job_id}/chk-{checkpoint.id}"
        yield Filled(location, cards, fill_s, checkpoint)
    finally:
        # Where nobody answers any more, that must not hide what went wrong, nor what went well.
        put_away("cancelling the job that fills the state", stack.rest.cancel, job_id)
        put_away("removing the filled state", stack.remove_checkpoints, job_id)


def _await_cards(
    stack: LocalStack, job_id: str, cards: int, on_progress: Callable[[int, int], None]
) -> None:
    """Wait until the operator behind the numbers has taken all of them."""
    sources = [each.id for each in stack.rest.job(job_id).vertices if "numbers" in each.name]
    if len(sources) != 1:
        raise StackError("the job that fills the state has another form than expected")
    made, moved_s = 0, time.monotonic()
    while made < cards:
        detail = stack.rest.job(job_id)
        if detail.state != "RUNNING":
            raise StackError(f"the job that fills the state is {detail.state}")
        now = int(stack.rest.metrics(job_id, sources[0], ["numRecordsOut"]).get("numRecordsOut", 0))
        if now > made:
            made, moved_s = now, time.monotonic()
        on_progress(min(made, cards), cards)
        if time.monotonic() - moved_s > _STANDSTILL_S:
            raise StackError(f"filling the state stands still at {made:,} of {cards:,} cards")
        time.sleep(_POLL_S)


def _await_merged(stack: LocalStack) -> None:
    """Wait until RocksDB has nothing left to merge."""
    files: dict[str, int] = {}
    still_since_s = time.monotonic()
    deadline_s = still_since_s + _CHECKPOINT_S
    while time.monotonic() < deadline_s and time.monotonic() - still_since_s < _STILL_S:
        now = {}
        for file in stack.settings.rocksdb_folder.rglob("*.sst"):
            with contextlib.suppress(FileNotFoundError):  # merged meanwhile
                now[str(file)] = file.stat().st_size
        if now != files:
            files, still_since_s = now, time.monotonic()
        time.sleep(_POLL_S)


def _checkpoint(stack: LocalStack, job_id: str) -> Checkpoint:
    """Take one, behind the last card; what is on its way to the state is in front of it."""
    before = stack.rest.checkpoints(job_id)
    known = {each.id for each in before.history}
    stack.rest.trigger_checkpoint(job_id)
    deadline_s = time.monotonic() + _CHECKPOINT_S
    while time.monotonic() < deadline_s:
        found = stack.rest.checkpoints(job_id)
        # Flink tries one as soon as the job runs; it may fail while tasks are still starting.
        if found.counts.failed > before.counts.failed:
            raise StackError("the checkpoint of the filled state failed")
        done = [each for each in found.completed() if each.id not in known]
        if done:
            return done[0]
        time.sleep(_POLL_S)
    raise StackError(f"the filled state has no checkpoint after {_CHECKPOINT_S:g} s")
