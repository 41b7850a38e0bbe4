"""Which column of somebody's data is which field of the contract?

A TOML file: one table below ``fields`` for each field of :class:`job.contracts.Swipe` that the
data has, and one for the label. Whatever is misspelt is refused by name.
"""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

import duckdb
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from generator.recorded.contract_bounds import near_miss, refusal
from generator.settings import SettingsError

#: Mappings that ship with the workbench; each can be called by its name alone.
SHIPPED: Final = Path(__file__).with_name("mappings")
#: Time formats with a name; every other one is a pattern of ``strptime``.
TimeName = Literal["iso", "epoch_s", "epoch_ms", "offset"]
TimeUnit = Literal["ms", "s", "min", "h", "d"]


class MappingError(SettingsError):
    """A mapping that cannot be used; names the file, the key and what is wrong with it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)


class _FromColumns(_Part):
    """Read from one column, or from several, joined with a space."""

    column: str | None = None
    columns: Annotated[tuple[str, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> _FromColumns:
        if (self.column is None) == (self.columns is None):
            raise ValueError("needs either column or columns")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in their order."""
        return (self.column,) if self.column is not None else self.columns or ()


class TimeSource(_FromColumns):
    """When it happened.

    Parameters
    ----------
    format
        ``iso``, ``epoch_s``, ``epoch_ms``, ``offset`` or a pattern of strptime such as
        ``%Y-%m-%d %H:%M``.
    zone
        IANA name of the time zone of local times. Of an hour that comes twice in autumn the
        first is meant.
    start, unit
        Of ``offset``: the moment from which is counted, and in what.
    """

    format: str = "iso"
    zone: str = "UTC"
    start: datetime | None = None
    unit: TimeUnit | None = None

    @field_validator("format")
    @classmethod
    def _format_known(cls, text: str) -> str:
        if text in get_args(TimeName):
            return text
        if "%" not in text:
            raise ValueError(f"{text!r}: {near_miss(text, list(get_args(TimeName)))}")
        try:
            duckdb.execute("SELECT try_strptime('', ?)", [text])
        except duckdb.Error:
            raise ValueError(f"{text!r} is no pattern of strptime") from None
        return text

    @field_validator("zone")
    @classmethod
    def _zone_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{name!r} is no time zone, e.g. Europe/Paris") from None
        return name

    @model_validator(mode="after")
    def _offset_is_whole(self) -> TimeSource:
        given = (self.start is not None, self.unit is not None)
        if given != ((self.format == "offset"),) * 2:
            raise ValueError("start and unit belong to format = 'offset', which needs both")
        if self.zone != "UTC" and self.format in ("epoch_s", "epoch_ms", "offset"):
            raise ValueError(f"{self.format} has no time zone; leave zone out")
        if self.zone != "UTC" and re.search(r"%[zZ]", self.format.replace("%%", "")):
            raise ValueError(f"{self.format!r} reads a time zone from the data; leave zone out")
        if self.format == "iso" and len(self.names) > 1:
            raise ValueError("iso is one column; of several, give a pattern of strptime")
        if self.start is not None and self.start.tzinfo is None:
            raise ValueError("start has no time zone; write e.g. 2018-04-01T00:00:00Z")
        return self


class CardSource(_FromColumns):
    """Which card it was; hashed before anything else is done with it.

    Parameters
    ----------
    kind
        ``pan``: a card number of 12 to 19 digits, whose first 8 are the BIN; ``identifier``:
        anything else that tells cards apart.
    synthetic
        Nobody has these card numbers. Without it a ``pan`` is hashed with a key of one's own
        only.
    """

    kind: Literal["pan", "identifier"]
    synthetic: bool = False


