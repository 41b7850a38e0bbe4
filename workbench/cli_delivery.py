"""`index-alerts`, `publish-profiles` and their like: what goes into the job and out of it?

The clients of Elasticsearch and PostgreSQL are imported where they are used: they take a second,
and every other command would wait for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import pyarrow.parquet as pq
import typer

from delivery.stopping import Stopping
from generator.client_file import read_client_file
from generator.fraud_reports import ReportSettings, fraud_reports, publish_fraud_reports
from generator.replay import load_manifest
from generator.settings import SettingsError
from stack.settings import StackSettings
from workbench.console import PhaseBar, Phases, make_console

if TYPE_CHECKING:
    from rich.console import Console

    from delivery.alerts.indexer import IndexCounts
    from delivery.profiles.publisher import PublishCounts

#: Who waits for the end should not wait for ever, in seconds.
_ONCE_GIVE_UP_S: Final = 120.0
#: Rows that are left out are named at most so often, in seconds.
_SAY_AGAIN_S: Final = 60.0

Bootstrap = Annotated[
    str | None, typer.Option(help="Kafka, host:port.", show_default="the local stack's")
]
TopicPrefix = Annotated[str, typer.Option(help="Before each topic's name, e.g. that of a run.")]
KafkaConfig = Annotated[
    Path | None,
    typer.Option(help="Kafka client settings (TLS, SASL; librdkafka's names), key=value lines."),
]
Once = Annotated[bool, typer.Option("--once", help="End when all is done that there is.")]
GiveUpS = Annotated[
    float | None,
    typer.Option(
        min=0.0,
        help="Longest wait for a service that does not answer, s.",
        show_default="for ever; with --once 120",
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        envvar="PAYSTREAM_PROFILES_DATABASE",
        help="PostgreSQL, postgresql://…; the variable keeps a password out of process lists.",
        show_default="the local stack's",
    ),
]
Host = Annotated[str, typer.Option(help="Address on which Prometheus and probes ask.")]
Port = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=65535,
        help="Port of /metrics and /healthz.",
        show_default="nothing is served",
    ),
]
Replay = Annotated[Path, typer.Argument(help="Folder of a replay, below replays/.")]


def index_alerts_command(
    elasticsearch: Annotated[
        str | None,
        typer.Option(
            envvar="PAYSTREAM_ELASTICSEARCH_URL",
            help="Address, http://HOST:PORT.",
            show_default="the local stack's",
        ),
    ] = None,
    index: Annotated[
        str | None, typer.Option(help="To write to.", show_default="by the topics' prefix")
    ] = None,
    bootstrap: Bootstrap = None,
    topic_prefix: TopicPrefix = "",
    group: Annotated[str, typer.Option(help="Of consumers.")] = "paystream-index-alerts",
    run: Annotated[
        Path | None,
        typer.Option(help="Folder of a run: its alerts, whose topics are gone. Implies --once."),
    ] = None,
    once: Once = False,
    give_up_s: GiveUpS = None,
    kafka_config: KafkaConfig = None,
    host: Host = "127.0.0.1",
    port: Port = None,
) -> None:
    """Put committed alerts into Elasticsearch, each once, until Ctrl-C."""
    from delivery.alerts.connection import ElasticsearchSettings, connect
    from delivery.alerts.documents import index_name
    from delivery.alerts.indexer import IndexOrder, index_alerts, index_stored
    from delivery.watched import watching
    from workbench.stored_alerts import committed_alerts

    local = StackSettings.load()
    if run is not None:
        # As its topics were called: whoever indexed them then finds each alert a repeat.
        once, topic_prefix = True, f"{run.resolve().name}."
    stored = None if run is None else committed_alerts(run)
    order = IndexOrder(
        bootstrap=bootstrap or local.kafka_address,
        index=index or index_name(topic_prefix),
        prefix=topic_prefix,
        group=group,
        once=once,
        give_up_s=_give_up_s(give_up_s, once=once),
        kafka_settings=read_client_file(kafka_config) or {},
    )
    search = ElasticsearchSettings(url=elasticsearch or local.elasticsearch_url)
    console = make_console()
    with (
        Stopping() as stopping,
        watching("index-alerts", host, port) as watched,
        connect(search) as client,
        Phases(console).phase("index alerts") as bar,
    ):

        def tell(counts: IndexCounts) -> None:
            watched.turn(counts.turn())
            what = f"{counts.read:,} read, {counts.indexed:,} indexed"
            bar.update(counts.read, counts.read + counts.behind, what + _waiting(counts))

        if stored is None:
            counts = index_alerts(order, client, stopping, tell)
            refusal = f"refused ones stand on {topic_prefix}alerts-dead-letters, with the reason"
        else:
            counts, letters = index_stored(stored, order, client, stopping, tell)
            refusal = f"the first refused one: {letters[0].detail}" if letters else ""
        bar.note = order.index
    console.print(f"  {counts.line()}", soft_wrap=True)
    if counts.refused:
        console.print(f"  {refusal}", soft_wrap=True, markup=False)


def publish_profiles_command(
    database: Database = None,
    bootstrap: Bootstrap = None,
    topic_prefix: TopicPrefix = "",
    once: Once = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Publish every card, also those that were.")
    ] = False,
    give_up_s: GiveUpS = None,
    kafka_config: KafkaConfig = None,
    host: Host = "127.0.0.1",
    port: Port = None,
) -> None:
    """Publish card profiles out of PostgreSQL to the job, and each change, until Ctrl-C."""
    from delivery.profiles.publisher import PublishOrder, publish_profiles
    from delivery.watched import watching

    local = StackSettings.load()
    order = PublishOrder(
        database=database or local.postgres_url,
        bootstrap=bootstrap or local.kafka_address,
        prefix=topic_prefix,
        once=once,
        from_start=from_start,
        give_up_s=_give_up_s(give_up_s, once=once),
        kafka_settings=read_client_file(kafka_config) or {},
    )
    console = make_console()
    with (
        Stopping() as stopping,
        watching("publish-profiles", host, port) as watched,
        Phases(console).phase("publish profiles") as bar,
    ):
        left_out = _LeftOut(console)

        def tell(counts: PublishCounts) -> None:
            watched.turn(counts.turn())
            left_out.look(counts)
            what = f"{counts.published:,} profiles, {counts.tombstones:,} deletions"
            bar.update(0, 0, what + _waiting(counts))

        counts = publish_profiles(order, stopping, tell)
    console.print(f"  {counts.line()}", soft_wrap=True)
    if counts.refused:
        said = f"  the first row left out: {counts.first_refused}"
        console.print(said, soft_wrap=True, markup=False)
        raise typer.Exit(1)


class _LeftOut:
    """Names a row that is left out when it is found: who runs for ever has no end to say it at.

    Parameters
    ----------
    console
        Where to.
    clock
        Monotonic seconds.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._said, self._said_s = 0, -math.inf

    def look(self, counts: PublishCounts) -> None:
        """Say what is new, the first at once and then at most once a minute."""
        now_s = self._clock()
        if counts.refused == self._said or now_s - self._said_s < _SAY_AGAIN_S:
            return
        # The first is the one to begin with; later the newest shows whether it is still the same.
        row = counts.last_refused if self._said else counts.first_refused
        self._said, self._said_s = counts.refused, now_s
        line = f"  left out so far: {counts.refused:,}; {row}"
        self._console.print(line, soft_wrap=True, markup=False)


