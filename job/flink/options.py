"""Which settings does the job take on its command line?

Names are dotted as Flink's own; durations are written as Flink writes them (``100ms``, ``30s``,
``5min``, ``7d``). An unknown option is refused by name. How Kafka is reached over TLS, and with
which password, stands in the environment (:mod:`job.kafka_security`).
"""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NoReturn

import msgspec

from job.contracts import WINDOW_KINDS, WindowKind
from job.engine.event_windows import DEFAULT_WINDOWS, parse_windows
from job.kafka_security import KafkaSecurity, KafkaSecurityError

#: Where the SQL connector's jar has moved Kafka's classes.
KAFKA_PACKAGE: Final = "org.apache.flink.kafka.shaded.org.apache.kafka"
_UNIT_MS: Final = {"ms": 1, "s": 1_000, "min": 60_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class JobOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The job's settings, units in the names; see ``--help`` for each."""

    bootstrap_servers: str
    topic_prefix: str
    group_id: str
    transactional_id_prefix: str
    transaction_timeout_ms: int
    sink_guarantee: str
    sink_transaction_naming: str
    sink_linger_ms: int
    kafka_properties: dict[str, str]
    kafka_security: KafkaSecurity
    flink_properties: dict[str, str]
    parallelism: int | None
    max_parallelism: int
    max_lateness_ms: int
    idle_timeout_ms: int
    event_time_max_ahead_ms: int
    event_time_limit_ms: int | None
    state_backend: str
    state_cache_cards: int
    state_ttl_ms: int
    checkpoint_interval_ms: int
    checkpoint_timeout_ms: int
    checkpoint_dir: str | None
    rules_file: str | None
    windows: tuple[WindowKind, ...]
    job_name: str

    def client_properties(self) -> dict[str, str]:
        """Of every Kafka client in the JVM: TLS and login, and over them what a person gave."""
        return self.kafka_security.java(KAFKA_PACKAGE) | self.kafka_properties


def parse_duration_ms(text: str) -> int:
    """Read a duration as Flink writes it.

    Examples
    --------
    >>> parse_duration_ms("30s"), parse_duration_ms("100 ms"), parse_duration_ms("5min")
    (30000, 100, 300000)

    Raises
    ------
    argparse.ArgumentTypeError
        If it is none.
    """
    match = re.fullmatch(r"\s*(\d+)\s*(ms|s|min|m|h|d)\s*", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration such as 100ms, 30s, 5min, 7d")
    return int(match[1]) * _UNIT_MS[match[2]]


def _parse_instant_ms(text: str) -> int:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 instant") from None
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} has no time zone; add Z")
    return round(instant.timestamp() * 1000)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def _windows(text: str) -> tuple[WindowKind, ...]:
    try:
        return parse_windows(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _property(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


class _Parser(argparse.ArgumentParser):
    """Names what is wrong in one line, and ends with 2."""

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"unrecognized arguments: (\S+)", message)
        if unknown:
            known = [text for action in self._actions for text in action.option_strings]
            close = difflib.get_close_matches(unknown[1].split("=")[0], known, n=1)
            hint = f"; did you mean {close[0]}?" if close else "; see --help"
            message = f"unknown option {unknown[1]}{hint}"
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> _Parser:
    parser = _Parser(
        prog="paystream-job",
        description="Judge card swipes from Kafka, exactly once.",
        allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    kafka = parser.add_argument_group("Kafka")
    kafka.add_argument("--kafka.bootstrap-servers", default="127.0.0.1:9092", metavar="HOST:PORT")
    kafka.add_argument("--kafka.topic-prefix", default="", help="put before each topic's name")
    kafka.add_argument("--kafka.group-id", default="paystream-job")
    kafka.add_argument("--kafka.transactional-id-prefix", default="paystream-job")
    kafka.add_argument(
        "--kafka.transaction-timeout",
        type=parse_duration_ms,
        default="10min",
        help="below the broker's transaction.max.timeout.ms; longer than any outage",
    )
    kafka.add_argument(
        "--kafka.property",
        type=_property,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any client property; can be repeated. TLS and password: PAYSTREAM_KAFKA_... of the "
        "environment",
    )
    kafka.add_argument(
        "--sink.guarantee", choices=["exactly-once", "at-least-once"], default="exactly-once"
    )
    kafka.add_argument(
        "--sink.transaction-naming", choices=["pooling", "incrementing"], default="pooling"
    )
    kafka.add_argument(
        "--sink.linger",
        type=parse_duration_ms,
        default="8ms",
        help="how long decisions are gathered for one request: latency against the broker's CPU",
    )
    add(
        "--flink.property",
        type=_property,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any Flink key; wins over what the job sets itself, only --parallelism stays; "
        "can be repeated",
    )
    add("--parallelism", type=_positive, default=None, help="as given to `flink run -p`")
    add("--max-parallelism", type=_positive, default=720, help="fixed for the life of the state")
    add("--watermark.max-lateness", type=parse_duration_ms, default="30s")
    add(
        "--watermark.idle-timeout",
        type=parse_duration_ms,
        default="5s",
        help="a partition silent for so long no longer holds the watermark back",
    )
    add(
        "--event-time.max-ahead",
        type=parse_duration_ms,
        default="5min",
        help="a swipe further ahead of the wall clock is a dead letter",
    )
    add(
        "--event-time.limit",
        type=_parse_instant_ms,
        default=None,
        metavar="ISO8601",
        help="a fixed limit in place of --event-time.max-ahead, for replays of the past",
    )
    add("--state.backend", choices=["rocksdb", "hashmap"], default="rocksdb")
    add("--state.cache-cards", type=_positive, default=20_000, help="decoded cards held in memory")
    add(
        "--state.ttl",
        type=parse_duration_ms,
        default="400d",
        help="wall-clock backstop: a card untouched for so long is forgotten",
    )
    add("--checkpoint.interval", type=parse_duration_ms, default="100ms")
    add("--checkpoint.timeout", type=parse_duration_ms, default="60s")
    add("--checkpoint.dir", default=None, help="a URI; default: the cluster's")
    add("--rules.file", default=None, help="TOML; default: the parameters that ship with the job")
    add(
        "--windows.enabled",
        type=_windows,
        default=",".join(DEFAULT_WINDOWS),
        metavar="KINDS",
        help=f"event-time windows to count: comma list of {', '.join(WINDOW_KINDS)}; or none",
    )
    add("--job.name", default="paystream-detection")
    return parser


def parse_options(arguments: Sequence[str]) -> JobOptions:
    """Read the job's command line.

    Raises
    ------
    SystemExit
        With 2 and one line on stderr that names the option, if something is wrong.
    """
    parser = _parser()
    given = vars(parser.parse_args(list(arguments)))
    try:
        security = KafkaSecurity.load()
    except KafkaSecurityError as error:
        parser.error(str(error))
    return JobOptions(
        bootstrap_servers=given["kafka.bootstrap_servers"],
        topic_prefix=given["kafka.topic_prefix"],
        group_id=given["kafka.group_id"],
        transactional_id_prefix=given["kafka.transactional_id_prefix"],
        transaction_timeout_ms=given["kafka.transaction_timeout"],
        sink_guarantee=given["sink.guarantee"],
        sink_transaction_naming=given["sink.transaction_naming"],
        sink_linger_ms=given["sink.linger"],
        kafka_properties=dict(given["kafka.property"]),
        kafka_security=security,
        flink_properties=dict(given["flink.property"]),
        parallelism=given["parallelism"],
        max_parallelism=given["max_parallelism"],
        max_lateness_ms=given["watermark.max_lateness"],
        idle_timeout_ms=given["watermark.idle_timeout"],
        event_time_max_ahead_ms=given["event_time.max_ahead"],
        event_time_limit_ms=given["event_time.limit"],
        state_backend=given["state.backend"],
        state_cache_cards=given["state.cache_cards"],
        state_ttl_ms=given["state.ttl"],
        checkpoint_interval_ms=given["checkpoint.interval"],
        checkpoint_timeout_ms=given["checkpoint.timeout"],
        checkpoint_dir=given["checkpoint.dir"],
        rules_file=given["rules.file"],
        windows=given["windows.enabled"],
        job_name=given["job.name"],
    )
