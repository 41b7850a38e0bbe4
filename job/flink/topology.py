"""How do source, functions and sink hang together?

incoming --+
           +-> keyed by card -> CardFunction -> decisions, alerts, late, dead letters -> outgoing
fraud_reports                 ^   | observations, keyed by rule and entity
rule_changes, to every task --+   v
                              +> WindowFunction -> alerts, window drops -> outgoing_across
                                  | judged swipes, in Java from here on
                                  v
                             event-time windows -> results, window drops -> outgoing_windows
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from py4j.java_gateway import JavaPackage
from pyflink.common import Configuration, Types
from pyflink.datastream import DataStream, KeyedStream, StreamExecutionEnvironment
from pyflink.java_gateway import get_gateway
from pyflink.table import DataTypes, Schema, StreamTableEnvironment

from job.contracts import Topics
from job.engine.settings import NO_EVENT_TIME_LIMIT_MS, EngineSettings
from job.flink.card_function import JUDGED, OBSERVATIONS, CardFunction
from job.flink.card_value import CARDS_UID
from job.flink.options import JobOptions
from job.flink.rule_changes import RULES_STATE
from job.flink.standing_rules import read_standing
from job.flink.tables import (
    reports_query,
    reports_table,
    rules_query,
    rules_table,
    sink_table,
    source_query,
    source_table,
)
from job.flink.window_function import WindowFunction
from job.rules.parameters import DEFAULT_FILE, read_tables

#: From the project's own jar (`job/java`): which files RocksDB merges, and when.
ROCKSDB_OPTIONS_FACTORY: Final = "dev.paystream.flink.FrequentCheckpointsOptionsFactory"
_UID_FORMAT: Final = "table.exec.uid.format"
#: Two operators that nobody named would have one uid, which Flink refuses.
_UNNAMED: Final = "unnamed_<type>_<transformation>"
#: Key, framed record, and event time, which the third field carries into the stream.
_FRAMED_BY_CARD: Final = Types.ROW(
    [Types.STRING(), Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.INSTANT()]
)
_OUTPUT: Final = Types.TUPLE([Types.STRING(), Types.STRING(), Types.PRIMITIVE_ARRAY(Types.BYTE())])


class JarError(RuntimeError):
    """The job's own jar is not on the cluster, or not the one of this job."""


def _output_schema() -> Schema:
    """Topic, key and value, as the sink tables take them."""
    fields = {"f0": DataTypes.STRING(), "f1": DataTypes.STRING(), "f2": DataTypes.BYTES()}
    builder = Schema.new_builder()
    for name, kind in fields.items():
        builder = builder.column(name, kind)
    return builder.build()


def flink_settings(options: JobOptions) -> dict[str, str]:
    """Flink settings that belong to the job, not to the cluster."""
    settings = {
        # Exactly lower case: anything else is silently process mode.
        "python.execution-mode": "thread",
        "execution.buffer-timeout.interval": "2 ms",
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        "execution.checkpointing.interval": f"{options.checkpoint_interval_ms} ms",
        "execution.checkpointing.timeout": f"{options.checkpoint_timeout_ms} ms",
        "execution.checkpointing.min-pause": "0 ms",
        "execution.checkpointing.max-concurrent-checkpoints": "1",
        "execution.checkpointing.incremental": "true",
        "execution.checkpointing.tolerable-failed-checkpoints": "1000",
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "state.backend.type": options.state_backend,
        "state.backend.rocksdb.use-bloom-filter": "true",
        # Files of a tenth of a second are merged again and again: compressing them each time cost
        # a quarter of a core at 1,667 swipes a second, for half the disk.
        "state.backend.rocksdb.compression.per.level": "NO_COMPRESSION",
        "state.backend.rocksdb.options-factory": ROCKSDB_OPTIONS_FACTORY,
        "pipeline.max-parallelism": str(options.max_parallelism),
        "pipeline.object-reuse": "true",
        "table.exec.uid.generation": "ALWAYS",
        "table.exec.source.idle-timeout": f"{options.idle_timeout_ms} ms",
        "table.local-time-zone": "UTC",
    }
    if options.checkpoint_dir is not None:
        settings["execution.checkpointing.dir"] = options.checkpoint_dir
    # Last: what a person gives with `flink run -D` loses against what the program sets.
    return settings | options.flink_properties


def configuration(options: JobOptions) -> Configuration:
    """The same, as Flink takes it."""
    result = Configuration()
    for name, value in flink_settings(options).items():
        result.set_string(name, value)
    return result


def engine_settings(options: JobOptions) -> EngineSettings:
    """The engine's bounds out of the job's options."""
    limit_ms = options.event_time_limit_ms
    return EngineSettings(
        lateness_ms=options.max_lateness_ms,
        event_time_limit_ms=NO_EVENT_TIME_LIMIT_MS if limit_ms is None else limit_ms,
    )


