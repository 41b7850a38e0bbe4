"""How do records come in from Kafka, and how do the outputs go back, in the JVM?

Kafka, event time, watermarks and transactions are left to Flink's SQL connector: Python never
touches them. One source reads swipes and card profiles, one fraud reports, one the changes of the
rules; a sink writes any output topic in one transaction, so that a card's decision and its alert
become visible together.
"""

from __future__ import annotations

from typing import NamedTuple

from job.contracts import Topics
from job.flink.options import JobOptions

#: What a framed record begins with.
SWIPE_KIND = b"S"
PROFILE_KIND = b"P"
RULE_KIND = b"R"
REPORT_KIND = b"F"
_FROM_WHERE_IT_STOPPED = (
    "'scan.startup.mode' = 'group-offsets', 'properties.auto.offset.reset' = 'earliest'"
)
_FROM_THE_BEGINNING = "'scan.startup.mode' = 'earliest-offset'"


class Framed(NamedTuple):
    """One record of the source with where it stood."""

    kind: bytes
    partition: int
    offset: int
    key: str
    value: bytes


def unframe(data: bytes) -> Framed:
    """Take apart what :func:`source_query` put together.

    Kind, partition, offset and the key's length stand first, each followed by a blank; then key
    and value without anything between. A key that is no UTF-8 is read with replacements, as the
    local run reads it.

    Examples
    --------
    >>> unframe(b"S 3 17 2 c1{}")
    Framed(kind=b'S', partition=3, offset=17, key='c1', value=b'{}')
    """
    kind, partition, offset, key_length, rest = data.split(b" ", 4)
    split = int(key_length)
    key = rest[:split].decode("utf-8", errors="replace")
    return Framed(kind, int(partition), int(offset), key, rest[split:])


def frame_rule(partition: int, offset: int, key: bytes, value: bytes) -> bytes:
    """Put a record of ``rules`` together as :func:`rules_query` does.

    Examples
    --------
    >>> unframe(frame_rule(3, 17, b"velocity", b"{}"))
    Framed(kind=b'R', partition=3, offset=17, key='velocity', value=b'{}')
    """
    return b"%s %d %d %d %s%s" % (RULE_KIND, partition, offset, len(key), key, value)


def source_table(options: JobOptions, topics: Topics) -> str:
    """DDL of the table ``incoming``: one row for each record, with where it stood.

    A record further ahead than allowed gets a watermark at the epoch: it becomes a dead letter
    later, and must not push event time past everybody else.
    """
    if options.event_time_limit_ms is None:
        limit = f"CURRENT_TIMESTAMP + INTERVAL {_interval(options.event_time_max_ahead_ms)}"
    else:
        limit = f"TO_TIMESTAMP_LTZ({options.event_time_limit_ms}, 3)"
    lateness = _interval(options.max_lateness_ms)
    return f"""
        CREATE TEMPORARY TABLE incoming (
            record_key BYTES,
            record_value BYTES,
            record_topic STRING METADATA FROM 'topic' VIRTUAL,
            record_partition INT METADATA FROM 'partition' VIRTUAL,
            record_offset BIGINT METADATA FROM 'offset' VIRTUAL,
            record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
            WATERMARK FOR record_time AS CASE
                WHEN record_time > {limit} THEN TO_TIMESTAMP_LTZ(0, 3)
                ELSE record_time - INTERVAL {lateness}
            END
        ) WITH (
            'topic' = '{topics.swipes};{topics.card_profiles}',
            {_FROM_WHERE_IT_STOPPED},
            {_reader(options)}
        )
    """


def reports_table(options: JobOptions, topics: Topics) -> str:
    """DDL of the table ``fraud_reports``, read from where the job stopped.

    It has no say in event time, as the changes of the rules have none (:func:`rules_table`): days
    may pass between two reports, and each is about days before it.
    """
    return _timeless("fraud_reports", topics.fraud_reports, _FROM_WHERE_IT_STOPPED, options)


def rules_table(options: JobOptions, topics: Topics) -> str:
    """DDL of the table ``rule_changes``: all of the topic, each time the job starts.

    It has no say in event time: always idle, and its watermark at the epoch for the moment after
    a record. One far ahead would do harm: while no swipes come it would be the only one that
    counts, and close every window for good.
    """
    return _timeless("rule_changes", topics.rules, _FROM_THE_BEGINNING, options)


