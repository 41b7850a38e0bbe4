"""Is everything well, and if not, where to look?"""

from __future__ import annotations

from monitoring.boards.panels import JOB, Board, Query, board, figure, lines, row


def build() -> Board:
    """The board that stands on the wall."""
    made = (
        board("overview", "overview", "Is everything well, and if not, which board is next?")
        .with_row(row("Now"))
        .with_panel(
            figure(
                "Alerts firing",
                "Rules of severity page or ticket that fire now: docs/runbook.md says what to do.",
                "short",
                'count(ALERTS{alertstate="firing"}) or vector(0)',
                warn=1,
            )
        )
        .with_panel(
            figure(
                "Jobs running",
                "0: no swipe is judged.",
                "short",
                "max(flink_jobmanager_numRunningJobs)",
            )
        )
        .with_panel(
            figure(
                "Judged",
                "Swipes judged a second.",
                "reqps",
                f"sum(job_name:judged_per_second:rate5m{{{JOB}}})",
            )
        )
        .with_panel(
            figure(
                "p99, uncommitted",
                "Of the canary, ten minutes. Promised: 50 ms.",
                "s",
                'view:canary_latency_seconds:p99{view="uncommitted"}',
                warn=0.05,
            )
        )
        .with_panel(
            figure(
                "Work behind",
                "How long the job needs for what waits at the source.",
                "s",
                f"max(job_name:lag_seconds:sum{{{JOB}}})",
                warn=60,
            )
        )
        .with_panel(
            figure(
                "Checkpoint age",
                "So much is judged again after a failure.",
                "s",
                f"max(job_name:checkpoint_age_seconds:max{{{JOB}}})",
                warn=300,
            )
        )
        .with_row(row("The way of the swipes"))
        .with_panel(
            lines(
                "Swipes by fate",
                "Each swipe has exactly one.",
                "reqps",
                Query(
                    "sum by (fate) (rate(flink_taskmanager_job_task_operator_fate_records"
                    f'{{{JOB},fate=~"judged|repeat|late|dead_letter"}}[$__rate_interval]))',
                    "{{fate}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Time to a decision",
                "Of the canary: from when a swipe was due until its decision could be read.",
                "s",
                Query("view:canary_latency_seconds:p99", "p99 {{view}}"),
                Query(
                    "histogram_quantile(0.5, sum by (view, le) "
                    "(rate(paystream_canary_latency_seconds_bucket[10m])))",
                    "p50 {{view}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Backlog",
                "Records that wait: as the job's source sees it, and as the broker does.",
                "short",
                Query(f"job_name:lag_records:sum{{{JOB}}}", "source, {{job_name}}"),
                Query(
                    "sum by (group, topic) (paystream_consumer_lag_records)",
                    "broker, {{group}} on {{topic}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Alerts",
                "By what they ask for.",
                "reqps",
                Query(
                    "sum by (action) (rate(flink_taskmanager_job_task_operator_action_alerts"
                    f"{{{JOB}}}[$__rate_interval]))",
                    "{{action}}",
                ),
            )
        )
    )
    return Board("overview", made)
