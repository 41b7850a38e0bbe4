"""How many false cases does each rule open?"""

from __future__ import annotations

import altair as alt
import pandas as pd

from dashboard.colours import ORANGE
from dashboard.layered import layered


def false_cases_chart(rows: pd.DataFrame) -> alt.LayerChart:
    """False cases a day by rule.

    Parameters
    ----------
    rows
        Columns rule, cases, cases_a_day.
    """
    base = alt.Chart(rows).encode(
        y=alt.Y("rule:N", title=None, sort="-x"),
        x=alt.X("cases_a_day:Q", title="cases a day for each 10,000 cards"),
    )
    bars = base.mark_bar(color=ORANGE, height={"band": 0.7}).encode(
        tooltip=[
            "rule:N",
            alt.Tooltip("cases:Q", title="cases in the exam", format=","),
            alt.Tooltip("cases_a_day:Q", title="a day for each 10,000 cards", format=".3f"),
        ]
    )
    return layered(bars).properties(title="False cases a day, by rule", height=110 + 22 * len(rows))
