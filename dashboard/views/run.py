"""What did one run measure, when, and with which settings?"""

from __future__ import annotations

import streamlit as st

from dashboard.choices import choose_id
from dashboard.example import current_folders, nothing_yet
from dashboard.links import link
from dashboard.run import sections
from dashboard.run.autoscaling import autoscaling, autoscaling_of
from dashboard.run.kept import KeptRun, keep
from dashboard.stored_runs import stored_runs
from dashboard.verdict_marks import escaped, verdict_box
from dashboard.view import View
from evaluation.store import UnknownRunError


def render() -> None:
    """One run, named by ``?run=`` in the address."""
    st.title("Run")
    runs = current_folders().runs
    rows = stored_runs(runs).rows
    if not rows:
        nothing_yet("There is no run yet.", "make simulate scenario=geo_jump")
        return
    chosen = choose_id("run", "Run", "run", [row.run_id for row in rows])
    if chosen is None:
        return
    try:
        run = keep(runs, chosen)
    except UnknownRunError as error:
        st.error(escaped(str(error)), icon=":material/broken_image:")
        return
    _draw(run)


def _draw(run: KeptRun) -> None:
    settings = run.evaluation.settings
    facts = [
        f"{run.evaluation.mode} run",
        str(settings.get("scenario", "")),
        f"{settings['rate_per_min']:,.0f} swipes a minute" if "rate_per_min" in settings else "",
        f"started {run.record.started_at}" if run.record.started_at else "",
        f"commit {run.record.commit[:12]}" if run.record.commit else "",
    ]
    st.caption(" · ".join(escaped(fact) for fact in facts if fact))
    verdict_box(run.evaluation.verdict)
    for problem in run.evaluation.problems:
        st.warning(escaped(problem), icon=":material/warning:")
    sections.judges(run)
    live = run.evaluation.mode == "live"
    if live:
        st.header("Latency")
        sections.latency(run)
        st.header("Over time")
        sections.time_axis(run)
        scaled = autoscaling_of(run)
        if scaled is not None:
            st.header("Autoscaling")
            autoscaling(scaled)
        st.header("Delivery")
        sections.delivery(run)
        st.header("Event-time windows")
        sections.windows(run)
    st.header("All figures")
    sections.figures(run)
    st.header("Settings")
    sections.settings(run)
    st.header("Raw data")
    sections.downloads(run)
    for problem in run.unreadable:
        st.warning(f"Damaged: {escaped(problem)}", icon=":material/broken_image:")
    link("compare", "Compare with another run", a=run.folder.name)


VIEW = View("run", "Run", ":material/monitoring:", 30, render)
