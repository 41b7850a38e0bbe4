"""How are marks drawn upon one another, under a heading?"""

from __future__ import annotations

from typing import Any

import altair as alt

from dashboard.colours import GREY


def layered(*charts: Any) -> alt.LayerChart:
    """Several charts over the same axes; those that come later lie above."""
    return alt.LayerChart(layer=list(charts))


def heading(title: str, explanation: str) -> alt.TitleParams:
    """A title with a line that explains the marks; readable on light and on dark."""
    return alt.TitleParams(title, subtitle=explanation, subtitleColor=GREY, subtitleFontSize=12)
