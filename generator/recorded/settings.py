"""What can be asked of a replay of recorded data?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from generator.recorded.mapping import load_mapping, mapping_file
from generator.settings import SettingsError

#: Records sent in a minute where nothing else is asked for: the workbench's usual load.
DEFAULT_RATE_PER_MIN: Final = 100_000
#: Longest sending where nothing else is asked for, seconds. A choice.
LIVE_DURATION_S: Final = 600


class RecordedSettings(BaseModel):
    """Everything a replay of recorded data is a function of, but for the contents of its files.

    Parameters
    ----------
    data, mapping
        The files.
    scenario
        The mapping's name: what runs are called after.
    bad_rows
        ``stop`` where a row cannot be used, or ``skip`` it and count.
    rate_per_min
        Records sent per minute of wall time, evenly; None with ``speedup``.
    speedup
        Event time that passes in one unit of wall time, pauses as they were; None with a rate.
    duration_s
        What would be sent later than this many seconds of wall time is left out; None for all.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path
    mapping: Path
    scenario: str
    bad_rows: Literal["stop", "skip"] = "stop"
    rate_per_min: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    speedup: Annotated[float, Field(gt=0.0, le=1e9)] | None = None
    duration_s: Annotated[int, Field(ge=1, le=86_400)] | None = None

    @model_validator(mode="after")
    def _one_pace(self) -> RecordedSettings:
        if (self.rate_per_min is None) == (self.speedup is None):
            raise ValueError("give a rate or a speedup, not both")
        return self

    @classmethod
    def parse(cls, data: Path, mapping: str, **values: Any) -> RecordedSettings:
        """Settings from what a person wrote; a rate of 100,000 a minute where no pace is given.

        Raises
        ------
        SettingsError
            One line for each wrong field, or for the mapping.
        """
        file = mapping_file(mapping)
        if values.get("rate_per_min") is None and values.get("speedup") is None:
            values["rate_per_min"] = DEFAULT_RATE_PER_MIN
        try:
            return cls(data=data, mapping=file, scenario=load_mapping(file).name, **values)
        except ValidationError as error:
            lines = (
                ": ".join((*map(str, item["loc"]), item["msg"].removeprefix("Value error, ")))
                for item in error.errors()
            )
            raise SettingsError("; ".join(lines)) from None

    @property
    def due_us(self) -> str:
        """Intended send in microseconds, as SQL over ``nth`` (from 0) and ``event_time_ms``."""
        if self.speedup is not None:
            return (
                "CAST(round((event_time_ms - min(event_time_ms) OVER ()) * 1000.0 / "
                f"{self.speedup!r}) AS BIGINT)"
            )
        return f"nth * 60000000 // {self.rate_per_min}"
