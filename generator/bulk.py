"""Months of labelled traffic for an evaluation in bulk, in shards that can be made side by side.

A shard is a small portfolio of its own over a month, with incidents of every scenario at every
difficulty; swipes in columns, not rendered. Splits differ in seed and in where on the scenarios'
dials their incidents stand.

    python -m generator.bulk --split exam --shard 0 --out folder
"""

from __future__ import annotations

import argparse
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from pydantic import Field, ValidationError, field_validator

from generator import tables
from generator.fraud_reports import write_reports
from generator.profiles import card_profiles
from generator.replay import ReplayError, appear_complete, replay_key
from generator.settings import Disturbances, ReplaySettings, SettingsError, StrictSettings
from generator.tokens import token_key
from generator.traffic import make_traffic
from scenarios.base import DIFFICULTIES, Difficulty
from scenarios.discovery import scenario, scenario_classes
from scenarios.variation import SPLITS

SHARD_FILE: Final = "shard.json"
#: Event days before the scored ones, judged but not scored: the job's state is a card's own by
#: then, not only its profile's. Beyond every rule's lookback of a day.
HISTORY_DAYS: Final = 2
#: Seeds of a split begin here, times 1,000,000: no two splits share one.
_SEED_BASES: Final[dict[str, int]] = {name: base for base, name in enumerate(SPLITS, start=1)}
_MS_PER_DAY: Final = 86_400_000
#: Wall time that a scored day stands for in the replay's settings, s.
_DAY_S: Final = 120
_PROFILE_BATCH: Final = 10_000


class ExamSettings(StrictSettings):
    """What an evaluation in bulk is over.

    Parameters
    ----------
    split
        ``tuning``, ``validation`` or ``exam``.
    seed
        Of the split; the same gives the same bytes.
    shards
        Portfolios, each with a seed of its own.
    cards_per_shard
        Cards of each portfolio, before those that never swipe.
    days
        Scored event days.
    incidents
        Of each scenario and difficulty, over all shards, at least.
    scenarios
        Names; all where empty.
    difficulties
        Which of them.
    """

    split: Literal["tuning", "validation", "exam"] = "tuning"
    seed: Annotated[int, Field(ge=0, lt=10_000)] = 1
    shards: Annotated[int, Field(ge=1, le=100)] = 8
    cards_per_shard: Annotated[int, Field(ge=500, le=1_000_000)] = 13_500
    days: Annotated[int, Field(ge=1, le=365)] = 30
    incidents: Annotated[int, Field(ge=0, le=10_000)] = 100
    scenarios: tuple[str, ...] = ()
    difficulties: tuple[Difficulty, ...] = DIFFICULTIES

    @field_validator("scenarios")
    @classmethod
    def _scenarios_exist(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            scenario(name)
        return tuple(dict.fromkeys(names))

    @classmethod
    def parse(cls, values: dict[str, object]) -> ExamSettings:
        """Settings from what a person wrote.

        Raises
        ------
        SettingsError
            One line for each wrong field, by name.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise SettingsError.of(error) from None

    def shard_seed(self, shard: int) -> int:
        """Seed of one shard, of no other split and seed."""
        return _SEED_BASES[self.split] * 1_000_000 + self.seed * 100 + shard

    def replay(self, shard: int) -> ReplaySettings:
        """The settings that one shard's traffic is a function of."""
        per_shard = -(-self.incidents // self.shards)
        names = self.scenarios or tuple(scenario_classes())
        return ReplaySettings(
            scenario="ordinary",
            rate_per_min=max(1, round(self.cards_per_shard * 60 / _DAY_S)),
            duration_s=self.days * _DAY_S,
            warm_up_s=HISTORY_DAYS * _DAY_S,
            speedup=86_400 / _DAY_S,
            load="daily_rhythm",
            seed=self.shard_seed(shard),
            split=self.split,
            disturbances=Disturbances.none(),
            incident_plan=tuple(
                (name, difficulty, per_shard) for name in names for difficulty in self.difficulties
            ),
        )


class Shard(msgspec.Struct, frozen=True, kw_only=True):
    """What a shard is. ``scored_from_ms`` to ``event_time_end_ms`` (exclusive) is scored."""

    split: str
    seed: int
    shard: int
    key: str
    scored_from_ms: int
    event_time_end_ms: int
    days: float
    portfolio_cards: int
    swipes: int
    incidents: int


def shard_folder(settings: ExamSettings, shard: int, cache: Path) -> Path:
    """Where a shard is kept: equal if and only if its bytes are."""
    key = replay_key(settings.replay(shard)).rpartition("-")[2]
    return cache / f"{settings.split}-{settings.shard_seed(shard)}-{key}"


def write_shard(settings: ExamSettings, shard: int, folder: Path) -> Shard:
    """Make one shard; the folder appears when it is complete.

    Raises
    ------
    ReplayError
        If the folder exists.
    SettingsError
        If there are too many incidents for the portfolio.
    """
    return appear_complete(folder, partial(_write_into, settings, shard), SHARD_FILE)


def _write_into(settings: ExamSettings, shard: int, folder: Path) -> Shard:
    replay = settings.replay(shard)
    traffic = make_traffic(replay, replay.records, token_key())
    tables.write(folder, "swipes", tables.swipes_table(traffic.swipes))
    tables.write(folder, "labels", tables.labels_table(traffic.swipes))
    incidents = tables.incidents_table(traffic.incidents, replay.event_time_start_ms)
    tables.write(folder, "incidents", incidents)
    tables.write_profiles(folder, card_profiles(replay, traffic), _PROFILE_BATCH)
    write_reports(folder, replay, traffic.past_reports)
    made = Shard(
        split=settings.split,
        seed=replay.seed,
        shard=shard,
        key=replay_key(replay),
        scored_from_ms=replay.measured_start_ms,
        event_time_end_ms=replay.event_time_end_ms,
        days=(replay.event_time_end_ms - replay.measured_start_ms) / _MS_PER_DAY,
        portfolio_cards=traffic.portfolio.size,
        swipes=len(traffic.swipes),
        incidents=len(traffic.incidents),
    )
    (folder / SHARD_FILE).write_bytes(tables.json_bytes(made))
    return made


def main(arguments: list[str]) -> int:
    """Make one shard from the command line; settings as JSON."""
    parser = argparse.ArgumentParser(prog="python -m generator.bulk", description=__doc__)
    parser.add_argument("--settings", default="{}", help="of the exam, JSON")
    parser.add_argument("--shard", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="folder, must not exist")
    given = parser.parse_args(arguments)
    # Asked to stop, it leaves nothing half-written.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        settings = ExamSettings.parse(msgspec.json.decode(given.settings))
        write_shard(settings, given.shard, given.out)
    except (SettingsError, ReplayError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
