"""Which axes do several charts share?"""

from __future__ import annotations

import altair as alt


def latency_axis(field: str, title: str) -> alt.Y:
    """Milliseconds, logarithmic: a slow second must not flatten the others."""
    return alt.Y(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(type="log", nice=True),
        axis=alt.Axis(tickCount=5),
    )
