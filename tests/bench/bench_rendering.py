"""How fast is a swipe rendered, and how fast is a second of traffic made?"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from generator.disturb import disturb
from generator.settings import ReplaySettings
from generator.traffic import Traffic, make_traffic

SETTINGS = ReplaySettings(rate_per_min=60_000, duration_s=5, warm_up_s=0)
encode = msgspec.json.Encoder().encode


@pytest.fixture(scope="module")
def traffic() -> Traffic:
    return make_traffic(SETTINGS, SETTINGS.records, b"bench")


def bench_render_swipes(benchmark: Any, traffic: Traffic) -> None:
    """5,000 swipes to JSON."""
    swipes = [one.swipe for one in traffic.swipes]
    values = benchmark(lambda: [encode(swipe) for swipe in swipes])
    assert len(values) == SETTINGS.records


def bench_disturb_and_render(benchmark: Any, traffic: Traffic) -> None:
    """The same with disturbances, in the order of sending."""
    sent = benchmark(disturb, SETTINGS, traffic.swipes, encode)
    assert len(sent.records) > SETTINGS.records


def bench_make_traffic(benchmark: Any) -> None:
    """Planning 5,000 swipes with the past of their cards."""
    made = benchmark.pedantic(
        make_traffic, args=(SETTINGS, SETTINGS.records, b"bench"), rounds=3, iterations=1
    )
    assert len(made.swipes) == SETTINGS.records
