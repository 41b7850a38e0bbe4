"""`paystream canary`: how long does a decision take in production, right now?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from generator.client_file import read_client_file
from stack.settings import StackSettings
from workbench.console import Phases, make_console


def canary_command(
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka, HOST:PORT; the local stack's when left out.")
    ] = None,
    topic_prefix: Annotated[str, typer.Option(help="Before each topic's name.")] = "",
    group: Annotated[
        str, typer.Option(help="The job's consumer group; its lag is told.")
    ] = "paystream-job",
    host: Annotated[str, typer.Option(help="Address on which Prometheus asks.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port; the local stack's when left out.")
    ] = None,
    interval_ms: Annotated[int, typer.Option(min=20, help="Between two swipes, ms.")] = 500,
    event_time_offset_ms: Annotated[
        int, typer.Option(help="Event time less wall time, ms; 0 in production.")
    ] = 0,
    give_up_s: Annotated[float, typer.Option(min=1, help="A decision later than that is lost.")] = (
        30.0
    ),
    kafka_config: Annotated[
        Path | None, typer.Option(help="Client settings, a file of name=value lines.")
    ] = None,
) -> None:
    """Send swipes of its own, and tell Prometheus when their decisions can be read."""
    from delivery.stopping import Stopping
    from monitoring.canary.canary import CanaryOrder, run_canary

    stack = StackSettings.load()
    order = CanaryOrder(
        bootstrap=bootstrap or stack.kafka_address,
        prefix=topic_prefix,
        group=group,
        host=host,
        port=port or stack.canary_port,
        interval_ms=interval_ms,
        event_time_offset_ms=event_time_offset_ms,
        give_up_s=give_up_s,
        kafka_settings=read_client_file(kafka_config),
    )
    with Stopping() as stopping, Phases(make_console()).phase("canary") as bar:
        run_canary(order, stopping, lambda count: bar.say(f"{count:,} swipes"))


#: By the name that is typed.
COMMANDS: Final[dict[str, Callable[..., None]]] = {"canary": canary_command}
