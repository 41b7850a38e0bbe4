"""What may stand on ``swipes`` that no honest sender writes, and what must become of each?

Every record states the fate that it must get, made out by what was done to it and not by asking the
engine: the reason of its dead letter, or that it is judged, where it is odd and keeps the contract.
Only what was scrambled at random may be either.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NamedTuple

import msgspec

from job.contracts import DeadLetterReason
from job.rules.example import example_swipe

START_MS: Final = 1_700_000_000_000
#: Event times beyond have a broken clock.
LIMIT_MS: Final = START_MS + 86_400_000
CARDS: Final = 500
#: Beyond any depth at which Python's decoders still follow.
DEEP: Final = 2_000
VERY_DEEP: Final = 100_000
HUGE_BYTES: Final = 1_500_000
#: One record in so many is huge, or very deep: all else is small, as the stream's other records.
RARELY: Final = 1_000

_SWIPE: Final[dict[str, Any]] = msgspec.to_builtins(example_swipe())

Expected = DeadLetterReason | Literal["judged", "any"]
Fields = dict[str, Any]


class Fuzzed(NamedTuple):
    """One record, and what has to become of it.

    Attributes
    ----------
    kind
        What was done to it.
    """

    kind: str
    key: bytes | None
    value: bytes | None
    record_time_ms: int
    expected: Expected


Made = tuple[bytes | None, Expected]
Maker = Callable[[random.Random, Fields], Made]


def good(number: int) -> Fuzzed:
    """A swipe like any other."""
    fields = swipe_fields(number)
    return Fuzzed(
        "good", fields["card_token"].encode(), encoded(fields), fields["event_time_ms"], "judged"
    )


def swipe_fields(number: int) -> Fields:
    """Of the swipe of that number: each is another one, and none is late or a repeat."""
    return _SWIPE | {
        # All within the lateness bound, in whatever order they are sent.
        "event_time_ms": START_MS + number // 20,
        "swipe_id": f"s{number}",
        "card_token": f"card-{number % CARDS}",
        "latitude": 48.5,
        "longitude": 2.5,
    }


def encoded(fields: Fields) -> bytes:
    return msgspec.json.encode(fields)


def fuzzed(seed: int, count: int) -> Iterator[Fuzzed]:
    """So many records; the same seed gives the same."""
    rng = random.Random(seed)
    kinds = list(KINDS)
    for number in range(count):
        kind = rng.choice(_RARE) if number % RARELY == RARELY - 1 else kinds[number % len(kinds)]
        fields = swipe_fields(number)
        if kind in _ENVELOPES:
            yield _ENVELOPES[kind](rng, fields)
            continue
        maker = KINDS.get(kind) or _RARE_KINDS[kind]
        value, expected = maker(rng, fields)
        yield Fuzzed(kind, fields["card_token"].encode(), value, fields["event_time_ms"], expected)


# values


def _truncated(rng: random.Random, fields: Fields) -> Made:
    whole = encoded(fields)
    kept = rng.randrange(len(whole))
    return whole[:kept], "not_json" if kept else "empty"


def _nothing(rng: random.Random, _fields: Fields) -> Made:
    return rng.choice([None, b""]), "empty"


def _no_object(rng: random.Random, _fields: Fields) -> Made:
    return rng.choice([b"null", b"[]", b"true", b"7", b'"swipe"', b"{}", b"[{}]"]), "contract"


def _no_json(rng: random.Random, fields: Fields) -> Made:
    whole = encoded(fields)
    return rng.choice(
        [b"  ", b"<swipe/>", b"v=1;", whole + whole, b"}" + whole, b"{'v': 1}"]
    ), "not_json"


_WRONG_TYPES: Final[tuple[tuple[str, tuple[Any, ...]], ...]] = (
    ("swipe_id", (7, None, [], {}, True)),
    ("amount_minor", ("100", 1.5, None, [], {}, False)),
    ("event_time_ms", ("now", 1.5, None, [1])),
    ("latitude", ("48.5", [], {}, True)),
    ("entry_mode", (5, None, "telepathy", [])),
    ("country", (33, ["FR"], None)),
    ("v", ("1", 1.5, None, [])),
)


def _wrong_type(rng: random.Random, fields: Fields) -> Made:
    name, values = rng.choice(_WRONG_TYPES)
    return encoded(fields | {name: rng.choice(values)}), "contract"


def _missing_field(rng: random.Random, fields: Fields) -> Made:
    name = rng.choice(["swipe_id", "card_token", "event_time_ms", "amount_minor", "currency"])
    return encoded({each: value for each, value in fields.items() if each != name}), "contract"


def _not_a_number(rng: random.Random, fields: Fields) -> Made:
    name = rng.choice(["latitude", "longitude", "amount_minor", "event_time_ms"])
    written = rng.choice([b"NaN", b"Infinity", b"-Infinity", b"nan"])
    return encoded(fields | {name: "here"}).replace(b'"here"', written), "not_json"


def _no_number(rng: random.Random, fields: Fields) -> Made:
    written = rng.choice([b"0x10", b"010", b"+1", b"1e", b".5", b"--1", b"1_000"])
    return encoded(fields).replace(b"48.5", written), "not_json"


def _out_of_range(rng: random.Random, fields: Fields) -> Made:
    name, number = rng.choice(
        [
            ("amount_minor", "-1"),
            ("amount_minor", str(10**12 + 1)),
            ("amount_minor", str(10**30)),
            ("amount_minor", str(2**63)),
            ("amount_minor", "9" * 5_000),
            ("amount_minor", "1e999"),
            ("latitude", "90.0001"),
            ("latitude", "-1e400"),
            ("longitude", "180.5"),
            ("event_time_ms", "-1"),
            ("event_time_ms", str(2**64)),
            ("v", "0"),
            ("v", "-5"),
        ]
    )
    marked = encoded(fields | {name: "here"})
    return marked.replace(b'"here"', number.encode()), "contract"


def _another_version(rng: random.Random, fields: Fields) -> Made:
    return encoded(fields | {"v": rng.choice([2, 99, 2**40, 10**30])}), "unknown_version"


def _broken_clock(rng: random.Random, fields: Fields) -> Made:
    ahead_ms = rng.choice([1, 10_000, 10**12])
    return encoded(fields | {"event_time_ms": LIMIT_MS + ahead_ms}), "event_time_ahead"


def _control_character(rng: random.Random, fields: Fields) -> Made:
    character = bytes([rng.randrange(0x20)])
    return encoded(fields).replace(b"example-shop", b"example" + character + b"shop"), "not_json"


def _escaped_control_character(rng: random.Random, fields: Fields) -> Made:
    """JSON's own way to write one: the contract does not forbid it."""
    return encoded(fields | {"merchant_id": f"shop{chr(rng.randrange(0x20))}x"}), "judged"


