"""What does the job count?"""

from __future__ import annotations

from typing import Final

from monitoring.catalogue.metric import Metric, Source

SOURCE: Final = Source(
    "The job's own counters",
    "the job's functions, through Flink's reporter. A task brings them up to date every 200 "
    "records and with each alert; they begin anew with each attempt of the task",
    "flink_taskmanager_job_task_operator_",
    (
        Metric(
            "fate_records",
            "records",
            "What a record ended as: `judged`, `repeat`, `late`, `dead_letter`; or it was no "
            "swipe: `clock`, `profile`, `report`.",
            ("fate",),
        ),
        Metric("reason_dead_letters", "records", "Dead letters, by reason.", ("reason",)),
        Metric(
            "rule_alerts",
            "alerts",
            "Alerts on a card that name the rule. One alert may name several.",
            ("rule",),
        ),
        Metric("rule_errors", "errors", "A rule raised, and did not judge.", ("rule",)),
        Metric(
            "action_alerts",
            "alerts",
            "Alerts on a card by what they ask for, `review` or `block`; `snoozed` for those that "
            "a person held back.",
            ("action",),
        ),
        Metric("windows_observed", "observations", "Counted by rules that look across cards."),
        Metric("windows_dropped", "observations", "Came after their window had closed."),
        Metric("windows_alert", "alerts", "Alerts of rules that look across cards."),
        Metric("windows_shadow_alert", "alerts", "The same of rules that only watch."),
        Metric("windows_snoozed_alert", "alerts", "The same, held back by a person."),
        Metric("windows_unasked", "observations", "Of rules that are not in force any more."),
        Metric("rule_changes_applied", "changes", "Taken over, by every task."),
        Metric("rule_changes_refused", "changes", "Refused, by every task."),
    ),
)
