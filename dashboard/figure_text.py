"""How is a figure written for a person?"""

from __future__ import annotations

import math
from typing import Final

from evaluation.verdict import INFINITE, Figure

NOT_MEASURED: Final = "not measured"


def written(value: int | float | str | None, unit: str = "") -> str:
    """A value with its unit.

    Examples
    --------
    >>> written(84.415, "ms"), written(116666, "records"), written(0.9968, "1")
    ('84.4 ms', '116,666 records', '99.7 %')
    >>> written(None, "ms"), written("infinite", "ms")
    ('not measured', 'never came')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return NOT_MEASURED
    if value == INFINITE or (isinstance(value, float) and math.isinf(value)):
        return "never came"
    if isinstance(value, str):
        return value
    if unit == "1":
        return f"{100 * value:.1f} %"
    return f"{digits(value)} {unit}".rstrip()


def digits(value: int | float) -> str:
    """Three digits that matter, whatever the size; whole numbers as they are.

    Examples
    --------
    >>> digits(1234.5), digits(84.415), digits(0.0343), digits(3)
    ('1,234', '84.4', '0.0343', '3')
    """
    if isinstance(value, int) or value == 0:
        return f"{value:,.0f}"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 1 else f"{value:.3g}"


def figure_text(figure: Figure | None) -> str:
    """A judge's figure with its unit."""
    return NOT_MEASURED if figure is None else written(figure.value, figure.unit)


def as_number(value: int | float | str | None) -> float | None:
    """A figure's value for a chart; None where it is endless or was not measured."""
    if isinstance(value, int | float) and math.isfinite(value):
        return float(value)
    return None
