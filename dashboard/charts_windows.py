"""How many event-time windows ended in each minute of event time?"""

from __future__ import annotations

from typing import Final

import altair as alt
import pandas as pd

from dashboard.colours import SERIES
from dashboard.layered import heading
from job.contracts import WINDOW_KINDS

_HEIGHT: Final = 260


def windows_chart(by_minute: pd.DataFrame) -> alt.Chart:
    """A row of bars for each kind, each on a scale of its own.

    Parameters
    ----------
    by_minute
        Columns ends_ms, window, windows, swipes.
    """
    rows = by_minute.assign(ends=pd.to_datetime(by_minute["ends_ms"], unit="ms", utc=True))
    kinds = [kind for kind in WINDOW_KINDS if kind in set(rows["window"])]
    bars: alt.Chart = (
        alt.Chart(rows)
        .mark_bar(width=6)
        .encode(
            x=alt.X("ends:T", title="end of the window, event time (UTC)", scale={"type": "utc"}),
            y=alt.Y("windows:Q", title="windows"),
            color=alt.Color(
                "window:N",
                legend=None,
                scale=alt.Scale(domain=kinds, range=list(SERIES[: len(kinds)])),
            ),
            row=alt.Row("window:N", title=None, sort=kinds),
            tooltip=[
                "window:N",
                alt.Tooltip("utchoursminutes(ends):T", title="ends (UTC)"),
                alt.Tooltip("windows:Q", format=","),
                alt.Tooltip("swipes:Q", title="swipes in them", format=","),
            ],
        )
        .properties(height=_HEIGHT // max(1, len(kinds)))
        .resolve_scale(y="independent")
        .properties(title=heading("Windows by the minute in which they end", "one row a kind"))
    )
    return bars
