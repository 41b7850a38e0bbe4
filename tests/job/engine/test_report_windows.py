"""Do reports prove the same in whatever order they come, and is each cause told once?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.contracts import Alert, Observation, Topics, WindowDrop
from job.engine.report_windows import REPORTED_LIMIT, SEEN_DAYS_KEPT
from job.engine.settings import EngineSettings
from job.engine.window_engine import (
    EntityState,
    OpenWindow,
    WindowEngine,
    decode_entity_state,
    encode_entity_state,
)
from job.rules.compromised_terminal import CompromisedTerminal, CompromisedTerminalParameters

DAY_MS = 86_400_000
WINDOW_MS = 28 * DAY_MS
#: The beginning of a window.
START_MS = 700 * WINDOW_MS
NO_WATERMARK_MS = -1

decode_alert = msgspec.json.Decoder(Alert).decode


def engine(**parameters: Any) -> WindowEngine:
    rule = CompromisedTerminal(CompromisedTerminalParameters(sample_one_in=1, **parameters))
    return WindowEngine([rule], EngineSettings(), Topics.with_prefix())


def observation(card: str, day: float, *, reported: bool) -> Observation:
    return Observation(
        rule="compromised_terminal",
        entity_id="shop",
        card_token=card,
        swipe_id=f"{card}-{'copied' if reported else 'visit'}",
        event_time_ms=START_MS + round(day * DAY_MS),
        reported=reported,
    )


def report(card: str, day: float) -> Observation:
    return observation(card, day, reported=True)


def seen(card: str, day: float) -> Observation:
    return observation(card, day, reported=False)


def alerts(
    observations: list[Observation], entity: EntityState | None = None, **parameters: Any
) -> list[Alert]:
    one, entity = engine(**parameters), entity or EntityState()
    written = [out for each in observations for out in one.process(each, NO_WATERMARK_MS, entity)]
    return [decode_alert(output.value) for output in written]


def test_four_reported_cards_of_few_seen_are_told_once_with_their_swipes() -> None:
    few = [seen(f"c{n}", 1) for n in range(30)]
    (alert,) = alerts([*few, *(report(f"c{n}", 5 + n) for n in range(6))])
    assert (alert.entity_type, alert.entity_id) == ("merchant", "shop")
    assert (alert.window_start_ms, alert.window_end_ms) == (START_MS, START_MS + WINDOW_MS)
    assert alert.event_time_ms == START_MS + 8 * DAY_MS
    (finding,) = alert.findings
    assert (finding.value, finding.threshold) == (4.0, 4.0)
    assert finding.swipe_ids == [f"c{n}-copied" for n in range(4)]
    assert finding.saw["cards_seen_estimate"] == 30


def test_the_same_four_are_nothing_at_a_popular_merchant() -> None:
    many = [seen(f"c{n}", 1) for n in range(200)]
    assert alerts([*many, *(report(f"c{n}", 5 + n) for n in range(6))]) == []


def test_several_reports_of_one_card_are_one_card() -> None:
    assert alerts([report("c1", 5 + n) for n in range(10)]) == []


def test_reports_of_two_windows_do_not_add_up() -> None:
    assert alerts([report(f"c{n}", 26 + n) for n in range(5)]) == []


def test_cards_are_seen_in_the_window_before_as_well() -> None:
    many = [seen(f"c{n}", -3) for n in range(200)]
    assert alerts([*many, *(report(f"c{n}", 1 + n) for n in range(6))]) == []


REPORTS = st.lists(
    st.builds(report, st.sampled_from([f"c{n}" for n in range(8)]), st.floats(0.0, 27.9)),
    max_size=14,
)
SEEN = st.lists(st.builds(seen, st.just("any"), st.floats(-27.0, 27.0)), min_size=10, max_size=60)


@settings(max_examples=200, deadline=None)
@given(reports=REPORTS, before=SEEN, data=st.data())
def test_whether_they_prove_anything_does_not_depend_on_their_order(
    reports: list[Observation], before: list[Observation], data: st.DataObject
) -> None:
    """Also not on when they come among the swipes of the last half day before them."""
    shuffled = data.draw(st.permutations(reports))
    assert len(alerts([*before, *shuffled])) == len(alerts([*before, *reports]))
    first_ms = min((each.event_time_ms for each in reports), default=0)
    late = [each for each in before if each.event_time_ms > first_ms - DAY_MS // 2]
    early = [each for each in before if each.event_time_ms <= first_ms - DAY_MS // 2]
    in_step = sorted([*reports, *late], key=lambda each: each.event_time_ms)
    assert len(alerts([*early, *in_step])) == len(alerts([*before, *reports]))


def test_a_report_after_its_window_has_closed_is_dropped_and_told() -> None:
    one, entity = engine(), EntityState()
    (output,) = one.process(report("c1", 27), START_MS + WINDOW_MS, entity)
    drop = msgspec.json.decode(output.value, type=WindowDrop)
    assert (drop.rule, drop.swipe_id) == ("compromised_terminal", "c1-copied")
    assert entity.is_empty


def test_a_card_seen_is_dropped_by_no_watermark_and_forgotten_when_no_report_can_ask() -> None:
    one, entity = engine(), EntityState()
    assert one.process(seen("c1", 0), START_MS + WINDOW_MS, entity) == []
    until_ms = one.useful_until_ms(seen("c1", 0))
    assert until_ms == START_MS + (1 + SEEN_DAYS_KEPT) * DAY_MS
    one.close(until_ms - 2, entity)
    assert not entity.is_empty
    one.close(until_ms - 1, entity)
    assert entity.is_empty


def test_the_state_does_not_grow_for_ever() -> None:
    many = [seen(f"c{n}", 1) for n in range(20 * REPORTED_LIMIT)]
    entity = EntityState()
    alerts([*many, *(report(f"c{n}", 5) for n in range(2 * REPORTED_LIMIT))], entity)
    assert len(entity.windows[0].first_report_by_card) == REPORTED_LIMIT


def test_state_comes_back_as_it_was_stored() -> None:
    entity = EntityState()
    alerts([seen("c1", 1), report("c1", 5)], entity)
    assert decode_entity_state(encode_entity_state(entity)) == entity


def test_state_of_the_former_version_is_read() -> None:
    stored = msgspec.msgpack.encode([1, [[0, 60_000, False, {"c1": "s1"}]]])
    entity = decode_entity_state(stored)
    assert entity == EntityState(windows=[OpenWindow(0, 60_000, False, {"c1": "s1"})])


@pytest.mark.parametrize("shadow", [True, False])
def test_a_shadow_rule_proves_and_keeps_quiet(shadow: bool) -> None:
    found = alerts([report(f"c{n}", 5) for n in range(4)], shadow=shadow)
    assert len(found) == (0 if shadow else 1)
