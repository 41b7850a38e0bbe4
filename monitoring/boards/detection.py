"""What does the job flag, what could it not judge, and do the rules behave?

No truth is known here: whether a flagged swipe was fraud is told days later, or never.
"""

from __future__ import annotations

from monitoring.boards.panels import JOB, Board, Query, board, figure, lines, row

_OPERATOR = "flink_taskmanager_job_task_operator"


def build() -> Board:
    """The board of detection quality, as far as it can be seen live."""
    made = (
        board("detection", "detection quality", "What is flagged, and what could not be judged?")
        .with_row(row("Now"))
        .with_panel(
            figure(
                "Flagged, half an hour",
                "Share of the judged swipes. The band is 0.01% to 1%.",
                "percentunit",
                f"max(job_name:alert_ratio:rate30m{{{JOB}}})",
                warn=0.01,
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Dead letters, five minutes",
                "Share of the swipes.",
                "percentunit",
                f"max(job_name:dead_letter_ratio:rate5m{{{JOB}}})",
                warn=0.02,
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Errors of rules, an hour",
                "A rule that raises does not judge; the others do.",
                "short",
                f"sum(increase({_OPERATOR}_rule_errors{{{JOB}}}[1h]))",
                warn=1,
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Changes of the rules, an hour",
                "Taken over while the job runs, by all tasks together.",
                "short",
                f"sum(increase({_OPERATOR}_rule_changes_applied{{{JOB}}}[1h]))",
                columns=4,
            )
        )
        .with_row(row("Flagged"))
        .with_panel(
            lines(
                "By rule",
                "A rule names an alert with others: the sum is above the number of alerts.",
                "reqps",
                Query(
                    f"sum by (rule) (rate({_OPERATOR}_rule_alerts{{{JOB}}}[$__rate_interval]))",
                    "{{rule}}",
                ),
            )
        )
        .with_panel(
            lines(
                "By action",
                "Snoozed: a person held the alert back.",
                "reqps",
                Query(
                    f"sum by (action) (rate({_OPERATOR}_action_alerts{{{JOB}}}[$__rate_interval]))",
                    "{{action}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Share of the swipes",
                "Over half an hour; outside the band somebody is called.",
                "percentunit",
                Query(f"job_name:alert_ratio:rate30m{{{JOB}}}"),
            )
        )
        .with_panel(
            lines(
                "Across cards",
                "What windows observed, flagged, and dropped as too late.",
                "reqps",
                *(
                    Query(f"sum(rate({_OPERATOR}_windows_{name}{{{JOB}}}[$__rate_interval]))", name)
                    for name in ("observed", "alert", "dropped")
                ),
            )
        )
        .with_row(row("Not judged"))
        .with_panel(
            lines(
                "Dead letters by reason",
                "docs/runbook.md says what each asks for.",
                "reqps",
                Query(
                    f"sum by (reason) (rate({_OPERATOR}_reason_dead_letters{{{JOB}}}"
                    "[$__rate_interval])) > 0",
                    "{{reason}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Late and repeated",
                "Late: more than 30 s behind the newest swipe of its card.",
                "reqps",
                Query(
                    f"sum by (fate) (rate({_OPERATOR}_fate_records"
                    f'{{{JOB},fate=~"late|repeat"}}[$__rate_interval]))',
                    "{{fate}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Errors by rule",
                "Each is a rule that did not judge a swipe.",
                "reqps",
                Query(
                    f"sum by (rule) (rate({_OPERATOR}_rule_errors{{{JOB}}}[$__rate_interval]))",
                    "{{rule}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Changes of the rules",
                "Taken over and refused.",
                "reqps",
                *(
                    Query(
                        f"sum(rate({_OPERATOR}_rule_changes_{how}{{{JOB}}}[$__rate_interval]))",
                        how,
                    )
                    for how in ("applied", "refused")
                ),
            )
        )
        .with_row(row("Known to the job"))
        .with_panel(
            lines(
                "Profiles, reports, clock records",
                "What comes beside the swipes.",
                "reqps",
                Query(
                    f"sum by (fate) (rate({_OPERATOR}_fate_records"
                    f'{{{JOB},fate=~"profile|report|clock"}}[$__rate_interval]))',
                    "{{fate}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Canary",
                "Swipes due, not taken by Kafka, and without a decision.",
                "reqps",
                Query("rate(paystream_canary_swipes_total[$__rate_interval])", "due"),
                Query("rate(paystream_canary_unsent_total[$__rate_interval])", "not taken"),
                Query(
                    "sum by (view) (rate(paystream_canary_lost_total[$__rate_interval]))",
                    "no decision, {{view}}",
                ),
            )
        )
    )
    return Board("detection", made)
