from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from generator.replay import Manifest, write_replay
from generator.settings import Disturbances, ReplaySettings

#: Every disturbance is common enough to be seen in a few seconds of traffic.
ROUGH = Disturbances(
    disorder=0.05, late=0.01, repeat=0.01, id_conflict=0.01, unreadable=0.02, ahead=0.005
)


@dataclass(frozen=True)
class Replay:
    """A replay on disk, read back."""

    settings: ReplaySettings
    folder: Path
    manifest: Manifest

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(pq.read_table(self.folder / f"{table}.parquet").to_pylist())


def make(folder: Path, **settings: Any) -> Replay:
    chosen = ReplaySettings(**settings)
    return Replay(chosen, folder, write_replay(chosen, folder))


@pytest.fixture(scope="session")
def smooth(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Ordinary settings without disturbances; incidents common enough to be seen."""
    return make(
        tmp_path_factory.mktemp("smooth") / "replay",
        rate_per_min=6_000,
        duration_s=20,
        warm_up_s=5,
        incidents=20,
        disturbances=Disturbances.none(),
    )


@pytest.fixture(scope="session")
def rough(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Everything goes wrong often."""
    return make(
        tmp_path_factory.mktemp("rough") / "replay",
        rate_per_min=6_000,
        duration_s=15,
        warm_up_s=3,
        incidents=20,
        disturbances=ROUGH,
    )


@pytest.fixture(scope="session")
def soak(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Event time runs fast, so that a small portfolio swipes again and again for a day."""
    return make(
        tmp_path_factory.mktemp("soak") / "replay",
        rate_per_min=6_000,
        duration_s=20,
        warm_up_s=0,
        speedup=4_320.0,
        incidents=20,
        disturbances=ROUGH,
    )
