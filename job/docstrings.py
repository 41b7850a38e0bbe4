"""How does a class docstring in numpydoc form become a page for people?"""

from __future__ import annotations

import inspect
import re
from typing import Final

import msgspec

_HEADING: Final = re.compile(r"^(?P<title>[A-Z][a-z ]+)\n-{3,}\n", re.MULTILINE)
_INDENTED_BLOCK: Final = re.compile(r"::\n\n((?:    .*\n?)+)")
_PARAMETER: Final = re.compile(r"^(?P<names>\w+(?:, \w+)*)$", re.MULTILINE)


class Page(msgspec.Struct, frozen=True):
    """The first line of a docstring, and its sections by title."""

    question: str
    sections: dict[str, str]


def page(documented: type) -> Page:
    """Read a docstring."""
    parts = _HEADING.split(inspect.getdoc(documented) or "")
    sections = dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
    return Page(parts[0].strip(), sections)


def parameter_texts(documented: type, below: type = object) -> dict[str, str]:
    """What each documented parameter means, by name; those of its base classes included.

    Parameters
    ----------
    documented
        A class of parameters. Those that are documented together share their text.
    below
        Bases that are no subclass of it say nothing.
    """
    texts: dict[str, str] = {}
    for each in reversed(documented.__mro__):
        if each.__doc__ is None or not issubclass(each, below):
            continue
        parts = _PARAMETER.split(page(each).sections.get("Parameters", ""))
        for names, text in zip(parts[1::2], parts[2::2], strict=True):
            texts |= dict.fromkeys(names.split(", "), " ".join(text.split()))
    return texts


def markdown(text: str) -> str:
    """Turn reStructuredText's literals and roles into Markdown's.

    Examples
    --------
    >>> markdown("see :class:`Swipe` and ``t``")
    'see `Swipe` and `t`'
    """
    text = _INDENTED_BLOCK.sub(lambda match: ":\n\n" + match.group(1), text)
    return re.sub(r":(?:class|mod|func|data):`([^`]+)`", r"`\1`", text).replace("``", "`").strip()
