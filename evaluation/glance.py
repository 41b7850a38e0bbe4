"""What can be seen of a run while it goes on, without disturbing it?

The readers keep raw bytes and decode nothing. Beside them, this looks at what they hold already:
one decision in :data:`EVERY`, and each alert, which is rare. It is for a person who watches; no
judge reads it. The file holds the last of each and never grows beyond that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from evaluation.view_reader import Chunk, View, ViewReader
from generator.whole_file import write_whole
from job.contracts import Alert

GLANCE_FILE: Final = "glance.json"
#: One record of each view in so many is looked at. A choice: 17 a second at 100,000 a minute.
EVERY: Final = 100
#: Most records decoded at one look: a backlog that is read at once must not hold the reader up.
_MOST_AT_ONCE: Final = 50
_SAMPLES_KEPT: Final = 1_200
_ALERTS_KEPT: Final = 50
_POINTS_KEPT: Final = 240
_WRITE_EVERY_NS: Final = 1_000_000_000


class SeenDecision(msgspec.Struct, frozen=True, array_like=True):
    """One decision of a view: of which swipe, and when it could be read (monotonic clock)."""

    swipe_id: str
    received_ns: int


class SeenAlert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert, at the reader of uncommitted records; ``reasons`` are its rules' codes."""

    received_ns: int
    entity_type: str
    entity_id: str
    action: str
    score: float
    reasons: list[str]


class LoadPoint(msgspec.Struct, frozen=True, array_like=True):
    """Records so far: on ``swipes``, read by the job, and dealt with as each view sees it.

    ``read`` is None where the job's group has committed nothing yet.
    """

    time_ns: int
    swipes: int
    read: int | None
    fates_uncommitted: int
    fates_committed: int


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """Content of ``glance.json``.

    Attributes
    ----------
    time_ns
        ``time.monotonic_ns`` of this file.
    decisions
        The last sampled of each view, oldest first.
    alerts
        The last, oldest first.
    unreadable
        Looked at, and not as the contract has it.
    load
        Over the whole run, thinned.
    """

    time_ns: int
    decisions: dict[str, list[SeenDecision]]
    alerts: list[SeenAlert]
    unreadable: int
    load: list[LoadPoint]


class _Ident(msgspec.Struct):
    swipe_id: str
    fate: str


class Glances:
    """Looks at what the readers hold, and writes ``glance.json`` once a second.

    Parameters
    ----------
    file
        To replace.
    readers
        By view.
    codes
        Number of each (unprefixed) topic in the readers' chunks.
    """

    def __init__(
        self, file: Path, readers: Mapping[View, ViewReader], codes: Mapping[str, int]
    ) -> None:
        self._file = file
        self._readers = readers
        self._decisions, self._alerts = codes.get("decisions"), codes.get("alerts")
        self._held: dict[View, tuple[Chunk, int]] = {}
        self._until_next = dict.fromkeys(readers, 0)
        self._samples: dict[View, deque[SeenDecision]] = {
            view: deque(maxlen=_SAMPLES_KEPT) for view in readers
        }
        self._seen_alerts: deque[SeenAlert] = deque(maxlen=_ALERTS_KEPT)
        self._unreadable = 0
        self._written_ns = 0
        self._ident = msgspec.json.Decoder(_Ident)
        self._alert = msgspec.json.Decoder(Alert)

    def look(self, now_ns: int, load: Sequence[tuple[int | None, ...]]) -> None:
        """Take what came since the last look; write when it is time.

        Parameters
        ----------
        load
            Rows of ``lag.parquet`` so far.
        """
        for view in self._readers:
            for chunk, begin, end in self._new_rows(view):
                self._sample(view, chunk, begin, end)
                if view == "uncommitted":
                    self._take_alerts(chunk, begin, end)
        if now_ns - self._written_ns >= _WRITE_EVERY_NS:
            self._written_ns = now_ns
            write_whole(self._file, msgspec.json.encode(self._glance(now_ns, load)))

    def _new_rows(self, view: View) -> Iterator[tuple[Chunk, int, int]]:
        # The receipt times come last into a chunk: as far as they reach, a row is whole.
        held, begin = self._held.get(view, (None, 0))
        chunk = self._readers[view].chunk
        if held is not None and held is not chunk:
            yield held, begin, len(held.received_ns)
            begin = 0
        end = len(chunk.received_ns)
        self._held[view] = (chunk, end)
        yield chunk, begin, end

    def _sample(self, view: View, chunk: Chunk, begin: int, end: int) -> None:
        rows = range(begin + self._until_next[view], end, EVERY)
        beyond = rows[-1] + EVERY if rows else begin + self._until_next[view]
        self._until_next[view] = beyond - end
        for row in rows[-_MOST_AT_ONCE:]:
            if chunk.topic[row] != self._decisions:
                continue
            try:
                ident = self._ident.decode(chunk.value[row] or b"")
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self._unreadable += 1
                continue
            if ident.fate == "judged":
                self._samples[view].append(SeenDecision(ident.swipe_id, chunk.received_ns[row]))

    def _take_alerts(self, chunk: Chunk, begin: int, end: int) -> None:
        for row in _rows_of(chunk, self._alerts, begin, end)[-_MOST_AT_ONCE:]:
            try:
                alert = self._alert.decode(chunk.value[row] or b"")
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                self._unreadable += 1
                continue
            self._seen_alerts.append(
                SeenAlert(
                    received_ns=chunk.received_ns[row],
                    entity_type=alert.entity_type,
                    entity_id=alert.entity_id,
                    action=alert.action,
                    score=alert.score,
                    reasons=[finding.reason_code for finding in alert.findings],
                )
            )

    def _glance(self, now_ns: int, load: Sequence[tuple[int | None, ...]]) -> Glance:
        step = -(-len(load) // _POINTS_KEPT) or 1
        return Glance(
            time_ns=now_ns,
            decisions={view: list(samples) for view, samples in self._samples.items()},
            alerts=list(self._seen_alerts),
            unreadable=self._unreadable,
            load=[
                LoadPoint(time_ns or 0, swipes or 0, read, uncommitted or 0, committed or 0)
                for time_ns, swipes, read, uncommitted, committed, *_ in load[::step]
            ],
        )


def _rows_of(chunk: Chunk, code: int | None, begin: int, end: int) -> list[int]:
    """Rows of one topic; the array is searched, so that other rows cost nothing."""
    rows: list[int] = []
    while code is not None and begin < end:
        try:
            row = chunk.topic.index(code, begin, end)
        except ValueError:
            break
        rows.append(row)
        begin = row + 1
    return rows


def read_glance(history: Path) -> Glance | None:
    """What was last written of a run under way; None where there is nothing readable."""
    try:
        return msgspec.json.decode((history / GLANCE_FILE).read_bytes(), type=Glance)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
