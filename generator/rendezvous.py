"""How do senders that run apart learn what to send, and when to begin?

They share a folder with the one who judges the run. ``order.json`` in it says what to send; each
sender takes its place in the run's folder, ``shard-<number>``, and says there how far it is
(``send-progress.json``), or in ``problem`` why it cannot. ``go`` in the run's folder is the start,
on the monotonic clock: the latency of a decision is the difference of two readings of that clock,
so all have to run on one machine, which is checked.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import msgspec

from generator.send_crew import SendFailed
from generator.whole_file import write_whole

ORDER_FILE: Final = "order.json"
GO_FILE: Final = "go"
PROBLEM_FILE: Final = "problem"
#: Changes with each start of a machine, and is the same in all its containers.
_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_POLL_S: Final = 0.2


class SharedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What several senders send together.

    Attributes
    ----------
    run_id
        Names the folder of the senders' logs.
    replay
        Folder of the replay, as all see it.
    shards
        How many senders there are.
    clock_gap_ms
        How far past the replay's end the clock records at its end are.
    machine
        On which the run is judged (:func:`machine_id`).
    """

    run_id: str
    replay: str
    shards: int
    clock_gap_ms: int
    machine: str


def machine_id() -> str:
    """What all readers of one monotonic clock have in common; empty where nobody can tell."""
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return ""


def shard_folder(shared: Path, run_id: str, number: int) -> Path:
    """Where a sender's log and progress lie."""
    return shared / run_id / f"shard-{number}"


def place_order(shared: Path, order: SharedOrder) -> None:
    """Let the senders see an order."""
    (shared / order.run_id).mkdir(parents=True)
    write_whole(shared / ORDER_FILE, msgspec.json.encode(order))


def withdraw_order(shared: Path) -> None:
    """Whoever has not taken it up does not see it any more."""
    (shared / ORDER_FILE).unlink(missing_ok=True)


def take_order(shared: Path, number: int, shards: int, timeout_s: float) -> SharedOrder:
    """Wait for an order in which this sender's place is free, and take the place.

    Parameters
    ----------
    shared
        The folder.
    number, shards
        This sender's number from 0, and how many it takes part with.
    timeout_s
        Longest wait.

    Raises
    ------
    SendFailed
        When none comes, it is for another number of senders, or from another machine; whoever
        placed it can read that, too.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        order = _free_order(shared, number)
        if order is not None:
            break
        if time.monotonic() > deadline_s:
            raise SendFailed(
                f"no run asked for shard {number} within {timeout_s:g} s: nothing placed "
                f"{ORDER_FILE} in {shared}"
            )
        time.sleep(_POLL_S)
    problem = _misfit(order, number, shards)
    if problem is not None:
        refuse(shared, order, number, problem)
        raise SendFailed(problem)
    return order


def refuse(shared: Path, order: SharedOrder, number: int, problem: str) -> None:
    """Tell whoever placed the order why this shard is not sent."""
    write_whole(shard_folder(shared, order.run_id, number) / PROBLEM_FILE, problem.encode())


def _free_order(shared: Path, number: int) -> SharedOrder | None:
    try:
        order = msgspec.json.decode((shared / ORDER_FILE).read_bytes(), type=SharedOrder)
        # Without parents: the folder of a run that is over is gone, or its places are taken.
        shard_folder(shared, order.run_id, number).mkdir()
    except (FileNotFoundError, FileExistsError):
        return None
    except msgspec.DecodeError as error:
        raise SendFailed(f"{shared / ORDER_FILE} is no order: {error}") from None
    return order


def _misfit(order: SharedOrder, number: int, shards: int) -> str | None:
    if order.shards != shards:
        return f"shard {number} is one of {shards}, but the run asks for {order.shards}"
    if order.machine != machine_id():
        return (
            f"shard {number} runs on another machine than the one that judges: their monotonic "
            "clocks cannot be compared, and no latency would be true; place them on one machine"
        )
    return None
