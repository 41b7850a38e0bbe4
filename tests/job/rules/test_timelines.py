"""What does each rule see on a few swipes that a person can check by eye?

Times in the drawings are minutes unless they say otherwise; ``*`` marks the swipe that is judged.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from job.contracts import Swipe, Topics
from job.engine.card_state import CardState
from job.engine.settings import EngineSettings
from job.engine.window_engine import EntityState, WindowEngine
from job.rules.account_takeover import AccountTakeover
from job.rules.amount_outlier import AmountOutlier
from job.rules.base import CardRule
from job.rules.bin_attack import BinAttack, BinAttackParameters
from job.rules.card_testing import CardTesting
from job.rules.decline_burst import DeclineBurst
from job.rules.device_sharing import DeviceSharing
from job.rules.example import Typical, example_card, example_swipe
from job.rules.impossible_travel import ImpossibleTravel, great_circle_km
from job.rules.rapid_escalation import RapidEscalation
from job.rules.velocity import Velocity

MINUTE_MS = 60_000
PARIS = {"latitude": 48.8566, "longitude": 2.3522}
LONDON = {"latitude": 51.5074, "longitude": -0.1278}


def at(minutes: float, swipe_id: str = "example", **fields: Any) -> Swipe:
    event_time_ms = 1_000_000_000 + round(minutes * MINUTE_MS)
    return example_swipe(swipe_id=swipe_id, event_time_ms=event_time_ms, **fields)


def fires(rule: CardRule, swipe: Swipe, card: CardState) -> bool:
    return rule.measure(swipe, card) >= rule.threshold


def test_velocity() -> None:
    # minute      0    2    4    6    8    9.99   12
    # swipe       a    b    c    r    d    *       *
    # the window of ten minutes reaches back to just after minute -0.01, then 2
    # counted     1    2    3    -    4    5       4 (c d e *; b is exactly ten minutes ago)
    rule = Velocity()
    card = example_card(
        at(0, "a"), at(2, "b"), at(4, "c"), at(6, "r", message_type="reversal"), at(8, "d")
    )
    fifth = at(9.99, "e")
    assert rule.measure(fifth, card) == 5.0
    card.remember(fifth, digest=0, retention_ms=10**9)
    assert rule.measure(at(12), card) == 4.0
    assert rule.explain(at(12), card).swipe_ids == ("c", "d", "e")


def test_velocity_fires_at_the_sixth() -> None:
    # minute      0  1  2  3  4   5
    # swipe       1  2  3  4  5   6*
    card = example_card(*(at(minute) for minute in range(5)))
    assert fires(Velocity(), at(5), card)
    assert not fires(Velocity(), at(5), example_card(*(at(minute) for minute in range(4))))


def test_impossible_travel() -> None:
    # Paris to London is 344 km; 20 km are forgiven, and two minutes.
    # minute      0          28             118
    # place       Paris      London *       London *
    # speed                  324 km/0.5 h   324 km/2 h
    #                        = 647 km/h     = 162 km/h
    assert great_circle_km(*PARIS.values(), *LONDON.values()) == pytest.approx(343.6, abs=0.1)
    rule, card = ImpossibleTravel(), example_card(at(0, "paris", **PARIS))
    assert rule.measure(at(28, **LONDON), card) == pytest.approx(647.1, abs=0.1)
    assert rule.measure(at(118, **LONDON), card) == pytest.approx(161.8, abs=0.1)
    assert not fires(rule, at(28, **LONDON), card)


def test_impossible_travel_fires_within_a_quarter_of_an_hour_whichever_arrives_first() -> None:
    # minute      0          15
    # place       Paris      London        324 km in 17 minutes = 1142 km/h
    # arrival     first      second *
    # arrival     second *   first         (the disorder bound is far smaller; the rule needs none)
    rule = ImpossibleTravel()
    paris, london = at(0, "paris", **PARIS), at(15, "london", **LONDON)
    assert fires(rule, london, example_card(paris))
    assert fires(rule, paris, example_card(london))
    assert rule.explain(london, example_card(paris)).swipe_ids == ("paris",)


@pytest.mark.parametrize(
    "fields",
    [
        {"entry_mode": "ecommerce"},
        {"latitude": None},
        {"longitude": None},
        {"message_type": "reversal"},
    ],
    ids=str,
)
def test_impossible_travel_leaves_out_what_is_not_placed(fields: dict[str, Any]) -> None:
    assert ImpossibleTravel().measure(at(1, **LONDON), example_card(at(0, **PARIS | fields))) == 0.0
    assert ImpossibleTravel().measure(at(1, **LONDON | fields), example_card(at(0, **PARIS))) == 0.0


def test_rapid_escalation() -> None:
    # minute      0     5     6      10     15     20
    # amount     10    40    12     100    180    400 *
    # ladder     10 -> 40 ---------> 100 -> 180 -> 400      four steps, each at least 1.5 times
    # (12 stands on 10 only by 1.2, and is left out)
    rule = RapidEscalation()
    card = example_card(
        at(0, "a", amount_minor=1_000),
        at(5, "b", amount_minor=4_000),
        at(6, "c", amount_minor=1_200),
        at(10, "d", amount_minor=10_000),
        at(15, "e", amount_minor=18_000),
    )
    last = at(20, amount_minor=40_000, response_code="51")
    assert rule.measure(last, card) == 4.0
    assert fires(rule, last, card)
    ladder = rule.explain(last, card).swipe_ids
    assert ladder in {("a", "b", "d", "e"), ("c", "b", "d", "e")}


def test_rapid_escalation_forgets_the_first_rung_after_an_hour() -> None:
    # minute      0     30     45     59.99 | 60
    # amount     10     40    100     400 * | 400 *
    # steps                           3     | 2
    rule = RapidEscalation()
    card = example_card(
        at(0, amount_minor=1_000), at(30, amount_minor=4_000), at(45, amount_minor=10_000)
    )
    assert rule.measure(at(59.99, amount_minor=40_000), card) == 3.0
    assert rule.measure(at(60, amount_minor=40_000), card) == 2.0


def test_amount_outlier() -> None:
    # ln(amount)   mean 8, deviation 0.5          value
    # 8 + 4 * 0.5 = 10    e^10 = 22,026 minor     4.0     fires from here on
    # 8 + 3.9 * 0.5       e^9.95 = 20,952 minor   3.9
    rule = AmountOutlier()
    card = example_card(typical=Typical(amount_minor=2.718281828459045**8, amount_log_sd=0.5))
    assert rule.measure(at(0, amount_minor=22_027), card) == pytest.approx(4.0, abs=1e-4)
    assert fires(rule, at(0, amount_minor=22_027), card)
    assert rule.measure(at(0, amount_minor=20_952), card) == pytest.approx(3.9, abs=1e-4)
    assert rule.measure(at(0, amount_minor=9_999), card) == 0.0


def test_amount_outlier_needs_twenty_amounts_and_keeps_its_floor() -> None:
    # 19 amounts of 40.00: nothing to say; 20 of them: deviation 0, floor 0.35
    # 400.00 is ln 10 / 0.35 = 6.58 above
    rule = AmountOutlier()
    same = [at(minute, amount_minor=4_000) for minute in range(20)]
    assert rule.measure(at(30, amount_minor=40_000), example_card(*same[:19])) == 0.0
    assert rule.measure(at(30, amount_minor=40_000), example_card(*same)) == pytest.approx(
        6.58, abs=0.01
    )


def test_card_testing() -> None:
    # minute      0       1       2       3          4
    # online      0.00    1.00    (till)  1.00       500.00 *     three probes
    #             check           1.00
    rule = CardTesting()
    card = example_card(
        at(0, "p1", amount_minor=0, entry_mode="ecommerce", message_type="zero_amount_check"),
        at(1, "p2", amount_minor=100, entry_mode="ecommerce", response_code="05"),
        at(2, "till", amount_minor=100, entry_mode="chip"),
        at(3, "p3", amount_minor=100, entry_mode="ecommerce"),
    )
    large = at(4, amount_minor=50_000, entry_mode="ecommerce")
    assert fires(rule, large, card)
    assert rule.explain(large, card).swipe_ids == ("p1", "p2", "p3")
    assert rule.measure(at(4, amount_minor=50_000, entry_mode="chip"), card) == 0.0
    assert rule.measure(at(4, amount_minor=9_999, entry_mode="ecommerce"), card) == 0.0


def test_account_takeover() -> None:
    # typical amount 40.00; home FR, usual BE; known device holders-phone
    #                  device          ip   amount    value
    # takeover         unheard-of      BR   400.00    10     fires
    # holder abroad    holders-phone   BR   400.00     0
    # new telephone    unheard-of      BE   400.00     0
    # no device                        BR   400.00     0
    rule, card = AccountTakeover(), example_card(typical=Typical(amount_minor=4_000))
    online = {"entry_mode": "ecommerce", "amount_minor": 40_000}
    takeover = at(0, device_id="unheard-of", ip_country="BR", **online)
    assert rule.measure(takeover, card) == pytest.approx(10.0)
    assert fires(rule, takeover, card)
    holder = at(0, device_id="holders-phone", ip_country="BR", **online)
    new_telephone = at(0, device_id="unheard-of", ip_country="BE", **online)
    no_device = at(0, ip_country="BR", **online)
    assert [rule.measure(s, card) for s in (holder, new_telephone, no_device)] == [0.0, 0.0, 0.0]


def test_account_takeover_takes_a_device_for_known_after_a_day() -> None:
    # hour        0              23.99    24
    # device d    seen first     new *    known *
    rule = AccountTakeover()
    card = example_card(
        at(0, "first", device_id="d", amount_minor=4_000), typical=Typical(amount_minor=4_000)
    )
    online = {
        "entry_mode": "ecommerce",
        "amount_minor": 40_000,
        "device_id": "d",
        "ip_country": "BR",
    }
    assert fires(rule, at(23.99 * 60, **online), card)
    assert rule.explain(at(23.99 * 60, **online), card).swipe_ids == ("first",)
    assert rule.measure(at(24 * 60, **online), card) == 0.0


def test_decline_burst() -> None:
    # minute      0     1     2     3     4          5
    # code        55    N7    51    54    55 *       00 *
    # guess       1     2     -     3     4 fires    (4) fires: the guess that succeeded
    rule = DeclineBurst()
    card = example_card(
        at(0, "g1", response_code="55"),
        at(1, "g2", response_code="N7"),
        at(2, "poor", response_code="51"),
        at(3, "g3", response_code="54"),
    )
    fourth = at(4, "g4", response_code="55")
    assert fires(rule, fourth, card)
    card.remember(fourth, digest=0, retention_ms=10**9)
    success = at(5)
    assert fires(rule, success, card)
    assert rule.explain(success, card).swipe_ids == ("g1", "g2", "g3", "g4")
    assert rule.measure(at(60.01, response_code="51"), card) == 3.0
    assert rule.measure(at(5, message_type="reversal"), card) == 0.0


def test_device_sharing() -> None:
    # minute      0    5    6          7    8     9    29.999 | 30
    # card        c1   c2   c3         c2   c3    c4   c5     | c6
    # outcome     no   no   approved   no   check no   no     | no
    # distinct    1    2    2          2    3     4    5      | 1
    #                                             fires once     a new window
    rule = DeviceSharing()
    engine = WindowEngine([rule], EngineSettings(), Topics.with_prefix())
    entity, fired_at = EntityState(), []
    tries: list[tuple[float, int, dict[str, Any]]] = [
        (0, 1, {"response_code": "14"}),
        (5, 2, {"response_code": "05"}),
        (6, 3, {}),
        (7, 2, {"response_code": "05"}),
        (8, 3, {"message_type": "zero_amount_check"}),
        (9, 4, {"response_code": "14"}),
        (29.999, 5, {"response_code": "14"}),
        (30, 6, {"response_code": "14"}),
    ]
    for minute, card, fields in tries:
        online = {"entry_mode": "ecommerce", "device_id": "tablet"} | fields
        swipe = msgspec.structs.replace(
            example_swipe(event_time_ms=round(minute * MINUTE_MS), **online),
            card_token=f"c{card}",
        )
        observation = rule.observe(swipe)
        assert (observation is None) == (minute == 6)
        if observation is not None and engine.process(observation, -1, entity):
            fired_at.append(minute)
    assert fired_at == [9]


def test_bin_attack() -> None:
    # second      0    10   20   30   59.999 | 60
    # card        c1   c2   c2   c3   c3     | c4
    # distinct    1    2    2    3           | 1
    #                            fires once    a new window
    rule = BinAttack(BinAttackParameters(cards=3))
    engine = WindowEngine([rule], EngineSettings(), Topics.with_prefix())
    entity, alerts_by_second = EntityState(), []
    for second, card in [(0, 1), (10, 2), (20, 2), (30, 3), (59.999, 3), (60, 4)]:
        swipe = example_swipe(
            event_time_ms=round(second * 1_000), entry_mode="ecommerce", response_code="14"
        )
        observation = rule.observe(swipe)
        assert observation is not None
        tried = type(observation)(
            rule=observation.rule,
            entity_id=observation.entity_id,
            card_token=f"c{card}",
            swipe_id=observation.swipe_id,
            event_time_ms=observation.event_time_ms,
        )
        if engine.process(tried, -1, entity):
            alerts_by_second.append(second)
    assert alerts_by_second == [30]
