"""Has another job come to its end, when nobody can ask its cluster?

Its outputs at rest for some seconds, no transaction open, both readers at the end; and where its
consumer group is known, everything on ``swipes`` read. Rest proves less than checkpoints do: a job
that stalls for longer than that is taken for done, and what it still owes for missing.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException

from workbench.children import Child
from workbench.commit_progress import CommitProgress
from workbench.completion import Completion
from workbench.console import PhaseBar
from workbench.live import read_status

_POLL_S: Final = 0.25
#: How long a consumer group may stand still on the card profiles, seconds. A choice.
PATIENCE_S: Final = 10.0


def await_stillness(
    history: Path,
    collector: Child,
    progress: CommitProgress | None,
    bar: PhaseBar,
    *,
    still_s: float,
    timeout_s: float,
) -> Completion:
    """Wait until the outputs are at rest, or say why the run is not complete.

    Called when all was sent, the clock records included.

    Parameters
    ----------
    history
        Where the collector writes its status.
    collector
        Must stay alive.
    progress
        Of the job's consumer group on ``swipes``; None where its name is not known.
    bar
        Where progress is told.
    still_s, timeout_s
        Rest that is asked for; longest wait for it, seconds.
    """
    began_ns = time.monotonic_ns()
    deadline_s = time.monotonic() + timeout_s
    reason = "nothing was known of it"
    while time.monotonic() < deadline_s:
        collector.require_alive()
        behind = _behind(progress)
        status = read_status(history)
        # Rest counts from the last swipe on.
        rested_ms = 0
        if status is not None and status.time_ns > began_ns:
            rested_ms = min(status.still_for_ms, (status.time_ns - began_ns) // 1_000_000)
        bar.update(rested_ms, still_s * 1000, f"at rest for {rested_ms / 1000:.0f} s")
        if behind:
            reason = f"the job's consumer group had not read {behind:,} records of swipes"
        elif status is None or status.views["uncommitted"].records == 0:
            reason = "the job had written nothing: does it run, and does it read these topics?"
        elif not status.complete:
            reason = "the outputs had not been read to their end"
        elif status.open_transaction_records:
            reason = "a transaction of the job was still open"
        elif rested_ms < still_s * 1000:
            reason = f"the outputs were not at rest for {still_s:g} s"
        else:
            return Completion(True)
        time.sleep(_POLL_S)
    return Completion(False, f"{reason}, {timeout_s:g} s after the last swipe")


def await_taken_in(
    progress: CommitProgress, bar: PhaseBar, *, patience_s: float = PATIENCE_S
) -> bool:
    """Wait until a consumer group has read a topic, for as long as it gets on.

    Parameters
    ----------
    progress
        Of the group on the topic.
    bar
        Where progress is told.
    patience_s
        A group that commits nothing new for so long does not read it, or not now.

    Returns
    -------
    bool
        Whether all was read.
    """
    left, moved_s = progress.total + 1, time.monotonic()
    while time.monotonic() - moved_s < patience_s:
        now = _behind(progress)
        bar.update(progress.total - now, progress.total, f"{now:,} card profiles to go")
        if not now:
            return True
        if now < left:
            left, moved_s = now, time.monotonic()
        time.sleep(_POLL_S)
    return False


def _behind(progress: CommitProgress | None) -> int:
    if progress is None:
        return 0
    try:
        return progress.total - progress.covered()
    except (KafkaException, TimeoutError):
        return progress.total  # a broker that restarts answers again later
