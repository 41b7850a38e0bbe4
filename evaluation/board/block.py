"""What would have been stopped, had a block held until the holder has called?

After a swipe whose action is block, that swipe and every later one of its card within 24 h count
as stopped: the response has not left when the action is taken. 24 h is a choice. The engine is not
run again: in life the swipes behind a block would not have happened as they did, and an attacker
or a holder would try another way.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from evaluation.board.sample import Sample
from evaluation.cases import CASE_MS, case_numbers
from generator.mixing import I64


def block_openers(sample: Sample, blocking: I64) -> I64:
    """Rows whose block opens a stop: a card's first, and the first after a stop has ended."""
    ordered = blocking[np.lexsort((blocking, sample.time_ms[blocking], sample.card[blocking]))]
    # Numbers of equal width sort as text the way the cards do.
    events = [(f"{sample.card[row]:09d}", int(sample.time_ms[row])) for row in ordered]
    numbers = case_numbers(events)
    _, first = np.unique(np.array(numbers, dtype=np.int64), return_index=True)
    openers: I64 = ordered[first]
    return openers


_STOPPED = """
SELECT DISTINCT s.row, o.row AS opener FROM swipes s JOIN openers o
  ON s.card = o.card AND s.time_ms < o.time_ms + {case_ms}
  AND (s.time_ms > o.time_ms OR (s.time_ms = o.time_ms AND s.row >= o.row))
ORDER BY s.row
"""


def stopped(sample: Sample, openers: I64) -> tuple[I64, I64]:
    """Rows stopped, and the row of the block that stops each."""
    rows = np.flatnonzero(np.isin(sample.card, sample.card[openers]) & sample.scored)
    with duckdb.connect() as connection:
        for name, of in (("swipes", rows), ("openers", openers)):
            table = {"row": of, "card": sample.card[of], "time_ms": sample.time_ms[of]}
            connection.register(name, pa.table(table))
        found = connection.sql(_STOPPED.format(case_ms=CASE_MS)).fetchnumpy()
    return found["row"].astype(np.int64), found["opener"].astype(np.int64)
