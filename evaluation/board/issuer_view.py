"""What would an issuer believe of the same alerts, with the reports it has by then?

Holders report late, and some never. Delay: lognormal with a median of seven days and a spread
(standard deviation of the logarithm) of 1; unreported: 15% of the attacks. Both are choices. An
attack that is not known yet counts as none: its alerts look false.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from evaluation.attribution import FALSE, Attribution
from evaluation.board.shards import Exam

MEDIAN_DELAY_DAYS: Final = 7.0
DELAY_LOG_SD: Final = 1.0
UNREPORTED_SHARE: Final = 0.15
_SEED: Final = 20_262
_DAY_MS: Final = 86_400_000


class IssuerView(NamedTuple):
    """Figures with the reports known at the end of the exam."""

    attacks: int
    known: int
    incident_recall: float | None
    alert_precision: float | None


def issuer_view(exam: Exam, found: Attribution) -> IssuerView:
    """The same alerts, judged by what has been reported."""
    ids = found.attacks.column("incident_id").to_pylist()
    rng = np.random.default_rng(_SEED)
    delay_days = MEDIAN_DELAY_DAYS * np.exp(DELAY_LOG_SD * rng.standard_normal(len(ids)))
    first_ms = np.asarray(found.attacks.column("first_event_time_ms").to_numpy(), dtype=np.int64)
    reported = rng.random(len(ids)) >= UNREPORTED_SHARE
    known = reported & (first_ms + delay_days * _DAY_MS <= exam.end_ms)
    known_ids = {name for name, is_known in zip(ids, known.tolist(), strict=True) if is_known}
    caught = found.attacks.column("caught").to_pylist()
    caught_known = sum(c and name in known_ids for c, name in zip(caught, ids, strict=True))
    credited = found.alerts.column("incident_id").to_pylist()
    kinds = found.alerts.column("kind").to_pylist()
    right = sum(
        kind != FALSE and name in known_ids for kind, name in zip(kinds, credited, strict=True)
    )
    return IssuerView(
        attacks=len(ids),
        known=len(known_ids),
        incident_recall=caught_known / len(known_ids) if known_ids else None,
        alert_precision=right / len(kinds) if kinds else None,
    )
