"""What can be asked of a replay?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from generator.places import CURRENCIES
from scenarios.base import Difficulty
from scenarios.discovery import UnknownScenario, scenario
from scenarios.mixes import MIXES, PREVALENCES
from scenarios.variation import Split

#: Runs without a scenario are allowed: ordinary traffic alone.
ORDINARY: Final = "ordinary"

LoadShape = Literal["constant", "daily_rhythm", "bursts", "peak"]
UnreadableKind = Literal[
    "truncated",
    "wrong_type",
    "not_json",
    "not_utf8",
    "empty",
    "null",
    "wrong_key",
    "no_key",
    "unknown_version",
    "wrong_timestamp",
]
BurstKind = Literal["unreadable", "late", "repeat"]
Share = Annotated[float, Field(ge=0.0, le=0.2)]


class SettingsError(ValueError):
    """Settings that cannot be used; names each wrong field."""

    @classmethod
    def of(cls, error: ValidationError) -> SettingsError:
        """One line for each wrong field, by name."""
        lines = []
        for item in error.errors():
            name = ".".join(str(part) for part in item["loc"])
            message = item["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {message}" if name else message)
        return cls("; ".join(lines))


class StrictSettings(BaseModel):
    """Settings that cannot be changed and know their fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Disturbances(StrictSettings):
    """What goes wrong on the way, as shares of the ordinary number of swipes. All are choices.

    Parameters
    ----------
    disorder
        Sent later than the order of event times asks for, within the lateness bound.
    late
        An extra genuine swipe, stored and forwarded 31 to 600 s of event time behind its card.
    repeat
        The same bytes once more.
    id_conflict
        The same id once more with another amount.
    unreadable
        A damaged copy.
    ahead
        An extra genuine swipe with a clock days to years ahead.
    unreadable_kinds
        The ways in which copies are damaged, taken in turn. ``no_key`` is not among the default.
    burst
        A kind of which ``burst_share`` more come, one after the other and nothing between them,
        in the middle of the replay.
    """

    disorder: Share = 0.02
    late: Share = 0.0005
    repeat: Share = 0.001
    id_conflict: Share = 0.0001
    unreadable: Share = 0.0002
    ahead: Share = 0.00005
    burst: BurstKind | None = None
    burst_share: Share = 0.05
    unreadable_kinds: tuple[UnreadableKind, ...] = Field(
        default=(
            "truncated",
            "wrong_type",
            "not_json",
            "not_utf8",
            "empty",
            "null",
            "wrong_key",
            "unknown_version",
            "wrong_timestamp",
        ),
        min_length=1,
    )

    @classmethod
    def none(cls) -> Disturbances:
        """A stream in which nothing goes wrong."""
        return cls(disorder=0, late=0, repeat=0, id_conflict=0, unreadable=0, ahead=0)