class AmountSource(_Part):
    """How much.

    Parameters
    ----------
    unit, decimals
        ``major`` (12.34) is multiplied by 10 to the power of ``decimals``; ``minor`` is not.
    strip
        Characters to leave out, e.g. ``$,``.
    negative
        ``refuse``, or ``reversal``: money back, of the amount without its sign.
    """

    column: str
    unit: Literal["major", "minor"] = "major"
    decimals: Annotated[int, Field(ge=0, le=4)] = 2
    strip: str = ""
    negative: Literal["refuse", "reversal"] = "refuse"


class NumberSource(_Part):
    """A number as it stands."""

    column: str


class TextSource(_Part):
    """A code or a name.

    Parameters
    ----------
    column, constant
        Where it stands; or what is true of every row.
    values
        From what stands in the column to the contract's value; without it, it is taken as it is.
    blank, otherwise
        The value of an empty cell, and of one that ``values`` does not have. Without them such
        rows cannot be used (an empty cell of an optional field is simply absent).
    separator
        A cell is a list; its first entry counts.
    """

    column: str | None = None
    constant: str | None = None
    values: dict[str, str] | None = None
    blank: str | None = None
    otherwise: str | None = None
    separator: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> TextSource:
        if (self.column is None) == (self.constant is None):
            raise ValueError("needs either column or constant")
        if self.constant is not None and len(self.model_fields_set) > 1:
            raise ValueError("a constant stands alone")
        if self.otherwise is not None and self.values is None:
            raise ValueError("otherwise needs values")
        if "" in (self.values or {}):
            raise ValueError("an empty cell is what blank is for, not a key of values")
        return self

    @property
    def results(self) -> list[str]:
        """All values that the mapping itself writes."""
        given = (self.constant, self.blank, self.otherwise, *(self.values or {}).values())
        return [each for each in given if each is not None]


class LabelSource(_Part):
    """What stands in the column where it was fraud, and where not (upper or lower case)."""

    column: str
    fraud: Annotated[tuple[str, ...], Field(min_length=1)]
    genuine: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_or_the_other(self) -> LabelSource:
        both = {each.lower() for each in self.fraud} & {each.lower() for each in self.genuine}
        if both:
            raise ValueError(f"{', '.join(map(repr, sorted(both)))} is both fraud and genuine")
        return self


class IncidentSource(_Part):
    """The column that tells one attack from another; needed on fraudulent rows only."""

    column: str


class Fields(_Part):
    """The fields of the contract; those left out are absent from the data."""

    event_time_ms: TimeSource
    card_token: CardSource
    amount_minor: AmountSource
    swipe_id: TextSource | None = None
    bin: TextSource | None = None
    currency: TextSource | None = None
    mcc: TextSource | None = None
    merchant_id: TextSource | None = None
    terminal_id: TextSource | None = None
    country: TextSource | None = None
    latitude: NumberSource | None = None
    longitude: NumberSource | None = None
    entry_mode: TextSource | None = None
    device_id: TextSource | None = None
    ip_country: TextSource | None = None
    response_code: TextSource | None = None
    message_type: TextSource | None = None

    @model_validator(mode="after")
    def _within_the_contract(self) -> Fields:
        for name, source in self.texts.items():
            wrong = [each for each in (refusal(name, text) for text in source.results) if each]
            if wrong:
                raise ValueError("; ".join(wrong))
        if self.swipe_id is not None and self.swipe_id.column is None:
            raise ValueError("swipe_id: a constant cannot tell swipes apart")
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together")
        if self.amount_minor.negative == "reversal" and self.message_type is not None:
            raise ValueError("negative = 'reversal' says the message_type; leave that out")
        return self

    @property
    def texts(self) -> dict[str, TextSource]:
        """The codes and names that are mapped, by field."""
        sources = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: each for name, each in sources.items() if isinstance(each, TextSource)}


