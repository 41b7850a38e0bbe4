"""Is whatever is wrong with a mapping refused by name, with what may have been meant?"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from generator.recorded.contract_bounds import STAND_INS, field_types, optional_fields
from generator.recorded.mapping import Fields, MappingError, load_mapping, shipped_mappings
from job.contracts import Swipe

GOOD = """
name = "mine"
[fields.event_time_ms]
column = "when"
[fields.card_token]
column = "card"
kind = "identifier"
[fields.amount_minor]
column = "amount"
[fields.entry_mode]
column = "channel"
values = { POS = "chip" }
[label]
column = "fraud"
fraud = ["1"]
genuine = ["0"]
"""


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[fields.amount_minor]", "[fields.amout_minor]", "did you mean 'amount_minor'?"),
        ('column = "fraud"', 'colum = "fraud"', "label.colum: no key of a mapping; did you mean"),
        ('name = "mine"', 'nam = "mine"', "did you mean 'name'?"),
        ('POS = "chip"', 'POS = "chpi"', "'chpi' is no entry_mode; did you mean 'chip'?"),
        ('column = "when"', 'column = "when"\nformat = "iso8601"', "did you mean 'iso'?"),
        ('column = "when"', 'column = "when"\nformat = "%Q"', "'%Q' is no pattern of strptime"),
        ('column = "when"', 'column = "when"\nzone = "Mars"', "'Mars' is no time zone"),
        ('column = "when"', 'column = "when"\nformat = "offset"', "which needs both"),
        (
            'column = "when"',
            'column = "when"\nformat = "%Y-%m-%d %H:%M%z"\nzone = "Europe/Paris"',
            "reads a time zone from the data; leave zone out",
        ),
        ('genuine = ["0"]', 'genuine = ["0", "1"]', "label: '1' is both fraud and genuine"),
        ('column = "channel"', 'column = "card"', "column 'card' is the card; it goes nowhere"),
        ("[label]", "[fields.latitude]\ncolumn = 'lat'\n[label]", "latitude and longitude"),
        ('column = "amount"', "", "fields.amount_minor.column: Field required"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    load_mapping(written(tmp_path, GOOD))
    assert right in GOOD
    file = written(tmp_path, GOOD.replace(right, wrong))
    with pytest.raises(MappingError) as refused:
        load_mapping(file)
    assert str(refused.value).startswith(f"{file}: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", list(shipped_mappings()))
def test_what_ships_can_be_read_and_names_its_source(name: str) -> None:
    mapping = load_mapping(shipped_mappings()[name])
    assert mapping.name == name
    assert mapping.source


def test_every_field_of_the_contract_can_be_mapped_but_the_version() -> None:
    assert set(Fields.model_fields) == set(Swipe.__struct_fields__) - {"v"}


def test_stand_ins_are_within_the_contract_and_for_every_field_that_must_be_there() -> None:
    given = {name for name, field in Fields.model_fields.items() if field.is_required()}
    assert set(STAND_INS) == set(field_types()) - given - optional_fields() - {"v", "swipe_id"}
    swipe = {"swipe_id": "1", "card_token": "c", "event_time_ms": 0, "amount_minor": 1} | STAND_INS
    assert msgspec.convert(swipe, Swipe).country == "ZZ"
