"""Which fraud would the issuer know of at the end of the exam?

Fraud is known when the holder reports it, some days later, and some of it never is.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from evaluation.board.sample import NONE, Bools, Sample
from generator.fraud_reports import REPORT_LOG_SD, REPORT_MEDIAN_DAYS, UNREPORTED_SHARE

_MS_PER_DAY: Final = 86_400_000


def known_fraud(sample: Sample, seed: int) -> Bools:
    """Fraudulent swipes that are known as such when their shard's event time ends.

    A holder reports once: all fraud of one incident on one card is known together, counted from
    its first swipe. What a person finds out who works on an alert is not counted.
    """
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(sample.fraud & (sample.incident != NONE))
    known = np.zeros(len(sample), dtype=np.bool_)
    if not len(rows):
        return known
    pairs = np.stack([sample.incident[rows], sample.card[rows]], axis=1)
    once, at = np.unique(pairs, axis=0, return_inverse=True)
    first_ms = np.full(len(once), np.iinfo(np.int64).max)
    np.minimum.at(first_ms, at.ravel(), sample.time_ms[rows])
    delay_days = rng.lognormal(math.log(REPORT_MEDIAN_DAYS), REPORT_LOG_SD, len(once))
    reported = rng.random(len(once)) >= UNREPORTED_SHARE
    end_ms = np.array([shard.event_time_end_ms for shard in sample.shards])
    report_ms = (first_ms + delay_days * _MS_PER_DAY)[at.ravel()]
    known[rows] = reported[at.ravel()] & (report_ms < end_ms[sample.shard[rows]])
    return known