def build(options: JobOptions) -> StreamExecutionEnvironment:
    """Build the whole job, ready to execute.

    Raises
    ------
    job.rules.parameters.ParametersError
        If the rules' parameter file cannot be used.
    job.flink.standing_rules.RulesUnreadable
        If the topic of their changes cannot be read.
    JarError
        If event-time windows are asked for and the jar that holds them is not there.
    """
    rule_tables = read_tables(Path(options.rules_file) if options.rules_file else DEFAULT_FILE)
    settings = engine_settings(options)
    topics = Topics.with_prefix(options.topic_prefix)
    env = StreamExecutionEnvironment.get_execution_environment(configuration(options))
    if options.parallelism is not None:
        env.set_parallelism(options.parallelism)
    standing = read_standing(options, topics)
    tables = StreamTableEnvironment.create(env)
    tables.execute_sql(source_table(options, topics))
    tables.execute_sql(rules_table(options, topics))
    tables.execute_sql(reports_table(options, topics))

    card_function = CardFunction(
        rule_tables,
        settings,
        topics,
        options.event_time_max_ahead_ms if options.event_time_limit_ms is None else None,
        options.state_cache_cards,
        options.state_ttl_ms,
        standing,
        with_windows=bool(options.windows),
    )
    incoming = _incoming(tables, topics)
    rule_changes = _rule_changes(env, tables).broadcast(RULES_STATE)
    by_card = keyed_by_card(incoming.union(_fraud_reports(env, tables)))
    judged = (
        by_card.connect(rule_changes)
        .process(card_function, _OUTPUT)
        .name("judge by card")
        .uid(CARDS_UID)
    )
    across = (
        _by_first_field(judged.get_side_output(OBSERVATIONS), Types.STRING())
        .connect(rule_changes)
        .process(WindowFunction(rule_tables, settings, topics, standing), _OUTPUT)
        .name("count across cards")
        .uid("count-across-cards")
    )
    # One sink each, not one behind a union: a sink of its own is chained to its function, which
    # saves every decision a hop between threads. A card's decision and alert stay in one
    # transaction; window alerts are rare, and an empty transaction is never begun.
    written = {"outgoing": judged, "outgoing_across": across}
    if options.windows:
        written["outgoing_windows"] = _event_time_windows(judged, options, topics)
    for name, outputs in written.items():
        _write(tables, name, outputs, options, topics)
    return env


def _write(
    tables: StreamTableEnvironment,
    name: str,
    outputs: DataStream,
    options: JobOptions,
    topics: Topics,
) -> None:
    """Hang a sink of its own behind a stream of outputs."""
    tables.execute_sql(sink_table(name, options, topics))
    # A set of its own: all that one set translates has one format of uids.
    statements = tables.create_statement_set()
    statements.add_insert(name, tables.from_data_stream(outputs, _output_schema()))
    with _uids_of(tables, name):
        statements.attach_as_datastream()


def _event_time_windows(judged: DataStream, options: JobOptions, topics: Topics) -> DataStream:
    """Hang the windows of the job's jar behind the judged swipes.

    They are built in Java: PyFlink's own run in Python, and SQL drops late rows without a word.
    """
    topic_by_kind = topics.windows()
    jvm = get_gateway().jvm
    event_time_windows = jvm.dev.paystream.flink.windows.EventTimeWindows
    if isinstance(event_time_windows, JavaPackage):  # py4j's word for a class that is not there
        raise JarError(
            "the job's jar in Flink's lib/ is missing or older than this job: build it (`make "
            "install`), put it there and restart the cluster; or give --windows.enabled none"
        )
    enabled = jvm.java.util.HashMap()
    for kind in options.windows:
        enabled.put(kind, topic_by_kind[kind])
    swipes = judged.get_side_output(JUDGED)._j_data_stream
    return DataStream(event_time_windows.attach(swipes, enabled, topics.window_drops))


@contextmanager
def _uids_of(tables: StreamTableEnvironment, name: str) -> Iterator[None]:
    """Name the operators of what is translated meanwhile after what it is.

    Flink's own format counts them through the whole program: with one more source each one behind
    it has another uid, and a savepoint of before no longer fits (decision 0029).
    """
    config = tables.get_config()
    config.set(_UID_FORMAT, f"{name}_<type>_<transformation>")
    try:
        yield
    finally:
        config.set(_UID_FORMAT, _UNNAMED)


def _incoming(tables: StreamTableEnvironment, topics: Topics) -> DataStream:
    with _uids_of(tables, "incoming"):
        return tables.to_append_stream(tables.sql_query(source_query(topics)), _FRAMED_BY_CARD)


def _fraud_reports(env: StreamExecutionEnvironment, tables: StreamTableEnvironment) -> DataStream:
    with _one_reader(env), _uids_of(tables, "fraud_reports"):
        return tables.to_append_stream(tables.sql_query(reports_query()), _FRAMED_BY_CARD)


def _rule_changes(env: StreamExecutionEnvironment, tables: StreamTableEnvironment) -> DataStream:
    with _one_reader(env), _uids_of(tables, "rule_changes"):
        return tables.to_append_stream(
            tables.sql_query(rules_query()), Types.ROW([Types.PRIMITIVE_ARRAY(Types.BYTE())])
        )


@contextmanager
def _one_reader(env: StreamExecutionEnvironment) -> Iterator[None]:
    """Of a topic with few records; a reader without a partition would hold event time back."""
    parallelism = env.get_parallelism()
    env.set_parallelism(1)
    try:
        yield
    finally:
        env.set_parallelism(parallelism)


def keyed_by_card(stream: DataStream) -> KeyedStream:
    """Key a stream of card and bytes; the function then gets the bytes alone."""
    return _by_first_field(stream, Types.PRIMITIVE_ARRAY(Types.BYTE()))


def _by_first_field(stream: DataStream, value_type: Types) -> KeyedStream:
    """Key by the first field in the JVM; the function then gets the second field alone.

    ``DataStream.key_by`` would send each record through a Python operator of its own first.
    """
    selector = get_gateway().jvm.KeyByKeySelector()
    key_type = Types.ROW([Types.STRING()]).get_java_type_info()
    return KeyedStream(
        stream._j_data_stream.keyBy(selector, key_type),
        Types.ROW([Types.STRING(), value_type]),
        stream,
    )
