"""What do the parts of a run's page show?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st

from dashboard.charts_latency import latency_over_time, percentile_curve
from dashboard.charts_run import backlog_chart, checkpoint_chart, slip_chart
from dashboard.charts_windows import windows_chart
from dashboard.colours import VIEWS
from dashboard.figure_text import figure_text, written
from dashboard.run.kept import KeptRun
from dashboard.run.moments import checkpoints, moments
from dashboard.run.reconciliation import balance, checks
from dashboard.run.slip import slip_by_second
from dashboard.run.windows import windows_of
from dashboard.verdict_marks import cell, escaped, verdict_badge
from evaluation.flat_settings import flat_settings

#: Of swipes that came too late; the history has all.
_DROPS_SHOWN: Final = 50
_PERCENTILES: Final = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9}


def judges(run: KeptRun) -> None:
    """What each judge says, those that decide first."""
    results = sorted(run.evaluation.judges, key=lambda result: not result.decides)
    for column, result in zip(st.columns(len(results) or 1), results, strict=False):
        with column, st.container(border=True, height="stretch"):
            st.markdown(f"**{result.judge}**" + ("" if result.decides else "  \nreported only"))
            verdict_badge(result.verdict)
            st.caption(escaped(result.reason))


def latency(run: KeptRun) -> None:
    """Distribution, and over time, of both views."""
    by_second = run.table("results/latency_by_second.parquet")
    floor_ms = run.number("latency", "floor_p99")
    limits = {view: run.limit("latency", f"{view}_p99") for view in VIEWS}
    if by_second is None:
        st.info("No latency was measured in this run.", icon=":material/info:")
        return
    points, whole = _points(run)
    held = {view: limit for view, limit in limits.items() if limit is not None}
    st.altair_chart(percentile_curve(points, held, floor_ms))
    if not whole:
        st.caption("This run keeps four percentiles of each view; newer ones keep the whole curve.")
    for column, view in zip(st.columns(2), VIEWS, strict=True):
        chart = latency_over_time(by_second, view, limits[view], floor_ms, run.warm_up_s)
        column.altair_chart(chart)
    st.caption(
        "From the moment a swipe was due to be sent until its decision could be read; a delay of "
        "the sender counts. The floor is a plain round trip through the same Kafka in the same run."
    )


def _points(run: KeptRun) -> tuple[pd.DataFrame, bool]:
    """The curve; whether it is whole, or only the percentiles that the judge gives."""
    curve = run.table("results/latency_curve.parquet")
    if curve is not None:
        return curve, True
    rows = [
        {"view": view, "percentile": percentile, "latency_ms": run.number("latency", f"{view}_{n}")}
        for view in VIEWS
        for n, percentile in _PERCENTILES.items()
    ]
    return pd.DataFrame(rows), False


def time_axis(run: KeptRun) -> None:
    """Checkpoints, faults, backlog and slip over the seconds of the schedule."""
    happened, backlog = moments(run), run.table("results/backlog.parquet")
    seen = checkpoints(run)
    end_s = _end_s(run, backlog)
    if not seen.empty:
        st.altair_chart(checkpoint_chart(seen, happened, (0.0, end_s)))
        st.caption(_checkpoint_words(run, happened))
    else:
        st.info("No checkpoint was recorded in this run.", icon=":material/info:")
    left, right = st.columns(2)
    if backlog is not None:
        moved = backlog.assign(second=_from_start(run, backlog))
        left.altair_chart(backlog_chart(moved, happened, (0.0, end_s)))
    slip = slip_by_second(run)
    if slip is not None:
        right.altair_chart(slip_chart(slip, run.limit("latency", "slip_p99"), (0.0, end_s)))
    names = ("slip_p50", "slip_p99", "slip_max")
    values = " / ".join(figure_text(run.figure("latency", name)) for name in names)
    right.caption(f"Slip of the sender over the measured part, p50 / p99 / longest: {values}")


def _from_start(run: KeptRun, backlog: pd.DataFrame) -> Any:
    # The backlog counts from the end of the warm-up.
    return backlog["second"] + run.warm_up_s


def _end_s(run: KeptRun, backlog: pd.DataFrame | None) -> float:
    if backlog is None or backlog.empty:
        return run.warm_up_s + 60.0
    return float(_from_start(run, backlog).max())


def _checkpoint_words(run: KeptRun, happened: pd.DataFrame) -> str:
    job = run.evaluation.job
    words = (
        f"{job.get('checkpoints_completed', 0):,} completed and "
        f"{job.get('checkpoints_failed', 0):,} failed over the whole life of the job, the warm "
        "start included."
    )
    return words if not happened.empty else f"{words} No fault was brought about."


def delivery(run: KeptRun) -> None:
    """Where every swipe ended up, and what was lost, repeated or changed."""
    result = run.evaluation.judge("delivery")
    if result is None:
        st.info("The delivery was not judged in this run.", icon=":material/info:")
        return
    left, right = st.columns([2, 3])
    left.dataframe(balance(run), hide_index=True, height="content")
    right.dataframe(checks(run), hide_index=True, height="content")
    faults = run.table("results/delivery_faults.parquet")
    if faults is not None and len(faults):
        st.markdown("**The first of each kind of fault, by position**")
        st.dataframe(faults, hide_index=True)


def windows(run: KeptRun) -> None:
    """Event-time windows by kind and over event time, and the swipes too late for them."""
    found = windows_of(run)
    if found is None:
        st.info("This run wrote no event-time windows.", icon=":material/info:")
        return
    st.dataframe(
        found.by_kind,
        hide_index=True,
        column_config={
            "swipes": st.column_config.NumberColumn("swipes in them"),
            "dropped": st.column_config.NumberColumn("swipes dropped"),
            "latest_s": st.column_config.NumberColumn("latest of these, s behind", format="%.1f"),
        },
    )
    if len(found.by_minute):
        st.altair_chart(windows_chart(found.by_minute))
    if len(found.drops):
        st.markdown("**Swipes that came after their window had closed, the latest first**")
        st.dataframe(
            found.drops.head(_DROPS_SHOWN),
            hide_index=True,
            column_config={
                "late_s": st.column_config.NumberColumn("s behind", format="%.1f"),
                "event_time": st.column_config.DatetimeColumn("event time", timezone="UTC"),
            },
        )
    if found.unreadable:
        st.warning(f"{found.unreadable:,} records keep no contract.", icon=":material/warning:")
    st.caption(
        "As committed. A swipe is behind by how far the watermark had passed the end of its "
        "window; the delivery judge holds every window against the engine's own."
    )


def figures(run: KeptRun) -> None:
    """All figures of all judges."""
    rows = [
        {
            "judge": result.judge,
            "figure": figure.name,
            "value": written(figure.value, figure.unit),
            "held against": "" if figure.threshold is None else written(figure.threshold),
            "verdict": cell(figure.verdict),
            "note": figure.note,
        }
        for result in run.evaluation.judges
        for figure in result.figures
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)


def settings(run: KeptRun) -> None:
    """What was run, on what, held against what."""
    facts = run.json("run.json")
    for column, (title, values) in zip(
        st.columns(3),
        {
            "Settings": run.evaluation.settings,
            "Versions and machine": {
                "commit": _commit(run),
                **run.record.versions,
                **facts.get("machine", {}),
                **{f"seconds: {name}": s for name, s in facts.get("phases_s", {}).items()},
            },
            "Thresholds": _thresholds(run),
        }.items(),
        strict=True,
    ):
        column.markdown(f"**{title}**")
        rows = [{"name": k, "value": str(v)} for k, v in flat_settings(values).items()]
        column.dataframe(pd.DataFrame(rows, columns=["name", "value"]), hide_index=True)


def _commit(run: KeptRun) -> str:
    if run.record.commit is None:
        return "unknown"
    return run.record.commit + (" with changes" if run.record.dirty else "")


def _thresholds(run: KeptRun) -> dict[str, Any]:
    bounds = run.json("results.json").get("thresholds")
    return bounds if isinstance(bounds, dict) else {}


def downloads(run: KeptRun) -> None:
    """The files of the run, to keep."""
    files = [
        path
        for pattern in (
            "*.json",
            "results/*.parquet",
            "history/*.json",
            "*.parquet",
            "history/*.parquet",
        )
        for path in sorted(run.folder.glob(pattern))
    ]
    columns = st.columns(4)
    for number, path in enumerate(files):
        name = str(path.relative_to(run.folder))
        columns[number % 4].download_button(
            f"{name} ({_size(path)})",
            data=_reader(path),
            file_name=f"{run.folder.name}-{path.name}",
            on_click="ignore",
            key=f"download-{name}",
            icon=":material/download:",
            width="stretch",
        )


def _reader(path: Path) -> Callable[[], bytes]:
    # Read when it is asked for: the raw history is tens of megabytes.
    return path.read_bytes


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