def _timeless(name: str, topic: str, begin: str, options: JobOptions) -> str:
    """DDL of a table that has no say in event time."""
    return f"""
        CREATE TEMPORARY TABLE {name} (
            record_key BYTES,
            record_value BYTES,
            record_partition INT METADATA FROM 'partition' VIRTUAL,
            record_offset BIGINT METADATA FROM 'offset' VIRTUAL,
            record_time TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
            WATERMARK FOR record_time AS TO_TIMESTAMP_LTZ(0, 3)
        ) WITH (
            'topic' = '{topic}',
            {begin},
            'scan.watermark.idle-timeout' = '1 ms',
            {_reader(options)}
        )
    """


def _reader(options: JobOptions) -> str:
    """What all tables that are read have in common: raw bytes, as soon as they are there."""
    return f"""
            'connector' = 'kafka',
            'properties.bootstrap.servers' = '{options.bootstrap_servers}',
            'properties.group.id' = '{options.group_id}',
            'key.format' = 'raw',
            'key.fields' = 'record_key',
            'value.format' = 'raw',
            'value.fields-include' = 'EXCEPT_KEY'
            {_client_properties(options, {"fetch.min.bytes": "1"})}
    """


def source_query(topics: Topics) -> str:
    """The stream's fields: card key, framed bytes, event time.

    A record without key would fail the key selection, so it gets an empty one.
    """
    kind = (
        f"CASE record_topic WHEN '{topics.swipes}' "
        f"THEN '{SWIPE_KIND.decode()} ' ELSE '{PROFILE_KIND.decode()} ' END"
    )
    return f"""
        SELECT COALESCE(CAST(record_key AS STRING), ''), {_framed(kind)}, record_time FROM incoming
    """  # noqa: S608


def reports_query() -> str:
    """The same fields for fraud reports: card key, framed bytes, time of the report."""
    kind = f"'{REPORT_KIND.decode()} '"
    return f"""
        SELECT COALESCE(CAST(record_key AS STRING), ''), {_framed(kind)}, record_time
        FROM fraud_reports
    """  # noqa: S608


def rules_query() -> str:
    """The stream's only field: framed bytes."""
    kind = f"'{RULE_KIND.decode()} '"
    return f"SELECT {_framed(kind)} FROM rule_changes"  # noqa: S608


def _framed(kind: str) -> str:
    """What :func:`unframe` takes apart, as an expression.

    ISO-8859-1 maps each byte to one character and back, so that bytes of any kind, UTF-8 or not,
    pass unchanged.
    """
    return f"""
            ENCODE(
                CONCAT(
                    {kind},
                    CAST(record_partition AS STRING), ' ',
                    CAST(record_offset AS STRING), ' ',
                    CAST(COALESCE(CHAR_LENGTH(DECODE(record_key, 'ISO-8859-1')), 0) AS STRING), ' ',
                    COALESCE(DECODE(record_key, 'ISO-8859-1'), ''),
                    COALESCE(DECODE(record_value, 'ISO-8859-1'), '')
                ),
                'ISO-8859-1'
            )"""


def sink_table(name: str, options: JobOptions, topics: Topics) -> str:
    """DDL of a table to write to: topic, key and value of each record."""
    exactly_once = ""
    if options.sink_guarantee == "exactly-once":
        exactly_once = f"""
            'sink.transactional-id-prefix' = '{options.transactional_id_prefix}-{name}',
            'sink.transaction-naming-strategy' = '{options.sink_transaction_naming.upper()}',
            'properties.transaction.timeout.ms' = '{options.transaction_timeout_ms}',
        """
    return f"""
        CREATE TEMPORARY TABLE {name} (
            record_topic STRING METADATA FROM 'topic',
            record_key STRING,
            record_value BYTES
        ) WITH (
            'connector' = 'kafka',
            'topic' = '{";".join((*topics.outputs(), topics.rule_audit))}',
            'sink.delivery-guarantee' = '{options.sink_guarantee}',
            {exactly_once}
            'properties.bootstrap.servers' = '{options.bootstrap_servers}',
            'key.format' = 'raw',
            'key.fields' = 'record_key',
            'value.format' = 'raw',
            'value.fields-include' = 'EXCEPT_KEY'
            {_client_properties(options, {"linger.ms": str(options.sink_linger_ms)})}
        )
    """


def _interval(duration_ms: int) -> str:
    seconds, millis = divmod(duration_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"'{days} {hours:02d}:{minutes:02d}:{seconds:02d}.{millis:03d}' DAY TO SECOND(3)"


def _client_properties(options: JobOptions, own: dict[str, str]) -> str:
    """The job's own and those that were given, which win."""
    properties = own | options.client_properties()
    quoted = {name: value.replace("'", "''") for name, value in properties.items()}
    return "".join(f", 'properties.{name}' = '{value}'" for name, value in quoted.items())
