"""Can a sender that waits for the job hide a stall of the job?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from evaluation.controls.base import CannotTry, Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import NANOS_PER_S, every_topic, later, middle_of, received
from evaluation.history import History, Int64s

STALL_S: Final = 3.0


class ClosedLoopSender(Tampering):
    """The job stands still for three seconds; the sender waits and then says that it meant to.

    It sends nothing while no decision comes, and writes down the time of the send as the one that
    was intended: coordinated omission. Every latency is then as short as in a healthy run; only
    the schedule of the replay tells.
    """

    name = "closed_loop_sender"
    broken = "the sender waits out a stall of 3 s and re-stamps its schedule"
    judge = "latency"
    figure = "off_schedule"
    expected = "inconclusive"

    def tamper(self, material: Material) -> History:
        """Move everything from the stall on, intended sends included."""
        history = material.history
        sends = history.sends
        begin_ns, _ = middle_of(history, STALL_S)
        if sends is None or sends.due_ns is None:
            raise CannotTry("the replay's schedule is not there")
        shift_ns = int(STALL_S * NANOS_PER_S)
        waited = sends.intended_ns >= begin_ns
        moved = replace(
            sends,
            intended_ns=np.where(waited, sends.intended_ns + shift_ns, sends.intended_ns),
            actual_ns=np.where(waited, later(sends.actual_ns, shift_ns), sends.actual_ns),
            delivered_ns=np.where(waited, later(sends.delivered_ns, shift_ns), sends.delivered_ns),
        )

        def shifted(received_ns: Int64s) -> Int64s:
            return np.where(received_ns >= begin_ns, received_ns + shift_ns, received_ns)

        return replace(
            every_topic(history, lambda records: received(records, shifted)), sends=moved
        )