def _wrong_encoding(rng: random.Random, fields: Fields) -> Made:
    whole = encoded(fields | {"merchant_id": "café"}).decode()
    name = rng.choice(["latin-1", "utf-16", "utf-32", "cp500", "cp1252"])
    return whole.encode(name), "not_utf8"


def _bytes_of_no_encoding(rng: random.Random, fields: Fields) -> Made:
    # Overlong, a raw surrogate, beyond Unicode, a lone continuation, half a character.
    wrong = rng.choice([b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\x80", b"\xc3"])
    return encoded(fields).replace(b"example-shop", wrong), "not_utf8"


def _byte_order_mark(rng: random.Random, fields: Fields) -> Made:
    whole = encoded(fields)
    return rng.choice([b"\xef\xbb\xbf" + whole, whole.decode().encode("utf-16-be")]), "not_json"


def _duplicate_key_that_is_wrong(rng: random.Random, fields: Fields) -> Made:
    whole = encoded(fields)
    wrong = rng.choice([b'"amount_minor": "1"', b'"country": 5', b'"v": null'])
    return rng.choice(
        [whole[:-1] + b", " + wrong + b"}", b"{" + wrong + b", " + whole[1:]]
    ), "contract"


def _duplicate_key(rng: random.Random, fields: Fields) -> Made:
    """The last of the two counts, as with every decoder of ours."""
    return encoded(fields)[:-1] + b', "amount_minor": %d}' % rng.randrange(9_000), "judged"


def _unknown_fields(rng: random.Random, fields: Fields) -> Made:
    more = {f"x{n}": rng.choice([None, 1, "y", [], {"a": [1]}]) for n in range(rng.randrange(1, 9))}
    return encoded(fields | more), "judged"


def _deep(rng: random.Random, fields: Fields) -> Made:
    return _nested(rng, fields, DEEP)


def _nested(rng: random.Random, fields: Fields, depth: int) -> Made:
    nest = rng.choice([b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth])
    whole = encoded(fields)
    return rng.choice(
        [
            # In a field that nobody reads: it is followed until it is too deep.
            (whole[:-1] + b', "x": ' + nest + b"}", "not_json"),
            (b'{"x": ' + nest + b", " + whole[1:], "not_json"),
            # In a known one: of the wrong type, however deep.
            (whole.replace(b"48.5", nest), "contract"),
        ]
    )


def _scrambled(rng: random.Random, fields: Fields) -> Made:
    whole = bytearray(encoded(fields))
    for _ in range(rng.randrange(1, 6)):
        place = rng.randrange(len(whole))
        whole[place : place + rng.randrange(4)] = rng.randbytes(rng.randrange(4))
    return bytes(whole), "any"


def _noise(rng: random.Random, _fields: Fields) -> Made:
    # 0xFF stands in no text of UTF-8.
    return rng.randbytes(rng.randrange(200)) + b"\xff", "not_utf8"


def _huge(rng: random.Random, fields: Fields) -> Made:
    return rng.choice(
        [
            (encoded(fields | {"merchant_id": "x" * HUGE_BYTES}), "contract"),
            (encoded(fields)[:-1] + b" " * HUGE_BYTES, "not_json"),
            (b"\xff" * HUGE_BYTES, "not_utf8"),
            (b"7" * HUGE_BYTES, "contract"),
        ]
    )


def _very_deep(rng: random.Random, fields: Fields) -> Made:
    return _nested(rng, fields, VERY_DEEP)


# envelopes


def _wrong_key(rng: random.Random, fields: Fields) -> Fuzzed:
    key = rng.choice([None, b"", b"card-nobody", b"\xff\xfe", b"k" * 10_000])
    return Fuzzed("wrong key", key, encoded(fields), fields["event_time_ms"], "key_mismatch")


def _wrong_timestamp(rng: random.Random, fields: Fields) -> Fuzzed:
    time_ms = rng.choice([0, 1, fields["event_time_ms"] + rng.randrange(1, 1_000)])
    key = fields["card_token"].encode()
    return Fuzzed("wrong timestamp", key, encoded(fields), time_ms, "timestamp_mismatch")


KINDS: Final[dict[str, Maker | None]] = {
    "truncated": _truncated,
    "nothing": _nothing,
    "no object": _no_object,
    "no JSON": _no_json,
    "wrong type": _wrong_type,
    "missing field": _missing_field,
    "NaN": _not_a_number,
    "no number": _no_number,
    "out of range": _out_of_range,
    "another version": _another_version,
    "broken clock": _broken_clock,
    "control character": _control_character,
    "escaped control character": _escaped_control_character,
    "wrong encoding": _wrong_encoding,
    "bytes of no encoding": _bytes_of_no_encoding,
    "byte order mark": _byte_order_mark,
    "duplicate key that is wrong": _duplicate_key_that_is_wrong,
    "duplicate key": _duplicate_key,
    "unknown fields": _unknown_fields,
    "deep": _deep,
    "scrambled": _scrambled,
    "noise": _noise,
    "wrong key": None,
    "wrong timestamp": None,
}
_RARE_KINDS: Final[dict[str, Maker]] = {"huge": _huge, "very deep": _very_deep}
_RARE: Final = tuple(_RARE_KINDS)
_ENVELOPES: Final = {"wrong key": _wrong_key, "wrong timestamp": _wrong_timestamp}
