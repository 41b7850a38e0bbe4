"""What does the state of a card look like that swipes a lot?

For measurements of a large state: cards that are no card of the traffic, but are stored as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

import msgspec

from job.contracts import CardProfile, Swipe
from job.engine.card_state import HISTORY_LIMIT, CardState, encode_card_state

#: Between two swipes of a full card, ms: all lie within the rules' day. A choice.
_STEP_MS: Final = 60_000
#: Cards of the traffic of which full ones are made. A choice: enough that no two neighbours match.
MODELS: Final = 64
_decode_profile = msgspec.json.Decoder(CardProfile).decode


def full_card(profile: CardProfile, swipes: int, retention_ms: int) -> CardState:
    """The state of a card with this profile after so many swipes.

    Parameters
    ----------
    profile
        Of a card that has swiped: its last swipe is taken again and again.
    swipes
        How many the state holds.
    retention_ms
        See `job.engine.detector.Detector`.

    Raises
    ------
    ValueError
        If the profile holds no swipe, or the state can never hold so many.
    """
    if not profile.recent:
        raise ValueError(f"the profile of {profile.card_token} holds no swipe")
    most = min(HISTORY_LIMIT, retention_ms // _STEP_MS)
    if not 1 <= swipes <= most:
        raise ValueError(f"a card's state holds 1 to {most} swipes, not {swipes}")
    state = CardState()
    state.apply_profile(msgspec.structs.replace(profile, recent=[]), retention_ms)
    last = profile.recent[-1]
    for number in range(swipes):
        state.remember(_earlier(last, swipes - 1 - number), number + 1, retention_ms)
    return state


def _earlier(swipe: Swipe, steps: int) -> Swipe:
    return msgspec.structs.replace(
        swipe,
        swipe_id=f"{swipe.swipe_id[:-3]}{steps:03d}",
        event_time_ms=swipe.event_time_ms - steps * _STEP_MS,
    )


def models(values: Iterable[bytes], swipes: int, retention_ms: int) -> list[bytes]:
    """Encoded states of full cards, to be taken in turn.

    Parameters
    ----------
    values
        Encoded profiles; the first `MODELS` of them that hold a swipe are taken.
    swipes, retention_ms
        As in `full_card`.

    Raises
    ------
    ValueError
        If no profile holds a swipe, or a state can never hold so many.
    """
    profiles = (profile for profile in map(_decode_profile, values) if profile.recent)
    found = [
        encode_card_state(full_card(profile, swipes, retention_ms))
        for profile in islice(profiles, MODELS)
    ]
    if not found:
        raise ValueError("no profile holds a swipe")
    return found
