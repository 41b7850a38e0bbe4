"""How dense is a replay's traffic, in one line, and what of it would no portfolio show?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from generator.densities import Density

#: Of all densities of the manifest those that a person knows from life, and how they are said.
_SAID: Final[dict[str, str]] = {
    "swipes per card and day": "card {}/day",
    "swipes per active merchant and minute": "merchant {}/min",
    "swipes of the busiest terminal in 1 min": "busiest terminal {}/min",
    "cards per issuer number": "{} cards/BIN",
}


def summary_line(densities: Sequence[Density]) -> str:
    """The figures of card, merchant, terminal and issuer number."""
    values = {each.name: each.value for each in densities}
    said = (text.format(_number(values[name])) for name, text in _SAID.items() if name in values)
    return ", ".join(said)


def flag_lines(densities: Sequence[Density]) -> list[str]:
    """One line for each density out of its bounds, those outside the summary too."""
    return [
        f"{each.name}: {_number(each.value)}, "
        f"realistic is {_number(each.low)} to {_number(each.high)}"
        for each in densities
        if each.is_flagged
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
