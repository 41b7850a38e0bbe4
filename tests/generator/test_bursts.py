"""Does a burst stand in one piece, and does each of its records end in the fate it is meant for?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from generator.disturb import burst_records
from generator.settings import Disturbances

from .conftest import make
from .test_disturbances import EXPECTED, run_engine

KINDS = ("unreadable", "late", "repeat")


@pytest.fixture(scope="module", params=KINDS)
def flooded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp(request.param) / "replay"
    disturbances = Disturbances.none().model_copy(update={"burst": request.param})
    return make(folder, rate_per_min=6_000, duration_s=20, incidents=5, disturbances=disturbances)


def test_the_burst_stands_in_one_piece_in_the_middle(flooded: Any) -> None:
    kind = flooded.settings.disturbances.burst
    rows = flooded.rows("records")
    places = [row["index"] for row in rows if row["disturbance"] == kind]
    assert len(places) == burst_records(flooded.settings) >= 100
    assert places == list(range(places[0], places[0] + len(places)))
    assert 0.35 < places[0] / len(rows) < 0.65


def test_each_of_its_records_has_its_fate(flooded: Any) -> None:
    topics, _, engine = run_engine(flooded)
    kind = flooded.settings.disturbances.burst
    count = burst_records(flooded.settings)
    assert set(topics[kind]) == EXPECTED[kind]
    assert topics[kind].total() == count
    fates = {"unreadable": "dead_letter", "late": "late", "repeat": "repeat"}
    assert engine.counts[fates[kind]] == count


def test_the_number_of_records_is_what_was_asked_for(flooded: Any) -> None:
    assert len(flooded.rows("records")) == flooded.settings.records
    kinds = Counter(row["disturbance"] for row in flooded.rows("records"))
    assert set(kinds) == {"none", flooded.settings.disturbances.burst}