class FileFormat(_Part):
    """How a CSV is written."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8"


class DataMapping(_Part):
    """A whole mapping.

    Parameters
    ----------
    name
        Of the data, as runs and results call it.
    source
        Where the data's layout is from, for people.
    history_days
        How much of the beginning becomes the cards' past and is not sent; None: 7 days where the
        data spans more than twice that, else nothing.
    kind
        What sort of attack a fraudulent row belongs to, if the data says so.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    source: str = ""
    history_days: Annotated[int, Field(ge=0, le=366)] | None = None
    file: FileFormat = FileFormat()
    fields: Fields
    label: LabelSource
    incident: IncidentSource | None = None
    kind: TextSource | None = None

    @model_validator(mode="after")
    def _card_stays_alone(self) -> DataMapping:
        card = self.fields.card_token.names
        if len(card) > 1 and self.fields.card_token.kind == "pan":
            raise ValueError("fields.card_token: a card number stands in one column")
        if len(card) == 1:
            others = [name for name, columns in self._other_columns() if card[0] in columns]
            if others:
                raise ValueError(
                    f"{', '.join(others)}: column {card[0]!r} is the card; it goes nowhere else"
                )
        return self

    def _other_columns(self) -> list[tuple[str, tuple[str, ...]]]:
        return [each for each in self.columns() if each[0] != "fields.card_token"]

    def columns(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each key of the mapping that reads columns, with their names."""
        found: list[tuple[str, tuple[str, ...]]] = []
        for name in Fields.model_fields:
            source: Any = getattr(self.fields, name)
            if isinstance(source, _FromColumns):
                found.append((f"fields.{name}", source.names))
            elif source is not None and source.column is not None:
                found.append((f"fields.{name}", (source.column,)))
        found.append(("label", (self.label.column,)))
        for name in ("incident", "kind"):
            source = getattr(self, name)
            if source is not None and source.column is not None:
                found.append((name, (source.column,)))
        return found

    def absent_fields(self) -> list[str]:
        """Fields of the contract that the data does not have, sorted."""
        absent = {name for name in Fields.model_fields if getattr(self.fields, name) is None}
        absent.discard("swipe_id")
        if self.fields.card_token.kind == "pan":
            absent.discard("bin")
        if self.fields.amount_minor.negative == "reversal":
            absent.discard("message_type")
        return sorted(absent)


@cache
def shipped_mappings() -> dict[str, Path]:
    """The mappings that ship with the workbench, by name."""
    return {file.stem: file for file in sorted(SHIPPED.glob("*.toml"))}


def mapping_file(given: str) -> Path:
    """The file of a mapping, from its path or the name of a shipped one.

    Raises
    ------
    MappingError
        If there is neither.
    """
    path = Path(given)
    if path.is_file():
        return path
    shipped = shipped_mappings()
    if given in shipped:
        return shipped[given]
    raise MappingError(
        f"{given}: no such file, and no mapping that ships with the workbench; "
        f"{near_miss(given, list(shipped))}"
    )


def load_mapping(file: Path) -> DataMapping:
    """Read a mapping.

    Raises
    ------
    MappingError
        Naming the file, each wrong key and what may have been meant.
    """
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        return DataMapping.model_validate(values)
    except FileNotFoundError:
        raise MappingError(f"{file}: no such file") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingError(f"{file}: {error}") from None
    except ValidationError as error:
        lines = dict.fromkeys(_line(item) for item in error.errors(include_url=False))
        raise MappingError(f"{file}: {'; '.join(lines)}") from None


def _line(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        wrong = str(item["loc"][-1])
        what = "field of the contract" if item["loc"][:-1] == ("fields",) else "key of a mapping"
        return f"{place}: no {what}; {near_miss(wrong, _keys_at(item['loc'][:-1]))}"
    text = item["msg"].removeprefix("Value error, ")
    return f"{place}: {text}" if place else text


def _keys_at(place: tuple[Any, ...]) -> list[str]:
    """The keys that a table of the mapping may have."""
    model: type[BaseModel] = DataMapping
    for part in place:
        annotation = model.model_fields[str(part)].annotation
        kinds = (annotation, *get_args(annotation))
        model = next(k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel))
    return list(model.model_fields)
