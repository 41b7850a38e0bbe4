"""`paystream create-topics`: what does the job need on its Kafka before it starts?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

import typer

from generator.client_file import read_client_file
from generator.topics import PARTITIONS, create_missing_topics
from stack.settings import StackSettings
from workbench import cli_external
from workbench.console import make_console


def create_topics(
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, host:port.", show_default="the local stack's")
    ] = None,
    topic_prefix: Annotated[str, typer.Option(help="Before each topic's name.")] = "",
    partitions: Annotated[int, typer.Option(min=1, help="Of each topic.")] = PARTITIONS,
    replication: Annotated[int, typer.Option(min=1, help="Copies of each partition.")] = 1,
    kafka_config: cli_external.KafkaConfig = None,
) -> None:
    """Make the topics that the job reads and writes, as those of a run; leave what is there."""
    made = create_missing_topics(
        bootstrap or StackSettings.load().kafka_address,
        topic_prefix,
        partitions=partitions,
        replication=replication,
        extra=read_client_file(kafka_config),
    )
    make_console().print(f"made: {', '.join(made)}" if made else "all topics are there")


COMMANDS: Final[tuple[Callable[..., None], ...]] = (create_topics,)
