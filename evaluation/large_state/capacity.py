"""How many swipes a second came out while more were waiting than could?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from evaluation.fates import first_outputs
from evaluation.history import load_history

#: Shares of the outputs between which the rate is taken: the beginning still fills the backlog, the
#: end has none. A choice.
FROM_SHARE: Final = 0.2
TO_SHARE: Final = 0.9
_NANOS_PER_S: Final = 1e9


def drain_rate(folder: Path) -> tuple[float, bool]:
    """Swipes a second that an overloaded run brought out.

    Parameters
    ----------
    folder
        Of the run.

    Returns
    -------
    float, bool
        The rate at the uncommitted reader, and whether the job was overloaded through all of the
        time in which it is taken; otherwise the rate is only what was offered.
    """
    history = load_history(folder)
    received_ns = np.sort(first_outputs(history, "uncommitted")[1])
    count = len(received_ns)
    if count < 100:
        return 0.0, False
    first, last = int(count * FROM_SHARE), int(count * TO_SHARE)
    took_s = (received_ns[last] - received_ns[first]) / _NANOS_PER_S
    rate = (last - first) / max(float(took_s), 1e-9)
    sends = history.sends
    if sends is None:
        return rate, False
    sent_ns = np.sort(sends.actual_ns[sends.delivered])
    waiting = np.searchsorted(sent_ns, received_ns[first]) - first
    # Half a second of work: less than that may be on its way without anybody waiting.
    return rate, bool(waiting > rate / 2 and sent_ns[-1] < received_ns[-1])
