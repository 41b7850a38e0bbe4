"""How is the run going that is under way?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from dashboard.colours import VIEWS
from dashboard.example import current_folders, nothing_yet
from dashboard.live.charts import lag_chart, live_latency_chart, rate_chart
from dashboard.live.series import WINDOW_S, latency_series, load_series
from dashboard.live.watched import Watched, newest_under_way
from dashboard.verdict_marks import escaped
from dashboard.view import View
from evaluation.collect_status import CollectStatus
from evaluation.glance import EVERY

#: How often the page looks, seconds. A choice: it shares the machine with the run.
_LOOK_EVERY_S: Final = 2.0
_FATES: Final = {
    "decisions": "decided",
    "alerts": "alerts",
    "late-swipes": "late",
    "dead-letters": "dead letters",
    "window-drops": "window drops",
}
_PHASES: Final = {
    "profiles": "sending the card profiles",
    "loading": "loading the replay",
    "waiting": "ready, waiting for the warm start",
    "sending": "sending",
    "flushing": "waiting for the last confirmations",
    "clock": "sending clock records",
    "done": "all is sent; the rest is read, then judged",
    "stopped": "stopped",
    "failed": "the sender failed",
}


def render() -> None:
    """The run under way, looked at every two seconds."""
    st.title("Live")
    _look(current_folders().runs)


@st.fragment(run_every=_LOOK_EVERY_S)
def _look(runs: Path) -> None:
    watched = newest_under_way(runs)
    if watched is None:
        nothing_yet(
            "No run is under way; this page shows one as soon as it begins.",
            "make simulate scenario=geo_jump",
            offer_example=False,
        )
        return
    st.subheader(escaped(watched.folder.name.removesuffix(".partial")), anchor=False)
    if watched.is_silent:
        st.warning(
            f"Nothing was written for {_ago(watched.silent_s)}: the run is being prepared or "
            "judged, or it broke off.",
            icon=":material/hourglass_empty:",
        )
    _progress(watched)
    if watched.status is None:
        st.info("Nothing is read back yet: stack and job are starting.", icon=":material/info:")
        return
    _counts(watched.status)
    _charts(watched)
    _alerts(watched)


def _ago(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _progress(watched: Watched) -> None:
    progress = watched.progress
    if progress is None:
        return
    words = _PHASES.get(progress.phase, progress.phase)
    share = min(progress.sent / progress.records, 1.0) if progress.records else 0.0
    st.progress(share, f"{words}: {progress.sent:,} of {progress.records:,} swipes")


def _counts(status: CollectStatus) -> None:
    uncommitted, committed = status.views["uncommitted"], status.views["committed"]
    for column, (topic, name) in zip(st.columns(len(_FATES)), _FATES.items(), strict=True):
        seen, sure = uncommitted.by_topic.get(topic), committed.by_topic.get(topic)
        column.metric(
            name,
            "-" if seen is None else f"{seen:,}",
            border=True,
            help="The job does not write these." if sure is None else f"{sure:,} are committed.",
        )
    for problem in status.problems:
        st.error(escaped(problem), icon=":material/error:")


def _charts(watched: Watched) -> None:
    load = load_series(watched)
    if load.empty:
        st.info("Rates and lag come with the first swipes.", icon=":material/info:")
        return
    left, right = st.columns(2)
    left.altair_chart(rate_chart(load), key="live_rate")
    right.altair_chart(lag_chart(load), key="live_lag")
    latency = latency_series(watched)
    if latency.empty:
        st.info(
            "Latency comes when enough decisions were sampled, and only while the replay is there.",
            icon=":material/info:",
        )
        return
    for column, view in zip(st.columns(2), VIEWS, strict=True):
        column.altair_chart(live_latency_chart(latency, view), key=f"live_latency_{view}")
    st.caption(
        f"Of one decision in {EVERY}, received in the {WINDOW_S:g} s before: a hint, not the "
        "verdict. What has not come yet is not in it. The lag counts the clock records and the "
        "nudges on the topic, too, which nobody answers. This page takes a little of the processor "
        "from the run."
    )


def _alerts(watched: Watched) -> None:
    st.header("Alerts as they come")
    alerts = [] if watched.glance is None else watched.glance.alerts
    if not alerts:
        st.caption("None yet.")
        return
    start_ns = watched.start_ns or 0
    rows = [
        {
            "second": (alert.received_ns - start_ns) / 1e9 if start_ns else None,
            "action": alert.action,
            "score": alert.score,
            "reasons": ", ".join(alert.reasons),
            "entity": alert.entity_type,
            "id": alert.entity_id,
        }
        for alert in reversed(alerts)
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={
            "second": st.column_config.NumberColumn("second of the schedule", format="%.1f"),
            "score": st.column_config.NumberColumn(format="%.2f"),
        },
    )
    st.caption(f"The last {len(rows)}, the newest first.")


VIEW = View("live", "Live", ":material/sensors:", 10, render)
