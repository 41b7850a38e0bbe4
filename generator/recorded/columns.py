"""What does each field of the mapping mean in SQL?

Each field becomes two expressions over a batch of text columns: its value, and whether the row
cannot be used for it. The casts are DuckDB's ``TRY`` ones: nothing raises, so no message can quote
a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from generator.recorded.contract_bounds import (
    STAND_INS,
    optional_fields,
    sql_allowed,
    sql_text,
)
from generator.recorded.mapping import (
    AmountSource,
    DataMapping,
    LabelSource,
    TextSource,
    TimeSource,
)

_UNIT_MS: Final = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
#: An offset from UTC at the end of an ISO time of day.
_ZONE: Final = r"(?::\d\d(?:\.\d+)?)\s*([Zz]|[+-]\d\d(?::?\d\d)?)$"
#: What is left without it. DuckDB would pass over any other zone that stands there.
_BARE: Final = r"^\d+[-/]\d+[-/]\d+(?:[Tt ]+\d+:\d+(?::\d+(?:\.\d*)?)?)?$"
_NULL: Final = "CAST(NULL AS VARCHAR)"


@dataclass(frozen=True)
class Expression:
    """One field in SQL.

    Attributes
    ----------
    name
        Of the column that comes out.
    value
        Its value; null where there is none.
    bad
        Holds where the row cannot be used.
    columns
        What it is read from, for messages.
    what
        What is wrong where it is bad, for messages.
    """

    name: str
    value: str
    bad: str = "false"
    columns: tuple[str, ...] = ()
    what: str = ""


class Names:
    """The columns of the data under names that SQL takes as they are (it ignores case)."""

    def __init__(self, mapping: DataMapping) -> None:
        wanted = (name for _, names in mapping.columns() for name in names)
        self.by_column = {name: f"c{number}" for number, name in enumerate(dict.fromkeys(wanted))}

    def cell(self, column: str) -> str:
        """A cell, null where there is nothing in it."""
        return f"nullif(trim({self.by_column[column]}), '')"


def expressions(mapping: DataMapping) -> list[Expression]:
    """All fields, the label and what tells attacks apart; the card is read before."""
    names = Names(mapping)
    fields = mapping.fields
    found = [
        _time(fields.event_time_ms, names),
        _amount(fields.amount_minor),
        *(_number(name, getattr(fields, name), names) for name in ("latitude", "longitude")),
        _label(mapping.label, names),
    ]
    for name, stand_in in STAND_INS.items():
        found.append(_text(name, getattr(fields, name), names, _filled(mapping, name, stand_in)))
    for name in ("swipe_id", "device_id", "ip_country"):
        found.append(_text(name, getattr(fields, name), names, _NULL))
    incident = _NULL if mapping.incident is None else names.cell(mapping.incident.column)
    found.append(Expression("incident", incident))
    if mapping.kind is None:
        found.append(Expression("kind", _NULL))
    else:
        # Genuine rows have no kind, and what stands there does not matter.
        kind = _value(mapping.kind, names)
        found.append(Expression("kind", kind))
    return found


def _filled(mapping: DataMapping, name: str, stand_in: str) -> str:
    """What stands for a field that the data does not have."""
    if name == "bin" and mapping.fields.card_token.kind == "pan":
        return "card_bin"
    if name == "terminal_id" and mapping.fields.merchant_id is not None:
        return "merchant_id"
    if name == "message_type" and mapping.fields.amount_minor.negative == "reversal":
        return "CASE WHEN signed_minor < 0 THEN 'reversal' ELSE 'authorisation' END"
    return sql_text(stand_in)


def _text(name: str, source: TextSource | None, names: Names, filled: str) -> Expression:
    if source is None:
        return Expression(name, filled)
    if source.constant is not None:
        return Expression(name, sql_text(source.constant))
    column = source.column or ""
    value, cell = _value(source, names), names.cell(column)
    wrong = f"{cell} IS NOT NULL AND coalesce(NOT ({sql_allowed(name, value)}), true)"
    blank = f"{cell} IS NULL AND {value} IS NULL"
    # The id of a row is its number where the data has none; a column of ids is never blank.
    needed = name not in optional_fields()
    bad = f"({wrong}) OR ({blank})" if needed else wrong
    what = f"{name} (column {column!r}) is none that the mapping or the contract knows"
    return Expression(name, value, bad, (column,), what)


def _value(source: TextSource, names: Names) -> str:
    if source.constant is not None:
        return sql_text(source.constant)
    cell = names.cell(source.column or "")
    if source.separator is not None:
        cell = f"nullif(trim(split_part({cell}, {sql_text(source.separator)}, 1)), '')"
    value = cell
    if source.values is not None:
        cases = " ".join(
            f"WHEN {sql_text(given)} THEN {sql_text(meant)}"
            for given, meant in source.values.items()
            if given
        )
        otherwise = _NULL if source.otherwise is None else sql_text(source.otherwise)
        mapped = f"CASE {cell} {cases} ELSE {otherwise} END" if cases else otherwise
        value = f"CASE WHEN {cell} IS NULL THEN NULL ELSE {mapped} END"
    if source.blank is None:
        return f"({value})"
    return f"(CASE WHEN {cell} IS NULL THEN {sql_text(source.blank)} ELSE {value} END)"


def _time(source: TimeSource, names: Names) -> Expression:
    cells = [names.cell(name) for name in source.names]
    # Of several parts all have to be there: || gives null where one is missing.
    text = cells[0] if len(cells) == 1 else f"({' || '.join(_spaced(cells))})"
    value = _time_value(source, text)
    bad = f"coalesce(NOT ({sql_allowed('event_time_ms', value)}), true)"
    named = " ".join(source.names)
    what = f"event_time_ms (column {named!r}) is no time of the form {source.format!r}"
    return Expression("event_time_ms", value, bad, source.names, what)


def _spaced(cells: list[str]) -> list[str]:
    return [part for cell in cells for part in ("' '", cell)][1:]


def _time_value(source: TimeSource, text: str) -> str:
    if source.format in ("epoch_s", "epoch_ms", "offset"):
        unit = {"epoch_s": "s", "epoch_ms": "ms"}.get(source.format) or source.unit or "ms"
        start_ms = 0 if source.start is None else round(source.start.timestamp() * 1000)
        # Decimals, not floats: seconds with six places stay what they are.
        number = f"TRY_CAST({text} AS DECIMAL(24, 6))"
        return f"TRY_CAST(floor({number} * {_UNIT_MS[unit]}) AS BIGINT) + {start_ms}"
    if source.format != "iso":
        return f"epoch_ms(try_strptime({text}, {sql_text(source.format)}))"
    zone = _zone(text)
    bare = f"trim(left({text}, length({text}) - length({zone})))"
    local = (
        f"CASE WHEN regexp_matches({bare}, {sql_text(_BARE)})"
        f" THEN epoch_ms(TRY_CAST({bare} AS TIMESTAMP)) END"
    )
    minutes = (
        f"CASE WHEN length({zone}) < 3 THEN 0 ELSE CAST(left({zone}, 3) AS BIGINT) * 60 +"
        f" CASE WHEN length({zone}) = 3 THEN 0 ELSE"
        f" CAST(left({zone}, 1) || right({zone}, 2) AS BIGINT) END END"
    )
    return f"CASE WHEN {zone} = '' THEN {local} ELSE {local} - ({minutes}) * 60000 END"


def _zone(text: str) -> str:
    """The offset from UTC at the end of an ISO time; empty where there is none."""
    return f"regexp_extract({text}, {sql_text(_ZONE)}, 1)"


def is_local(source: TimeSource, names: Names) -> str:
    """Whether a time is one of the mapping's zone, and has to be turned into UTC."""
    if source.format != "iso":
        return "true"
    return f"{_zone(names.cell(source.names[0]))} = ''"


