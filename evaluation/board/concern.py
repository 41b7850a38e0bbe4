"""Which swipes come and go with an incident?

Its marked ones, and every other swipe of its cards from its first marked swipe until 24 h after
its last: the span in which an alert on the card is about the incident. Of two incidents it is the
one that began last, as in :mod:`evaluation.attribution`.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from evaluation.attribution import CREDIT_AFTER_MS
from evaluation.board.sample import NONE, Sample
from generator.mixing import F64, I64

_OWNERS = """
SELECT c.row, arg_max(s.incident, (s.first_ms, s.incident)) AS incident
FROM candidates c JOIN spans s
  ON c.card = s.card AND c.time_ms BETWEEN s.first_ms AND s.last_ms + {after_ms}
GROUP BY c.row
"""


def concerned(sample: Sample) -> I64:
    """Number of the incident with which each swipe comes and goes; ``NONE`` for most."""
    owner = sample.incident.astype(np.int64)
    marked = np.flatnonzero(owner != NONE)
    if not len(marked):
        return owner
    pairs = np.unique(np.stack([owner[marked], sample.card[marked]], axis=1), axis=0)
    rows = np.flatnonzero(np.isin(sample.card, pairs[:, 1]) & (owner == NONE))
    first_ms, last_ms = _span_ms(sample)
    spans = pa.table(
        {
            "incident": pairs[:, 0],
            "card": pairs[:, 1],
            "first_ms": first_ms[pairs[:, 0]],
            "last_ms": last_ms[pairs[:, 0]],
        }
    )
    candidates = pa.table({"row": rows, "card": sample.card[rows], "time_ms": sample.time_ms[rows]})
    with duckdb.connect() as connection:
        connection.register("spans", spans)
        connection.register("candidates", candidates)
        found = connection.sql(_OWNERS.format(after_ms=CREDIT_AFTER_MS)).fetchnumpy()
    owner[found["row"]] = found["incident"]
    return owner


def random_catch(sample: Sample, owner: I64, alert_rate: float) -> F64:
    """Probability, for each incident, that alerts at random would meet it: 1 - (1 - rate)^n.

    Parameters
    ----------
    owner
        From :func:`concerned`; n is the number of scored swipes that come with the incident.
    alert_rate
        Share of swipes alerted.
    """
    counted = np.bincount(owner[(owner != NONE) & sample.scored], minlength=len(sample.incidents))
    chance: F64 = 1.0 - (1.0 - alert_rate) ** counted
    return chance


def _span_ms(sample: Sample) -> tuple[I64, I64]:
    return (
        sample.incidents.column("first_event_time_ms").to_numpy(),
        sample.incidents.column("last_event_time_ms").to_numpy(),
    )