def import_profiles_command(replay: Replay, database: Database = None) -> None:
    """Fill the table of card profiles from a replay, to try `publish-profiles` with."""
    from delivery.profiles.rows import fill_table

    source = _replay(replay)
    phases = Phases(make_console())
    with phases.phase("import profiles") as bar:
        count = fill_table(database or StackSettings.load().postgres_url, _values(source, bar))
        bar.note = f"{count:,} cards"


def publish_reports_command(
    replay: Replay,
    bootstrap: Bootstrap = None,
    topic_prefix: TopicPrefix = "",
    seed: Annotated[int, typer.Option(help="Of delays and of what is not or wrongly told.")] = 1,
    known_by: Annotated[
        str | None, typer.Option(help="Only what was reported by then, ISO 8601 with a zone.")
    ] = None,
    kafka_config: KafkaConfig = None,
) -> None:
    """Publish what holders would report of a replay's fraud: late, incomplete, partly wrong."""
    source = _replay(replay)
    phases = Phases(make_console())
    with phases.phase("publish reports") as bar:
        reports = fraud_reports(source, ReportSettings(seed=seed))
        if known_by is not None:
            limit_ms = _moment_ms(known_by)
            reports = [report for report in reports if report.reported_ms < limit_ms]
        address = bootstrap or StackSettings.load().kafka_address
        extra = read_client_file(kafka_config)
        count = publish_fraud_reports(address, topic_prefix, reports, extra)
        bar.note = f"{count:,} reports"


def _waiting(counts: IndexCounts | PublishCounts) -> str:
    return f"; waiting: {counts.waiting_for[:120]}" if counts.waiting_for else ""


def _give_up_s(asked: float | None, *, once: bool) -> float | None:
    if asked is not None:
        return asked
    return _ONCE_GIVE_UP_S if once else None


def _replay(folder: Path) -> Path:
    load_manifest(folder)  # says what is wrong with a folder that is no replay
    return folder


def _values(replay: Path, bar: PhaseBar) -> Iterator[bytes]:
    profiles = pq.ParquetFile(replay / "profiles.parquet")
    total, done = profiles.metadata.num_rows, 0
    for batch in profiles.iter_batches(columns=["value"]):
        yield from batch["value"].to_pylist()
        done += batch.num_rows
        bar.update(done, total, f"{done:,} of {total:,}")


def _moment_ms(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"--known-by: {text!r} is no ISO 8601 time") from None
    if moment.tzinfo is None:
        raise SettingsError(f"--known-by: {text!r} names no zone, e.g. {text}Z")
    return round(moment.astimezone(UTC).timestamp() * 1_000)


#: By the name that is typed.
COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "index-alerts": index_alerts_command,
    "publish-profiles": publish_profiles_command,
    "import-profiles": import_profiles_command,
    "publish-reports": publish_reports_command,
}
