"""How are marks drawn upon one another?"""

from __future__ import annotations

from typing import Any

import altair as alt


def layered(*charts: Any) -> alt.LayerChart:
    """Several charts over the same axes; those that come later lie above."""
    return alt.LayerChart(layer=list(charts))
