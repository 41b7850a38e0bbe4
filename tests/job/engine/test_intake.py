"""Does every unreadable record end as a dead letter with its reason, and nothing else?"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from job.contracts import ClockRecord, DeadLetterReason, Swipe
from job.engine.card_engine import Source
from job.engine.intake import DETAIL_LIMIT, Unreadable, read
from job.engine.settings import NO_EVENT_TIME_LIMIT_MS, EngineSettings
from job.rules.example import example_swipe

KEY = "example-card"
SWIPE = msgspec.to_builtins(example_swipe(swipe_id="a", event_time_ms=1_000))


def encoded(**changed: Any) -> bytes:
    return json.dumps(SWIPE | changed).encode()


GOOD = encoded()
DEEP = b"[" * 100_000

#: Odd bytes by the reason that they must get.
ODD: list[tuple[str, DeadLetterReason, bytes]] = [
    ("nothing", "empty", b""),
    ("white space", "not_json", b"  "),
    ("truncated", "not_json", GOOD[:-1]),
    ("truncated within a string", "not_json", GOOD[:40]),
    ("two objects", "not_json", GOOD + GOOD),
    ("NaN", "not_json", GOOD.replace(b'"latitude": null', b'"latitude": NaN')),
    ("a single quote", "not_json", b"{'v': 1}"),
    ("a leading byte order mark", "not_json", b"\xef\xbb\xbf" + GOOD),
    ("half a multibyte character", "not_utf8", GOOD[:-1] + b"\xc3"),
    ("Latin-1", "not_utf8", GOOD.replace(b'"5411"', b'"54\xe91"')),
    ("UTF-16", "not_utf8", GOOD.decode().encode("utf-16")),
    ("null", "contract", b"null"),
    ("a list", "contract", b"[1, 2]"),
    ("an empty object", "contract", b"{}"),
    ("a field missing", "contract", GOOD.replace(b'"swipe_id"', b'"swipe"')),
    ("a float for an integer", "contract", encoded(amount_minor=1.5)),
    ("a huge integer", "contract", encoded(amount_minor=10**30)),
    ("an integer of a thousand digits", "contract", encoded(amount_minor=10**1_000)),
    ("a negative amount", "contract", encoded(amount_minor=-1)),
    ("a text for an integer", "contract", encoded(amount_minor="100")),
    ("true for an integer", "contract", encoded(amount_minor=True)),
    ("beyond the pole", "contract", encoded(latitude=90.1)),
    ("an unknown entry mode", "contract", encoded(entry_mode="telepathy")),
    ("an empty id", "contract", encoded(swipe_id="")),
    ("a long id", "contract", encoded(swipe_id="x" * 65)),
    ("a newer contract", "unknown_version", encoded(v=2)),
    ("version zero", "contract", encoded(v=0)),
    ("another card", "key_mismatch", encoded(card_token="other")),
    ("another time", "timestamp_mismatch", encoded(event_time_ms=1_001)),
    ("far in the future", "event_time_ahead", encoded(event_time_ms=5_001)),
    ("a clock record with more fields", "contract", b'{"record":"clock","clock_time_ms":1,"x":1}'),
]


def refusal(value: bytes, key: str = KEY, record_time_ms: int = 1_000) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read(value, key, record_time_ms, event_time_limit_ms=5_000)
    return caught.value


def test_a_good_record_is_read() -> None:
    assert read(GOOD, KEY, 1_000, 5_000) == msgspec.convert(SWIPE, Swipe)


def test_a_clock_record_is_read() -> None:
    clock = ClockRecord(clock_time_ms=7)
    assert read(msgspec.json.encode(clock), "any", 7, 5_000) == clock


def test_an_unknown_field_is_left_out() -> None:
    assert read(encoded(new_field=1), KEY, 1_000, 5_000) == msgspec.convert(SWIPE, Swipe)


@pytest.mark.parametrize(("reason", "value"), [o[1:] for o in ODD], ids=[o[0] for o in ODD])
def test_odd_bytes_get_their_reason(reason: DeadLetterReason, value: bytes) -> None:
    assert refusal(value).reason == reason


#: A wrong field, and too deep to follow: in a field that nobody reads, and in the wrong one itself.
DEEP_AND_WRONG = [
    encoded(amount_minor="1")[:-1] + b', "x": ' + DEEP + b"]" * 100_000 + b"}",
    encoded(latitude="here").replace(b'"here"', DEEP + b"]" * 100_000),
]


@pytest.mark.parametrize(
    "value", [DEEP, b'{"v":' * 100_000, DEEP + b"]" * 100_000, *DEEP_AND_WRONG]
)
def test_deep_nesting_is_refused(value: bytes) -> None:
    assert refusal(value).reason in ("not_json", "contract")


def test_the_last_of_two_equal_keys_counts() -> None:
    twice = GOOD.replace(b'"v": 1', b'"v": 1, "amount_minor": 999', 1)
    swipe = read(twice, KEY, 1_000, 5_000)
    assert isinstance(swipe, Swipe)
    assert swipe.amount_minor == SWIPE["amount_minor"]


def test_the_limit_itself_is_not_ahead() -> None:
    assert isinstance(read(encoded(event_time_ms=5_000), KEY, 5_000, 5_000), Swipe)


def test_a_detail_is_bounded() -> None:
    assert len(refusal(encoded(card_token="x" * 64), key="k" * 10_000).detail) <= DETAIL_LIMIT


LONE_SURROGATES = [
    GOOD.replace(b'"example-shop"', rb'"\ud800"'),
    GOOD.replace(b'"example-shop"', rb'"\udc00x"'),
    GOOD.replace(b'"a"', rb'"\ud83d"', 1),
    GOOD.replace(b'"example-shop"', b'"\xed\xa0\x80"'),
]


@pytest.mark.parametrize("value", LONE_SURROGATES)
def test_a_lone_surrogate_ends_as_one_record_that_can_be_written(bench: Any, value: bytes) -> None:
    outputs = bench.send(value, 1_000)
    for output in outputs:
        output.value.decode("utf-8")
        output.key.encode("utf-8")
    bench.fate(outputs)


def test_a_dead_letter_holds_the_record_as_it_came(bench: Any) -> None:
    (output,) = bench.send(b"\xff{", 1_000)
    letter = msgspec.json.decode(output.value)
    assert base64.b64decode(letter["payload_base64"]) == b"\xff{"
    assert (letter["topic"], letter["partition"], letter["offset"]) == ("swipes", 0, 0)


def test_every_reason_of_the_contract_can_be_given(make_bench: Callable[..., Any]) -> None:
    # Told by the card's state, by a failure of the engine, and by a change of the rules.
    elsewhere = {"id_conflict", "internal_error", "rule_change"}
    given_reasons = {reason for _, reason, _ in ODD} | elsewhere
    assert given_reasons == set(get_args(DeadLetterReason))


@settings(max_examples=300, deadline=None)
@given(value=st.binary(max_size=200), record_time_ms=st.integers(-(2**63), 2**63 - 1))
@example(value=DEEP, record_time_ms=0)
def test_arbitrary_bytes_are_refused_and_nothing_else(value: bytes, record_time_ms: int) -> None:
    with pytest.raises(Unreadable):
        read(value, KEY, record_time_ms, NO_EVENT_TIME_LIMIT_MS)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_swipe_is_read_or_refused_and_leaves_one_fate(
    make_bench: Callable[..., Any], data: st.DataObject
) -> None:
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    bench = make_bench(EngineSettings(event_time_limit_ms=5_000))
    bench.fate(bench.send(bytes(damaged), 1_000))


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(field=st.sampled_from(sorted(SWIPE)), value=JSON_VALUES)
def test_any_json_in_any_field_leaves_one_fate(
    make_bench: Callable[..., Any], field: str, value: Any
) -> None:
    bench = make_bench()
    bench.fate(bench.send(encoded(**{field: value}), 1_000))


@settings(max_examples=200, deadline=None)
@given(value=st.binary(max_size=100), key=st.text(max_size=8))
def test_an_arbitrary_profile_is_taken_or_becomes_a_dead_letter(
    make_bench: Callable[..., Any], value: bytes, key: str
) -> None:
    bench = make_bench()
    outputs = bench.engine.load_profile(value, key, bench.card, Source("card-profiles", 0, 0), [])
    # Without a value it is how a compacted topic forgets a key.
    assert [output.topic for output in outputs] == (["dead-letters"] if value else [])
