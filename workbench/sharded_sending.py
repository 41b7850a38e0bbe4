"""How does a run follow senders that run elsewhere, and make one log of theirs?

Where the load comes from containers of their own (an indexed Job on Kubernetes), the workbench
starts no sender. It places an order in a folder that all share (`generator.rendezvous`),
gives the start when each has loaded its shard, and puts their logs together at the end. To the rest
of a run that is one sender.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from generator.rendezvous import (
    GO_FILE,
    PROBLEM_FILE,
    SharedOrder,
    machine_id,
    place_order,
    shard_folder,
    withdraw_order,
)
from generator.send import PROGRESS_FILE, SendProgress
from generator.send_log import SendSummary, slip_of, write_send_log
from generator.whole_file import write_whole
from workbench.children import ChildFailed

#: From the word to the first swipe: every sender has looked for it by then. A choice.
START_DELAY_NS: Final = 500_000_000
#: Longest silence of a sender, seconds; it writes its progress every 0.2 s.
SILENCE_S: Final = 30.0
#: Longest wait for all of them: an image is pulled, a replay is loaded.
READY_TIMEOUT_S: Final = 1_800.0
_NANOS_PER_S: Final = 1e9


class ShardedSending:
    """Several senders elsewhere, in the place of one child process.

    Parameters
    ----------
    shared
        Folder that all see.
    run_id, folder
        Of the run; the log of all goes to the folder.
    replay
        Its folder, as all see it.
    shards
        How many senders there are.
    clock_gap_ms
        How far past the replay's end the clock records are.
    """

    def __init__(
        self, shared: Path, run_id: str, folder: Path, replay: Path, shards: int, clock_gap_ms: int
    ) -> None:
        self.name = f"the {shards} senders"
        self._shared, self._run_id, self._folder, self._shards = shared, run_id, folder, shards
        self._began_s = time.monotonic()
        self._start_ns: int | None = None
        self._code: int | None = None
        order = SharedOrder(
            run_id=run_id,
            replay=str(replay),
            shards=shards,
            clock_gap_ms=clock_gap_ms,
            machine=machine_id(),
        )
        withdraw_order(shared)
        place_order(shared, order)

    def poll(self) -> int | None:
        """None while they send; then 0, and the log of all is written.

        Raises
        ------
        ChildFailed
            When one refused, failed, fell silent or never came.
        """
        if self._code is not None:
            return self._code
        told = [self._progress(number) for number in range(self._shards)]
        self._require_well(told)
        here = [each for each in told if each is not None]
        phases = {each.phase for each in here} if len(here) == self._shards else set()
        if self._start_ns is None and phases == {"ready"}:
            self._start()
        if here:
            self._tell(here)
        if phases == {"done"}:
            self._merge()
            self._code = 0
        return self._code

    def require_alive(self) -> None:
        """Look after them.

        Raises
        ------
        ChildFailed
            As :meth:`poll`.
        """
        self.poll()

    def stop(self, grace_s: float = 0.0) -> int | None:  # noqa: ARG002 - as a child's
        """Withdraw the order and take the shared files away; senders under way are not ours."""
        withdraw_order(self._shared)
        shutil.rmtree(self._shared / self._run_id, ignore_errors=True)
        return self._code

    def _progress(self, number: int) -> SendProgress | None:
        folder = shard_folder(self._shared, self._run_id, number)
        try:
            problem = (folder / PROBLEM_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            pass
        else:
            raise ChildFailed(f"shard {number} is not sent: {problem}")
        try:
            return msgspec.json.decode((folder / PROGRESS_FILE).read_bytes(), type=SendProgress)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def _require_well(self, told: list[SendProgress | None]) -> None:
        missing = [number for number, each in enumerate(told) if each is None]
        if missing and time.monotonic() - self._began_s > READY_TIMEOUT_S:
            raise ChildFailed(
                f"shards {', '.join(map(str, missing))} did not come within {READY_TIMEOUT_S:g} s: "
                "look at the senders' own logs"
            )
        now_ns = time.monotonic_ns()
        for number, each in enumerate(told):
            if each is None:
                continue
            if each.phase in ("failed", "stopped"):
                raise ChildFailed(f"shard {number} {each.phase}; its own log says why")
            # Who waits for the start, or has ended, has nothing to say.
            quiet_s = (now_ns - each.time_ns) / _NANOS_PER_S
            if each.phase in ("sending", "flushing") and quiet_s > SILENCE_S:
                raise ChildFailed(f"shard {number} said nothing for {quiet_s:.0f} s")

    def _start(self) -> None:
        self._start_ns = time.monotonic_ns() + START_DELAY_NS
        write_whole(self._shared / self._run_id / GO_FILE, str(self._start_ns).encode())
        # Nobody may take it up any more.
        withdraw_order(self._shared)

    def _tell(self, told: list[SendProgress]) -> None:
        """Where one sender would have said how far it is."""
        phases = [each.phase for each in told]
        rank = {"sending": 2, "flushing": 1}
        progress = SendProgress(
            phase=max(phases, key=lambda phase: rank.get(phase, 0)),
            records=sum(each.records for each in told),
            sent=sum(each.sent for each in told),
            delivered=sum(each.delivered for each in told),
            failed=sum(each.failed for each in told),
            start_monotonic_ns=self._start_ns,
            time_ns=max(each.time_ns for each in told),
            replay=told[0].replay,
        )
        write_whole(self._folder / PROGRESS_FILE, msgspec.json.encode(progress))

    def _merge(self) -> None:
        folders = [shard_folder(self._shared, self._run_id, n) for n in range(self._shards)]
        table = pa.concat_tables([pq.read_table(each / "sends.parquet") for each in folders])
        summaries = [
            msgspec.json.decode((each / "sends.json").read_bytes(), type=SendSummary)
            for each in folders
        ]
        table = table.sort_by("index")
        write_send_log(self._folder, table, merged(table, summaries))


def merged(table: pa.Table, summaries: list[SendSummary]) -> SendSummary:
    """One summary out of those of all shards.

    Parameters
    ----------
    table
        The log of all.
    summaries
        One for each shard, in their order.

    Raises
    ------
    ChildFailed
        When they did not begin together, or a record was sent by two of them: then no part of the
        log can be trusted.
    """
    starts = {each.start_monotonic_ns for each in summaries}
    if len(starts) != 1:
        raise ChildFailed("the senders did not begin at the same moment")
    indices = table["index"].to_numpy()
    if (indices[1:] == indices[:-1]).any():
        raise ChildFailed("two senders sent the same record: their shards overlap")
    slip, delivery = slip_of(table)
    settings: dict[str, Any] = {"shards": [each.settings for each in summaries]}
    return SendSummary(
        start_monotonic_ns=summaries[0].start_monotonic_ns,
        start_wall_ms=summaries[0].start_wall_ms,
        records=sum(each.records for each in summaries),
        sent=table.num_rows,
        delivered=sum(each.delivered for each in summaries),
        failed=sum(each.failed for each in summaries),
        complete=all(each.complete for each in summaries),
        stopped=any(each.stopped for each in summaries),
        slip=slip,
        delivery=delivery,
        first_error=next((each.first_error for each in summaries if each.first_error), None),
        cpu_s=round(sum(each.cpu_s for each in summaries), 3),
        profiles=sum(each.profiles for each in summaries),
        settings=settings,
    )