def _amount(source: AmountSource) -> Expression:
    signed = "signed_minor"
    value = f"abs({signed})" if source.negative == "reversal" else signed
    bad = f"coalesce(NOT ({sql_allowed('amount_minor', value)}), true)"
    what = f"amount_minor (column {source.column!r}) is no amount that the contract takes"
    return Expression("amount_minor", value, bad, (source.column,), what)


def signed_minor(source: AmountSource, names: Names) -> str:
    """The amount in minor units with its sign; every other expression may use it by name."""
    text = names.cell(source.column)
    if source.strip:
        text = f"translate({text}, {sql_text(source.strip)}, '')"
    factor = 10**source.decimals if source.unit == "major" else 1
    return f"TRY_CAST(round(TRY_CAST({text} AS DECIMAL(24, 6)) * {factor}) AS BIGINT)"


def _number(name: str, source: object, names: Names) -> Expression:
    column = getattr(source, "column", None)
    if column is None:
        return Expression(name, "CAST(NULL AS DOUBLE)")
    cell = names.cell(column)
    value = f"TRY_CAST({cell} AS DOUBLE)"
    bad = f"{cell} IS NOT NULL AND coalesce(NOT ({sql_allowed(name, value)}), true)"
    return Expression(name, value, bad, (column,), f"{name} (column {column!r}) is none")


def _label(source: LabelSource, names: Names) -> Expression:
    cell = f"lower({names.cell(source.column)})"
    fraud, genuine = (
        ", ".join(sql_text(each.lower()) for each in words)
        for words in (source.fraud, source.genuine)
    )
    value = f"coalesce({cell} IN ({fraud}), false)"
    bad = f"coalesce({cell} NOT IN ({fraud}, {genuine}), true)"
    what = f"the label (column {source.column!r}) is neither fraud nor genuine"
    return Expression("is_fraud", value, bad, (source.column,), what)
