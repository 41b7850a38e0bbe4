"""Does anything that a run leaves behind hold a card number?

One run of 13 to 19 digits in ten passes the check of Luhn, so that alone says nothing. A card
number is here what passes it, has the length and the beginning that a card scheme issues, and
stands by itself: not within a longer number, a token in hexadecimal digits, or the fraction of a
number. A reading of a clock, which its name tells by the unit, is none. The numbers of the cards
that were really put in are searched for besides, exactly, in every form in which they may have come
through.
"""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from confluent_kafka import Consumer, TopicPartition

from evaluation.offsets import partitions_of, read_ends
from evaluation.view_reader import open_consumer
from generator.kafka_client import require_broker

#: Lengths and beginnings that are issued today (ISO/IEC 7812: Visa, Mastercard, American Express,
#: Diners, Discover, JCB, UnionPay).
_ISSUED: Final = re.compile(
    r"4\d{15}|4\d{18}"
    r"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}"
    r"|3(?:0[0-5]|[689]\d)\d{11}"
    r"|6011\d{12}|64[4-9]\d{13}|65\d{14}"
    r"|35(?:2[89]|[3-8]\d)\d{12}"
    r"|62\d{14,17}"
)
_STANDS_ALONE: Final = re.compile(
    rb"(?<![0-9A-Za-z.])(?<![0-9A-Za-z][-])\d(?:[ -]?\d){13,18}(?![0-9A-Za-z.])(?![-][0-9A-Za-z])"
)
_CLOCK: Final = re.compile(rb'_(?:ns|us|ms)"?\s*[:=]\s*$')
_BEFORE: Final = 40
_BASE64: Final = re.compile(rb'"payload_base64":"([A-Za-z0-9+/=]+)"')
_READ_S: Final = 60.0


class Found(NamedTuple):
    """A card number, and where it stood."""

    where: str
    digits: str


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1)."""
    doubled = (int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits)))
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def in_bytes(where: str, data: bytes, own: Collection[str] = ()) -> Iterator[Found]:
    """Card numbers in bytes of any kind, dead letters' payloads opened."""
    for match in _STANDS_ALONE.finditer(data):
        digits = re.sub(rb"[ -]", b"", match[0]).decode()
        before = data[max(0, match.start() - _BEFORE) : match.start()]
        if _ISSUED.fullmatch(digits) and passes_luhn(digits) and not _CLOCK.search(before):
            yield Found(where, digits)
    for number in own:
        if any(form in data for form in _forms(number)):
            yield Found(where, number)
    for match in _BASE64.finditer(data):
        try:
            payload = base64.b64decode(match[1], validate=True)
        except binascii.Error:
            continue
        yield from in_bytes(f"{where}, a dead letter's payload", payload, own)


def _forms(number: str) -> Iterator[bytes]:
    """A number as text, in groups of four, in UTF-16, in base64, and as a binary integer."""
    text = number.encode()
    yield text
    for separator in (" ", "-"):
        yield separator.join(re.findall(r".{1,4}", number)).encode()
    yield number.encode("utf-16-le")
    yield base64.b64encode(text).rstrip(b"=")[:-1]
    for order in ("little", "big"):
        yield int(number).to_bytes(8, order)  # type: ignore[arg-type]


def in_files(folder: Path, own: Collection[str] = ()) -> Iterator[Found]:
    """Card numbers in all files below a folder; the columns of Parquet are decoded."""
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        where = str(file.relative_to(folder.parent))
        if file.suffix == ".parquet":
            yield from in_parquet(where, file, own)
        else:
            yield from in_bytes(where, _content(file), own)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:  # state of a running job comes and goes
        return b""


def in_parquet(where: str, file: Path, own: Collection[str] = ()) -> Iterator[Found]:
    """Card numbers in the columns of a file; in one of times every number may look like one."""
    table = pq.read_table(file)
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_floating(column.type) or name.endswith(("_ns", "_us", "_ms")):
            continue
        # One value a line: neighbours must not become one number.
        lines = [
            each if isinstance(each, bytes) else str(each).encode() for each in _values(column)
        ]
        yield from in_bytes(f"{where}, {name}", b"\n".join(lines), own)


def _values(column: pa.ChunkedArray) -> Iterator[object]:
    for value in column.to_pylist():
        if isinstance(value, list):
            yield from value
        elif value is not None:
            yield value


def in_topics(bootstrap: str, prefix: str, own: Collection[str] = ()) -> Iterator[Found]:
    """Card numbers in keys, values and headers of all records of all topics of a run."""
    admin = require_broker(bootstrap)
    topics = [name for name in admin.list_topics(timeout=10).topics if name.startswith(prefix)]
    for topic in sorted(topics):
        # Bare readings of a clock, which no name tells.
        is_floor = topic.endswith(".floor")
        for data in _records(bootstrap, topic):
            for found in in_bytes(topic, data, own):
                if not is_floor or found.digits in own:
                    yield found


def _records(bootstrap: str, topic: str) -> Iterable[bytes]:
    admin = require_broker(bootstrap)
    ends = read_ends(admin, partitions_of(admin, [topic])).end
    left = {number for (_, number), end in ends.items() if end}
    consumer: Consumer = open_consumer(bootstrap, "uncommitted")
    consumer.assign([TopicPartition(topic, number, 0) for number in left])
    try:
        deadline_s = time.monotonic() + _READ_S
        while left:
            assert time.monotonic() < deadline_s, f"{topic} was not read to its end"
            for message in consumer.consume(10_000, 0.2):
                if message.error() is not None:
                    left.discard(message.partition())
                    continue
                headers = ((name.encode(), value) for name, value in message.headers() or ())
                parts = (message.key(), message.value(), *itertools.chain(*headers))
                yield b"\n".join(part or b"" for part in parts)
                if message.offset() + 1 >= ends[topic, message.partition()]:
                    left.discard(message.partition())
    finally:
        consumer.close()
