"""Over which traffic is realism measured?

Two samples of 30 event days: one of ordinary traffic alone, and one in which incidents of every
scenario at every difficulty are staged among cards that are ten times as many, so that there are
cards enough for all. Nothing is disturbed: what arrives late or twice is not the population's
doing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
import pandas as pd

from generator.places import CURRENCIES, PLACES
from generator.settings import Disturbances, ReplaySettings
from generator.traffic import Traffic, make_traffic
from job.contracts import Swipe
from scenarios.base import DIFFICULTIES
from scenarios.discovery import scenario_classes

DAYS: Final = 30
#: Wall time of an event day in the replay's settings, s: 86,400 / 120 is a speedup of 720.
_DAY_S: Final = 120
#: Of all cards issued in the euro area (ECB, payments statistics 2020).
ALL_CARDS_PER_DAY: Final = 0.2

_FIELDS: Final = Swipe.__struct_fields__
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Sample:
    """What is measured.

    Attributes
    ----------
    ordinary
        Ordinary traffic alone, one row a swipe.
    staged
        Traffic with incidents; see :func:`frame` for the columns.
    cards
        Of the portfolio of the ordinary traffic.
    settings
        Of the ordinary traffic.
    key
        For tokens.
    """

    ordinary: pd.DataFrame
    staged: pd.DataFrame
    cards: int
    settings: ReplaySettings
    key: bytes


def make_sample(seed: int, swipes: int, incidents: int, key: bytes) -> Sample:
    """Make both samples.

    Parameters
    ----------
    swipes
        Of each sample, about.
    incidents
        Of each scenario and difficulty.
    """
    settings = month(seed, swipes)
    traffic = make_traffic(settings, settings.records, key)
    plan = tuple(
        (name, difficulty, incidents) for name in scenario_classes() for difficulty in DIFFICULTIES
    )
    with_incidents = settings.model_copy(
        update={"incident_plan": plan, "swipes_per_card_day": ALL_CARDS_PER_DAY}
    )
    staged = make_traffic(with_incidents, with_incidents.records, key)
    return Sample(
        ordinary=frame(traffic),
        staged=frame(staged),
        cards=traffic.portfolio.size,
        settings=settings,
        key=key,
    )


def month(seed: int, swipes: int) -> ReplaySettings:
    """Settings of 30 days with about so many swipes."""
    wall_s = DAYS * _DAY_S
    return ReplaySettings(
        scenario="ordinary",
        rate_per_min=max(1, round(swipes * 60 / wall_s)),
        duration_s=wall_s,
        warm_up_s=0,
        speedup=86_400 / _DAY_S,
        load="daily_rhythm",
        seed=seed,
        disturbances=Disturbances.none(),
    )


def frame(traffic: Traffic) -> pd.DataFrame:
    """Swipes as rows: their own fields, the truth, and what an issuer knows of the card.

    Beside the fields: ``scenario``, ``role``, ``incident_id``, ``difficulty``; ``payload`` (the
    bytes sent), ``euro_cents``, ``home_country`` and ``new_device``, which is whether the swipe
    names a device that is none of the card's own; and ``has_place``, which a site on the net has
    not.
    """
    labelled = traffic.swipes
    columns: dict[str, Any] = {
        name: [getattr(one.swipe, name) for one in labelled] for name in _FIELDS
    }
    for name in ("scenario", "role", "incident_id", "difficulty"):
        columns[name] = [getattr(one, name) for one in labelled]
    columns["payload"] = [_encode(one.swipe) for one in labelled]
    rows = pd.DataFrame(columns)
    scales = dict(CURRENCIES.values())
    rows["euro_cents"] = rows["amount_minor"] / rows["currency"].map(scales).astype(float)
    # Numbers that somebody made up have their issuer's country, as its issuer number says.
    homes = [PLACES[home].country for home in traffic.cards.home.tolist()]
    rows["home_country"] = rows["bin"].map(dict(zip(traffic.cards.bin, homes, strict=True)))
    own = {
        (token, device)
        for token, devices, count in zip(
            traffic.tokens, traffic.devices, traffic.cards.devices.tolist(), strict=True
        )
        for device in devices[:count]
    }
    rows["new_device"] = [
        device is not None and (token, device) not in own
        for token, device in zip(columns["card_token"], columns["device_id"], strict=True)
    ]
    rows["has_place"] = rows["latitude"].notna()
    return rows
