"""Which values does the contract allow in a field, in Python and in SQL?

Both are read from :class:`job.contracts.Swipe`, so that a mapping can never allow more than a
message may carry.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import Any, Final

import msgspec

from job.contracts import Swipe

#: What stands in a message for a field that the data does not have and the contract asks for.
#: ISO 3166 leaves ZZ to users, ISO 4217 has XXX for no currency. ``recurring`` is the one entry
#: mode that no rule looks for. Rules that need such a field are named as unable to judge.
STAND_INS: Final[dict[str, str]] = {
    "bin": "000000",
    "currency": "XXX",
    "mcc": "0000",
    "merchant_id": "unknown",
    "terminal_id": "unknown",
    "country": "ZZ",
    "entry_mode": "recurring",
    "response_code": "00",
    "message_type": "authorisation",
}


@cache
def field_types() -> dict[str, Any]:
    """The type of each field of a swipe with its bounds; that of an optional one without None."""
    info: Any = msgspec.inspect.type_info(Swipe)
    return {field.name: _present(field.type) for field in info.fields}


@cache
def optional_fields() -> frozenset[str]:
    """The fields that a message may lack."""
    info: Any = msgspec.inspect.type_info(Swipe)
    return frozenset(field.name for field in info.fields if field.default is None)


def _present(kind: Any) -> Any:
    if isinstance(kind, msgspec.inspect.UnionType):
        (kind,) = (each for each in kind.types if not isinstance(each, msgspec.inspect.NoneType))
    return _present(kind.type) if isinstance(kind, msgspec.inspect.Metadata) else kind


def refusal(field: str, value: str) -> str | None:
    """What is wrong with a text as the value of a field; None if nothing.

    Examples
    --------
    >>> refusal("entry_mode", "chipp")
    "'chipp' is no entry_mode; did you mean 'chip'?"
    >>> refusal("currency", "EUR")
    """
    kind = field_types()[field]
    if isinstance(kind, msgspec.inspect.LiteralType):
        if value in kind.values:
            return None
        return f"{value!r} is no {field}; {near_miss(value, [str(each) for each in kind.values])}"
    low, high = kind.min_length or 0, kind.max_length or len(value)
    if low <= len(value) <= high:
        return None
    length = str(low) if low == high else f"{low} to {high}"
    return f"{value!r} is no {field}: it has {length} characters"


def near_miss(wrong: str, known: list[str]) -> str:
    """What a person may have meant, or all there is.

    Examples
    --------
    >>> near_miss("amout", ["amount", "time"])
    "did you mean 'amount'?"
    >>> near_miss("x", ["amount", "time"])
    'there are amount, time'
    """
    folded = {each.casefold(): each for each in known}
    close = get_close_matches(wrong.casefold(), list(folded), n=1)
    if close:
        return f"did you mean {folded[close[0]]!r}?"
    return f"there are {', '.join(known)}" if known else "there are none"


def sql_allowed(field: str, expression: str) -> str:
    """A condition in SQL that holds where an expression is a value of the field."""
    kind = field_types()[field]
    if isinstance(kind, msgspec.inspect.LiteralType):
        return f"{expression} IN ({', '.join(sql_text(str(each)) for each in kind.values)})"
    if isinstance(kind, msgspec.inspect.StrType):
        return f"length({expression}) BETWEEN {kind.min_length} AND {kind.max_length}"
    return f"{expression} BETWEEN {kind.ge} AND {kind.le}"


def sql_text(value: str) -> str:
    """A text as a literal of SQL."""
    return "'" + value.replace("'", "''") + "'"
