"""Is the job keeping up, and which part of it is busy?"""

from __future__ import annotations

from monitoring.boards.panels import JOB, Board, Query, board, figure, lines, row

_TASK = "flink_taskmanager_job_task"


def build() -> Board:
    """The board of the Flink job."""
    made = (
        board("job", "job", "Is the job keeping up, and which part of it is busy?")
        .with_row(row("Now"))
        .with_panel(
            figure(
                "Restarts",
                "Since the JobManager took the job up.",
                "short",
                f"max(flink_jobmanager_job_numRestarts{{{JOB}}})",
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Up for",
                "Since the last restart.",
                "ms",
                f"min(flink_jobmanager_job_uptime{{{JOB}}})",
                columns=4,
            )
        )
        .with_panel(
            figure(
                "TaskManagers",
                "Registered, spare ones included.",
                "short",
                "max(flink_jobmanager_numRegisteredTaskManagers)",
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Slots free",
                "0 with high availability: nobody stands by.",
                "short",
                "max(flink_jobmanager_taskSlotsAvailable)",
                columns=4,
            )
        )
        .with_row(row("Work"))
        .with_panel(
            lines(
                "Busy",
                "Share of the time in which a task's thread worked. Near 1: the bottleneck.",
                "percentunit",
                Query(
                    f"max by (task_name) ({_TASK}_busyTimeMsPerSecond{{{JOB}}}) / 1000",
                    "{{task_name}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Held up",
                "Share of the time in which a task waited for the next one.",
                "percentunit",
                Query(
                    f"max by (task_name) ({_TASK}_backPressuredTimeMsPerSecond{{{JOB}}}) / 1000",
                    "{{task_name}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Records in",
                "By task.",
                "reqps",
                Query(
                    f"sum by (task_name) (rate({_TASK}_numRecordsIn{{{JOB}}}[$__rate_interval]))",
                    "{{task_name}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Backlog",
                "Records that wait at the sources.",
                "short",
                Query(f"job_name:lag_records:sum{{{JOB}}}"),
            )
        )
        .with_panel(
            lines(
                "Event time behind wall time",
                "Of the watermark behind the rules: 30 s in peace. In a replay of the past it is "
                "as old as the replay.",
                "s",
                Query(f"job_name:watermark_lag_seconds:max{{{JOB}}}"),
            )
        )
        .with_panel(
            lines(
                "Age of what is read",
                "Wall time less event time of the record that the source hands on.",
                "ms",
                Query(
                    f"max by (job_name) ({_TASK}_operator_currentEmitEventTimeLag"
                    f'{{{JOB},operator_name=~"Source:.*_incoming"}})'
                ),
            )
        )
        .with_row(row("Processes"))
        .with_panel(
            lines(
                "CPU",
                "Of a TaskManager's process, as a share of the machine.",
                "percentunit",
                Query("flink_taskmanager_Status_JVM_CPU_Load", "{{tm_id}}"),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Java heap",
                "Used; Python's objects are not in it.",
                "bytes",
                Query("flink_taskmanager_Status_JVM_Memory_Heap_Used", "{{tm_id}}"),
                Query("flink_jobmanager_Status_JVM_Memory_Heap_Used", "JobManager {{host}}"),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Garbage collection",
                "Share of the time.",
                "percentunit",
                Query(
                    "sum by (tm_id) (rate("
                    "flink_taskmanager_Status_JVM_GarbageCollector_All_Time[$__rate_interval]"
                    ")) / 1000",
                    "{{tm_id}}",
                ),
                columns=3,
            )
        )
    )
    return Board("job", made)
