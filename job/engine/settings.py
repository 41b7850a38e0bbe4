"""Which bounds does the engine keep?"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

#: No bound: year 9999.
NO_EVENT_TIME_LIMIT_MS: Final = 253_402_300_799_999


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the engine.

    Parameters
    ----------
    lateness_ms
        A swipe further behind its card's highest event time is late, milliseconds.
    event_time_limit_ms
        A swipe later than this has a broken clock: a dead letter. Milliseconds since the epoch.
    review_score, block_score
        Scores from which on a swipe is reviewed, or blocked.
    """

    lateness_ms: Annotated[int, Meta(ge=0)] = 30_000
    event_time_limit_ms: int = NO_EVENT_TIME_LIMIT_MS
    review_score: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.5
    block_score: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.85
