"""Does the search for card numbers find what is one, wherever it hides, and nothing else?"""

from __future__ import annotations

import base64
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from generator.bookends import open_producer
from generator.tokens import card_token
from generator.topics import create_topics, delete_topics
from tests.e2e.card_numbers import in_bytes, in_files, in_topics, passes_luhn
from tests.generator.recorded.layouts import CARDS

#: Numbers that card schemes publish for tests.
PUBLISHED = [
    "4111111111111111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "30569309025904",
    "6011111111111117",
    "3530111333300000",
    "6200000000000005",
]
PAN = PUBLISHED[0]


def digits(data: bytes, *own: str) -> list[str]:
    return [found.digits for found in in_bytes("here", data, own)]


@pytest.mark.parametrize("number", [*PUBLISHED, *CARDS])
def test_a_number_of_every_scheme_is_found(number: str) -> None:
    assert passes_luhn(number)
    assert digits(b'{"card":"%s"}' % number.encode()) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "pan=4111111111111111;",
        "\x004111111111111111\xff",
    ],
)
def test_it_is_found_however_it_is_grouped_and_set(text: str) -> None:
    assert digits(text.encode("latin-1")) == [PAN]


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # the check digit is wrong
        "9111111111111110",  # of no scheme
        "41111111111111111",  # of no length
        "0.4111111111111111",
        "a4111111111111111b",
        "00000000000000000004111111111111111",
        '"start_monotonic_ns": 378282246310005',
        "intended_ns=378282246310005",
        "2026-11-24 12-30-45-123456",
    ],
)
def test_what_is_none_is_left_alone(text: str) -> None:
    assert digits(text.encode()) == []


def test_tokens_are_not_taken_for_card_numbers() -> None:
    tokens = "\n".join(card_token(b"key", 1, number) for number in range(20_000))
    assert digits(tokens.encode()) == []


@pytest.mark.parametrize(
    "hidden",
    [
        base64.b64encode(PAN.encode()),
        PAN.encode("utf-16-le"),
        int(PAN).to_bytes(8, "little"),
        int(PAN).to_bytes(8, "big"),
        b"token" + PAN.encode() + b"token",
    ],
)
def test_the_cards_own_numbers_are_found_in_any_form(hidden: bytes) -> None:
    assert digits(b"before" + hidden + b"after") == []
    assert digits(b"before" + hidden + b"after", PAN) == [PAN]


def test_a_dead_letters_payload_is_opened() -> None:
    payload = base64.b64encode(b"card " + PAN.encode())
    assert digits(b'{"payload_base64":"%s","v":1}' % payload) == [PAN]


def test_files_are_read_and_columns_decoded(tmp_path: Path) -> None:
    (tmp_path / "kafka.log").write_text(f"INFO refused {PAN}\n")
    columns = {
        "value": pa.array([b"x", PAN.encode(), None]),
        "card": pa.array([1, int(PAN), None]),
        "many": pa.array([["x", PAN], None, []]),
        "sent_ns": pa.array([int(PAN)] * 3),
    }
    pq.write_table(pa.table(columns), tmp_path / "alerts.parquet", compression="zstd")
    found = {each.where.partition("/")[2]: each.digits for each in in_files(tmp_path)}
    assert found == {
        "kafka.log": PAN,
        "alerts.parquet, value": PAN,
        "alerts.parquet, card": PAN,
        "alerts.parquet, many": PAN,
    }


@pytest.mark.stack
def test_records_are_searched_whole_keys_values_and_headers(kafka_address: str) -> None:
    prefix = "scanned."
    create_topics(kafka_address, {f"{prefix}swipes": 2})
    producer = open_producer(kafka_address)
    for key, value, headers in (
        (b"4111111111111111", b"{}", []),
        (b"k", b'{"card":"5555555555554444"}', []),
        (b"k", None, [("pan", b"378282246310005"), ("none", None)]),
        (None, b'{"card_token":"t"}', [("trace", b"7")]),
    ):
        producer.produce(f"{prefix}swipes", value, key, headers=headers)
    assert producer.flush(30) == 0
    try:
        found = sorted(each.digits for each in in_topics(kafka_address, prefix))
    finally:
        delete_topics(kafka_address, [f"{prefix}swipes"])
    assert found == ["378282246310005", "4111111111111111", "5555555555554444"]
