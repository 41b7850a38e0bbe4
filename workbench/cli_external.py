"""`simulate --job external` and `contract-check`: how is a job of somebody else's named?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from pydantic import ValidationError

from evaluation.contract_check import check_topic, topic_kind
from evaluation.contract_report import print_contract_check
from generator.client_file import read_client_file
from generator.settings import SettingsError
from workbench.console import make_console
from workbench.external_job import ExternalJob

Job = Annotated[
    Literal["paystream", "external"],
    typer.Option(help="The job of this project, or one that you run (docs/own-job.md)."),
]
Bootstrap = Annotated[str | None, typer.Option(help="External job: its Kafka, host:port.")]
TopicPrefix = Annotated[str, typer.Option(help="External job: before each topic's name.")]
Group = Annotated[str | None, typer.Option(help="External job: its consumer group.")]
Writes = Annotated[
    str | None,
    typer.Option(help="External job: its outputs, e.g. decisions,alerts; else by its topics."),
]
CreateTopics = Annotated[
    bool, typer.Option("--create-topics", help="External job: make the topics that are missing.")
]
KafkaConfig = Annotated[
    Path | None,
    typer.Option(help="Kafka client settings (TLS, SASL; librdkafka's names), key=value lines."),
]
ExpectRules = Annotated[
    bool,
    typer.Option("--expect-rules", help="External job: it follows this project's rules; compare."),
]
SenderShards = Annotated[
    int,
    typer.Option(min=0, help="External job: so many senders run elsewhere (docs/kubernetes.md)."),
]
Shared = Annotated[
    Path | None, typer.Option(help="External job: the folder in which those take their orders.")
]
StillS = Annotated[
    float, typer.Option(help="External job: done when its outputs rest for so long, s.")
]


def external_job(name: str, *, fault: str | None, **values: Any) -> ExternalJob | None:
    """The external job that was named; None for the one of this project.

    Raises
    ------
    SettingsError
        When an option does not go with the job.
    """
    given = [key for key in ("bootstrap", "prefix", "writes", "group") if values[key]]
    more = ("create_topics", "expect_rules", "kafka_config_file", "sender_shards", "shared")
    given += [key for key in more if values[key]]
    if name != "external":
        if given:
            option = (
                given[0].replace("_file", "").replace("_", "-").replace("prefix", "topic-prefix")
            )
            raise SettingsError(f"--{option} is for another job: give --job external")
        return None
    if fault is not None:
        raise SettingsError("--fault: nothing is broken on the cluster of an external job")
    if not values["bootstrap"]:
        raise SettingsError("--job external needs --bootstrap HOST:PORT")
    writes = values.pop("writes")
    if writes is not None:
        values["writes"] = tuple(part.strip() for part in writes.split(",") if part.strip())
    try:
        return ExternalJob(**values)
    except ValidationError as error:
        first = error.errors()[0]
        option = "-".join(str(part).replace("_", "-") for part in first["loc"])
        said = first["msg"].removeprefix("Value error, ")
        raise SettingsError(f"--{option}: {said}" if option else said) from None


def contract_check(
    topic: Annotated[str, typer.Option(help="Topic to read, prefix included.")],
    bootstrap: Annotated[str, typer.Option(help="Kafka's address, host:port.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Records to look at; all.")] = None,
    as_: Annotated[
        str | None, typer.Option("--as", help="Contract, where the topic's name does not tell.")
    ] = None,
    kafka_config: KafkaConfig = None,
) -> None:
    """Say how many records of a topic keep the contract, and what is wrong with the others."""
    try:
        kind = topic_kind(topic) if as_ is None else topic_kind(as_, exactly=True)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    check = check_topic(bootstrap, topic, kind, limit, read_client_file(kafka_config))
    print_contract_check(check, make_console())
    raise typer.Exit(check.exit_code)


COMMANDS: Final[tuple[Callable[..., None], ...]] = (contract_check,)
