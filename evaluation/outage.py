"""What did a reader see of a fault: how long was it dark, and when was all as before?

Pure functions over receipt and send times on the history's monotonic clock.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.fates import first_outputs
from evaluation.fault_record import FaultRecord
from evaluation.history import Bools, History, Int64s, Sends
from evaluation.matching import look_up

#: Beyond the deepest backlog before the fault, the share by which one after it may be deeper and
#: still count as caught up with. A choice.
_CAUGHT_UP: Final = 1.1
_STEP_NS: Final = 20_000_000
NEVER: Final = -1


class Receipts(NamedTuple):
    """Each swipe's intended send and first receipt in one view, by intended send.

    Attributes
    ----------
    intended_ns
        When the schedule had it.
    received_ns
        When its first output was read; `NEVER` where none was.
    """

    intended_ns: Int64s
    received_ns: Int64s

    def latencies_ms(self, chosen: Bools) -> NDArray[np.float64]:
        """Latencies of the chosen swipes, ms; infinite where nothing came."""
        received, intended = self.received_ns[chosen], self.intended_ns[chosen]
        return np.where(received == NEVER, np.inf, (received - intended) / 1e6)

    def spans(
        self, calm_ns: int, invoked_ns: int, back_ns: int, end_ns: int, *, followed: bool
    ) -> dict[str, Bools]:
        """The swipes before, during and after a fault, by when they were due.

        What was due before a fault and had not come by then was on its way when it struck: it
        counts as during that fault, and not as after the one before (``followed``: another fault
        came at ``end_ns``).
        """
        due = self.intended_ns
        calm = (due >= calm_ns) & (due < invoked_ns)
        on_its_way = calm & ~self._came_by(invoked_ns)
        after = (due >= back_ns) & (due < end_ns)
        return {
            "before": calm & ~on_its_way,
            "during": on_its_way | ((due >= invoked_ns) & (due < back_ns)),
            "after": after & self._came_by(end_ns) if followed else after,
        }

    def _came_by(self, moment_ns: int) -> Bools:
        came: Bools = (self.received_ns != NEVER) & (self.received_ns < moment_ns)
        return came


class Outage(NamedTuple):
    """What one fault did to one view, ms; None where it cannot be known.

    Attributes
    ----------
    gap_ms
        The longest time without a new decision that touches the fault.
    gap_before_ms
        The longest such time in the calm before it: checkpoints alone make one.
    caught_up_ns
        The moment at which no more was on its way than before the fault.
    """

    gap_ms: float | None
    gap_before_ms: float | None
    caught_up_ns: int | None


def receipts(history: History, sends: Sends, view: str) -> Receipts:
    """Match sends and first outputs of a view."""
    positions, received_ns = first_outputs(history, view)
    delivered = sends.delivered
    intended = sends.intended_ns[delivered]
    found = look_up(sends.position[delivered], positions, received_ns, NEVER)
    order = np.argsort(intended, kind="stable")
    return Receipts(intended[order], found[order])


def outage(seen: Receipts, calm_ns: int, fault: FaultRecord, until_ns: int) -> Outage:
    """What a fault did to a view.

    Parameters
    ----------
    seen
        Of the view.
    calm_ns
        Since when nothing was broken: the end of the warm-up or of the fault before.
    fault
        With the moment of its invocation.
    until_ns
        The next fault, or the end of the run.
    """
    invoked_ns = fault.invoked_monotonic_ns
    received = np.sort(seen.received_ns[seen.received_ns != NEVER])
    return Outage(
        _longest_gap_ms(received, invoked_ns, until_ns, touching=True),
        _longest_gap_ms(received, calm_ns, invoked_ns, touching=False),
        _caught_up_ns(seen, received, calm_ns, invoked_ns, until_ns),
    )


def _longest_gap_ms(
    received: Int64s, start_ns: int, end_ns: int, *, touching: bool
) -> float | None:
    """The longest time between two receipts within; ``touching``: the first may lie before."""
    first = int(np.searchsorted(received, start_ns, side="left"))
    last = np.searchsorted(received, end_ns, side="right")
    if touching:
        first = max(first - 1, 0)
    inside = received[first:last]
    if touching and last < len(received):
        # A gap that the next fault meets is this one's up to there.
        inside = np.append(inside, end_ns)
    return float(np.diff(inside).max()) / 1e6 if len(inside) > 1 else None


def _caught_up_ns(
    seen: Receipts, received: Int64s, calm_ns: int, invoked_ns: int, until_ns: int
) -> int | None:
    """When the backlog was as shallow again as at its deepest before the fault."""
    before = np.arange(calm_ns, invoked_ns, _STEP_NS, dtype=np.int64)
    after = np.arange(invoked_ns, until_ns, _STEP_NS, dtype=np.int64)
    if not len(before) or not len(after):
        return None
    usual = _backlog(seen, received, before).max() * _CAUGHT_UP
    deep = np.flatnonzero(_backlog(seen, received, after) > usual)
    if not len(deep):
        return invoked_ns  # nobody noticed
    return int(after[deep[-1] + 1]) if deep[-1] + 1 < len(after) else None


def _backlog(seen: Receipts, received: Int64s, times_ns: Int64s) -> Int64s:
    due = np.searchsorted(seen.intended_ns, times_ns, side="right")
    return np.asarray(due - np.searchsorted(received, times_ns, side="right"), dtype=np.int64)
