"""Is a card that stands for size stored as one that really swiped?"""

from __future__ import annotations

import msgspec
import pytest

from job.engine.card_state import HISTORY_LIMIT, decode_card_state, encode_card_state
from job.engine.full_card import MODELS, full_card, models
from job.rules.example import example_swipe
from tests.job.a_profile import a_profile

DAY_MS = 86_400_000
PROFILE = a_profile(
    recent=[
        example_swipe(swipe_id="older-0001", event_time_ms=DAY_MS),
        example_swipe(swipe_id="newest-0001", event_time_ms=2 * DAY_MS),
    ],
)


@pytest.mark.parametrize("swipes", [1, 64, HISTORY_LIMIT])
def test_it_holds_so_many_different_swipes_and_outlives_storage(swipes: int) -> None:
    state = full_card(PROFILE, swipes, DAY_MS)
    assert len({past.swipe_id for past in state.history}) == swipes
    assert state.judged_count == swipes
    assert state.high_event_time_ms == 2 * DAY_MS
    assert decode_card_state(encode_card_state(state)) == state


def test_its_size_grows_with_its_swipes() -> None:
    small, large = (len(encode_card_state(full_card(PROFILE, n, DAY_MS))) for n in (10, 100))
    assert 8 * small < large < 12 * small


def test_more_than_a_state_ever_holds_is_refused() -> None:
    for swipes in (0, HISTORY_LIMIT + 1):
        with pytest.raises(ValueError, match="holds 1 to"):
            full_card(PROFILE, swipes, DAY_MS)
    with pytest.raises(ValueError, match="holds 1 to 60"):
        full_card(PROFILE, 61, 3_600_000)


def test_a_profile_without_a_swipe_is_no_model() -> None:
    bare, whole = (msgspec.json.encode(each) for each in (a_profile(), PROFILE))
    assert models([bare, whole], 3, DAY_MS) == [encode_card_state(full_card(PROFILE, 3, DAY_MS))]
    assert len(models([whole] * (MODELS + 1), 1, DAY_MS)) == MODELS
    with pytest.raises(ValueError, match="no profile holds a swipe"):
        models([bare], 1, DAY_MS)
    with pytest.raises(ValueError, match="holds no swipe"):
        full_card(a_profile(), 1, DAY_MS)
