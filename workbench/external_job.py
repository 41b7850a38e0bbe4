"""Where is the job under test when it is not the one of this repository?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from generator.client_file import read_client_file

Output = Literal["decisions", "alerts", "late-swipes", "dead-letters", "window-drops"]

#: What a job writes at least, if it does not say so and its topics are still to be made.
WRITTEN_BY_DEFAULT: Final[tuple[Output, ...]] = ("decisions", "alerts")


class ExternalJob(BaseModel):
    """A job that somebody else runs, on a Kafka of theirs.

    Attributes
    ----------
    bootstrap
        Comma-separated ``host:port``.
    prefix
        Of the topics, as they are.
    writes
        Outputs of the job, without prefix; None: those whose topics exist.
    group
        Its consumer group; its commits are then part of the end of a run.
    create_topics
        Make the topics that are missing.
    kafka_config_file
        Client settings, one ``key=value`` a line.
    expect_rules
        The job claims to follow this project's rules: the oracle is asked.
    still_s
        Outputs at rest for so long have come to their end, seconds. A choice.
    timeout_s
        Longest wait for that after the last swipe, seconds.
    sender_shards, shared
        So many senders run elsewhere, and take their orders from this folder; 0 for one of our own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: Annotated[str, Field(min_length=1)]
    prefix: str = ""
    writes: tuple[Output, ...] | None = None
    group: str | None = None
    create_topics: bool = False
    kafka_config_file: Path | None = None
    expect_rules: bool = False
    still_s: Annotated[float, Field(ge=1.0, le=600.0)] = 5.0
    timeout_s: Annotated[float, Field(ge=1.0, le=3_600.0)] = 180.0
    sender_shards: Annotated[int, Field(ge=0, le=1_000)] = 0
    shared: Path | None = None

    @model_validator(mode="after")
    def _judgeable(self) -> Self:
        if self.writes is not None and not {"decisions", "alerts"} & set(self.writes):
            raise ValueError("a job that writes neither decisions nor alerts cannot be judged")
        if bool(self.sender_shards) != (self.shared is not None):
            raise ValueError("senders elsewhere need both --sender-shards and --shared")
        return self

    @property
    def kafka_config(self) -> dict[str, str]:
        """Client settings of the file.

        Raises
        ------
        generator.kafka_client.KafkaRefused
            When it cannot be read.
        """
        return read_client_file(self.kafka_config_file)

    def to_builtins(self) -> dict[str, Any]:
        """The settings as they are stored: the file's name, nothing of what it says."""
        return self.model_dump(mode="json")
