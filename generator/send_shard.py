"""How does one sender among several take part in a run that is judged elsewhere?

Run as a process of its own, ``python -m generator.send_shard``, one for each number: an indexed Job
on Kubernetes. It waits for the order of a run in the shared folder, loads what lands on its
partitions, waits for the start, and sends. Exit codes as ``generator.send``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from generator.client_file import read_client_file
from generator.kafka_client import KafkaRefused, KafkaUnreachable
from generator.rendezvous import GO_FILE, refuse, shard_folder, take_order
from generator.send import finish, send_replay
from generator.send_crew import SendFailed, SendOrder
from generator.shard import Shard


def _run(
    shared: Annotated[Path, typer.Option(help="Folder shared with the one who judges.")],
    bootstrap: Annotated[str, typer.Option(help="Kafka's address, host:port.")],
    shard: Annotated[int, typer.Option(min=0, help="Which sender this is.")],
    shards: Annotated[int, typer.Option(min=1, help="How many there are.")],
    prefix: Annotated[str, typer.Option(help="Prefix of the topics.")] = "",
    workers: Annotated[int, typer.Option(min=1, help="Sending processes.")] = 1,
    wait_s: Annotated[float, typer.Option(min=0, help="Longest wait for an order, s.")] = 1_800.0,
    kafka_config_file: Annotated[
        Path | None, typer.Option(help="librdkafka settings, one key=value a line.")
    ] = None,
) -> None:
    """Send one shard of the replay that a run asks for."""
    try:
        mine = Shard(number=shard, count=shards)
        kafka_config = read_client_file(kafka_config_file)
        asked = take_order(shared, shard, shards, wait_s)
        order = SendOrder(
            replay=Path(asked.replay),
            out=shard_folder(shared, asked.run_id, shard),
            bootstrap=bootstrap,
            prefix=prefix,
            start_when=shared / asked.run_id / GO_FILE,
            workers=workers,
            shard=mine,
            # The one who judges publishes them, and waits until the job has taken them in.
            profiles=False,
            clock_gap_ms=asked.clock_gap_ms,
            kafka_config=kafka_config,
        )
        try:
            summary = send_replay(order)
        except (KafkaUnreachable, KafkaRefused, SendFailed, ValueError, OSError) as error:
            refuse(shared, asked, shard, str(error))
            raise
    except (KafkaUnreachable, KafkaRefused, SendFailed, ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    finish(summary)


def main() -> None:
    """Entry point of ``python -m generator.send_shard``."""
    typer.run(_run)


if __name__ == "__main__":
    main()
