"""Which colours can everybody tell apart?

Okabe, Ito 2008, "Color universal design": eight colours that people with any common form of colour
blindness tell apart. A verdict is never shown by its colour alone.
"""

from __future__ import annotations

from typing import Final

from evaluation.verdict import Value

ORANGE: Final = "#E69F00"
SKY_BLUE: Final = "#56B4E9"
GREEN: Final = "#009E73"
YELLOW: Final = "#F0E442"
BLUE: Final = "#0072B2"
VERMILION: Final = "#D55E00"
PURPLE: Final = "#CC79A7"
GREY: Final = "#8C8C8C"

#: For the series of a chart, in this order.
SERIES: Final = (BLUE, ORANGE, GREEN, PURPLE, SKY_BLUE, VERMILION, YELLOW, GREY)
#: Of the two readers of the outputs.
VIEWS: Final = {"uncommitted": BLUE, "committed": ORANGE}
VERDICTS: Final[dict[Value, str]] = {"pass": GREEN, "fail": VERMILION, "inconclusive": ORANGE}
#: Beside the colour, for those who see none.
VERDICT_MARKS: Final[dict[Value, str]] = {
    "pass": ":material/check_circle:",
    "fail": ":material/cancel:",
    "inconclusive": ":material/help:",
}
