"""What does a run's page show of a job that was scaled while it ran?"""

from __future__ import annotations

import msgspec
import pandas as pd
import streamlit as st

from dashboard.charts_autoscaling import autoscaling_chart
from dashboard.run.kept import KeptRun
from dashboard.verdict_marks import cell, escaped
from evaluation.autoscaling.outcome import judge_autoscaling
from evaluation.autoscaling.record import AUTOSCALING_FILE, Autoscaling, read_autoscaling

_SAMPLE_COLUMNS = ["second", "offered_per_s", "lag", "busy", "parallelism"]
_DECISION_COLUMNS = ["second", "what", "why"]


def autoscaling_of(run: KeptRun) -> Autoscaling | None:
    """What was written down; None of a run that nobody scaled."""
    try:
        return read_autoscaling(run.folder / "history" / AUTOSCALING_FILE)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        run.unreadable.append(f"{AUTOSCALING_FILE}: {error}")
        return None


def samples_table(record: Autoscaling) -> pd.DataFrame:
    """A row a look; the parallelism only while the tasks run."""
    rows = [
        (
            each.at_s,
            each.offered_per_s,
            each.lag,
            each.busy,
            each.parallelism if each.running else None,
        )
        for each in record.samples
    ]
    return pd.DataFrame(rows, columns=_SAMPLE_COLUMNS).astype(float)


def decisions_table(record: Autoscaling) -> pd.DataFrame:
    """A row a decision."""
    rows = [(each.at_s, each.words, each.reason) for each in record.decisions]
    return pd.DataFrame(rows, columns=_DECISION_COLUMNS)


def autoscaling(record: Autoscaling) -> None:
    """Load, lag, busy time and parallelism over time; the decisions; what came of it."""
    samples, decisions = samples_table(record), decisions_table(record)
    if samples.empty:
        st.info("The job was never seen while it was scaled.", icon=":material/info:")
    else:
        st.altair_chart(autoscaling_chart(samples, decisions))
    answers = judge_autoscaling(record).answers
    st.dataframe(
        pd.DataFrame(
            [(each.question, cell(each.verdict), each.words) for each in answers],
            columns=["question", "verdict", "answer"],
        ),
        hide_index=True,
    )
    if not decisions.empty:
        st.dataframe(
            decisions,
            hide_index=True,
            column_config={"second": st.column_config.NumberColumn("second", format="%.0f")},
        )
    st.caption(
        f"Decided by {escaped(record.decided_by)}. Lag: swipes in the topic that no completed "
        "checkpoint covers. Busy: the busiest task, share of its time."
    )