class ReplaySettings(StrictSettings):
    """Everything a replay is a function of.

    Parameters
    ----------
    scenario
        The name of a scenario or of a mix, or ``ordinary`` for none.
    difficulty
        How hard the attack is to tell from what is innocent.
    rate_per_min
        Records sent per minute of wall time (on average, if the load has a shape).
    duration_s
        Measured wall time, seconds.
    warm_up_s
        Wall time before that, seconds, with ordinary traffic at the same rate.
    seed
        Of all randomness.
    speedup
        Event time that passes in one unit of wall time.
    load
        ``constant``; ``daily_rhythm`` follows the hour of the event time; ``bursts`` has two
        seconds at four times the rate in every twenty; ``peak`` has three times the rate from a
        quarter to three fifths of the measured time.
    event_time_start
        Event time of the first second, warm-up included. A fixed Monday evening by default, so
        that the same settings give the same bytes.
    incidents
        Attacks to plan; None for ``incidents_per_1000_swipes``.
    incidents_per_1000_swipes
        Attacks in each thousand measured swipes. Far above what is real (see the manifest): a
        short run would hold none.
    prevalence
        Of a mix: the name of a fraudulent share of all swipes, which then sets the number of
        incidents; None for ``incidents``.
    incident_plan
        Instead of what the scenario asks for: name, difficulty and number of incidents of each.
    split
        Where on the scenarios' dials the incidents stand.
    swipes_per_card_day
        Mean number of swipes of a card in a day. A choice: 1.0 for a card in daily use. Over all
        cards issued in the euro area it is 0.2 (ECB payments statistics 2020: 47.8 bn card
        payments, 609 M cards).
    history_days, history_limit
        How much of each card's past its profile carries.
    issuer_countries
        Where the cards live, ISO 3166-1 alpha-2.
    disturbances
        What goes wrong on the way.
    """

    scenario: str = "geo_jump"
    difficulty: Difficulty = "medium"
    rate_per_min: Annotated[int, Field(ge=1, le=10_000_000)] = 100_000
    duration_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    warm_up_s: Annotated[int, Field(ge=0, le=3_600)] = 10
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    speedup: Annotated[float, Field(ge=1.0, le=100_000.0)] = 1.0
    load: LoadShape = "constant"
    event_time_start: datetime = datetime(2026, 3, 2, 17, tzinfo=UTC)
    incidents: Annotated[int, Field(ge=0, le=100_000)] | None = None
    incidents_per_1000_swipes: Annotated[float, Field(ge=0.0, le=50.0)] = 1.2
    prevalence: str | None = None
    incident_plan: tuple[tuple[str, Difficulty, int], ...] | None = None
    split: Split = "all"
    swipes_per_card_day: Annotated[float, Field(ge=0.01, le=20.0)] = 1.0
    history_days: Annotated[int, Field(ge=1, le=60)] = 7
    history_limit: Annotated[int, Field(ge=0, le=32)] = 8
    issuer_countries: tuple[str, ...] = Field(default=("DE", "FR", "NL", "ES", "IT"), min_length=1)
    disturbances: Disturbances = Disturbances()

    @field_validator("scenario")
    @classmethod
    def _scenario_exists(cls, name: str) -> str:
        if name != ORDINARY and name not in MIXES:
            try:
                scenario(name)
            except UnknownScenario as error:
                raise ValueError(f"{error}; mixes: {', '.join(MIXES)}") from None
        return name

    @field_validator("prevalence")
    @classmethod
    def _prevalence_known(cls, name: str | None) -> str | None:
        if name is not None and name not in PREVALENCES:
            raise ValueError(f"{name!r} is none of {', '.join(PREVALENCES)}")
        return name

    @field_validator("incident_plan")
    @classmethod
    def _plan_known(
        cls, plan: tuple[tuple[str, Difficulty, int], ...] | None
    ) -> tuple[tuple[str, Difficulty, int], ...] | None:
        for name, _, count in plan or ():
            scenario(name)
            if count < 0:
                raise ValueError(f"{count} incidents of {name}")
        return plan

    @model_validator(mode="after")
    def _prevalence_of_a_mix(self) -> ReplaySettings:
        if self.prevalence is not None and self.scenario not in MIXES:
            raise ValueError(
                f"prevalence is of a mix ({', '.join(MIXES)}), not of {self.scenario!r}"
            )
        return self

    @field_validator("event_time_start")
    @classmethod
    def _event_time_has_zone(cls, start: datetime) -> datetime:
        if start.tzinfo is None:
            raise ValueError("has no time zone; write e.g. 2026-03-02T17:00:00Z")
        if not 2000 <= start.year <= 2100:
            raise ValueError(f"year {start.year} is outside 2000 to 2100")
        return start.astimezone(UTC)

    @field_validator("issuer_countries")
    @classmethod
    def _countries_known(cls, countries: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(countries) - set(CURRENCIES))
        if unknown:
            raise ValueError(
                f"no cards are issued in {', '.join(unknown)}; countries: {', '.join(CURRENCIES)}"
            )
        if len(set(countries)) != len(countries):
            raise ValueError("a country is named twice")
        return countries

    @classmethod
    def parse(cls, values: dict[str, Any]) -> ReplaySettings:
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

    @property
    def event_time_start_ms(self) -> int:
        """First second, ms since the epoch."""
        return round(self.event_time_start.timestamp() * 1000)

    @property
    def measured_start_ms(self) -> int:
        """End of the warm-up in event time, ms since the epoch."""
        return self.event_time_start_ms + round(self.warm_up_s * 1000 * self.speedup)

    @property
    def event_time_end_ms(self) -> int:
        """End (exclusive) of the replay in event time, ms since the epoch."""
        return self.measured_start_ms + round(self.duration_s * 1000 * self.speedup)

    @property
    def records(self) -> int:
        """Records to send, warm-up included."""
        return max(1, self.rate_per_min * (self.duration_s + self.warm_up_s) // 60)

    @property
    def incident_count(self) -> int:
        """Attacks to plan."""
        if self.scenario == ORDINARY:
            return 0
        if self.incidents is not None:
            return self.incidents
        measured = self.rate_per_min * self.duration_s / 60
        return max(1, round(measured * self.incidents_per_1000_swipes / 1000))
