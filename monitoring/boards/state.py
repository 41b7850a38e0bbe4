"""How large is the state, and does each checkpoint succeed in time?"""

from __future__ import annotations

from monitoring.boards.panels import JOB, Board, Query, board, figure, lines, row

_JOBMANAGER = "flink_jobmanager_job"
_ROCKSDB = "flink_taskmanager_job_task_operator_column_family_rocksdb"


def build() -> Board:
    """The board of state and checkpoints."""
    made = (
        board("state", "state and checkpoints", "How large is the state; is it kept in time?")
        .with_row(row("Now"))
        .with_panel(
            figure(
                "Checkpoint age",
                "So much is judged again after a failure.",
                "s",
                f"max(job_name:checkpoint_age_seconds:max{{{JOB}}})",
                warn=300,
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Failed, ten minutes",
                "Share of the checkpoints that ended in that time.",
                "percentunit",
                f"max(job_name:checkpoint_failed_ratio:increase10m{{{JOB}}})",
                warn=0.5,
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Whole state",
                "What the last checkpoint refers to.",
                "bytes",
                f"max({_JOBMANAGER}_lastCheckpointFullSize{{{JOB}}})",
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Cards",
                "Keys of the state of the cards, as RocksDB estimates them.",
                "short",
                f'sum({_ROCKSDB}_estimate_num_keys{{{JOB},column_family="card"}})',
                columns=4,
            )
        )
        .with_row(row("Checkpoints"))
        .with_panel(
            lines(
                "Completed and failed",
                "A second.",
                "cps",
                Query(
                    f"sum(rate({_JOBMANAGER}_numberOfCompletedCheckpoints{{{JOB}}}"
                    "[$__rate_interval]))",
                    "completed",
                ),
                Query(
                    f"sum(rate({_JOBMANAGER}_numberOfFailedCheckpoints{{{JOB}}}"
                    "[$__rate_interval]))",
                    "failed",
                ),
            )
        )
        .with_panel(
            lines(
                "Duration",
                "Of the last completed one. It is a part of the committed latency.",
                "ms",
                Query(f"{_JOBMANAGER}_lastCheckpointDuration{{{JOB}}}"),
            )
        )
        .with_panel(
            lines(
                "Size",
                "What the last one wrote, and what it refers to in all.",
                "bytes",
                Query(f"{_JOBMANAGER}_lastCheckpointSize{{{JOB}}}", "written"),
                Query(f"{_JOBMANAGER}_lastCheckpointFullSize{{{JOB}}}", "whole"),
            )
        )
        .with_panel(
            lines(
                "Waiting for the barrier",
                "From the start of the checkpoint until the task met its barrier.",
                "ns",
                Query(
                    "max by (task_name) (flink_taskmanager_job_task_checkpointStartDelayNanos"
                    f"{{{JOB}}})",
                    "{{task_name}}",
                ),
            )
        )
        .with_row(row("RocksDB"))
        .with_panel(
            lines(
                "Keys",
                "By state, as RocksDB estimates them.",
                "short",
                Query(
                    f"sum by (column_family) ({_ROCKSDB}_estimate_num_keys{{{JOB}}})",
                    "{{column_family}}",
                ),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Files",
                "Bytes on the disk, or in memory where the working files lie there.",
                "bytes",
                Query(
                    f"sum by (column_family) ({_ROCKSDB}_total_sst_files_size{{{JOB}}})",
                    "{{column_family}}",
                ),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Memory tables",
                "What is not in a file yet.",
                "bytes",
                Query(
                    f"sum by (column_family) ({_ROCKSDB}_cur_size_all_mem_tables{{{JOB}}})",
                    "{{column_family}}",
                ),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Merging and flushing",
                "At work now, and waiting.",
                "short",
                *(
                    Query(f"max({_ROCKSDB}_{name}{{{JOB}}})", legend)
                    for name, legend in (
                        ("num_running_compactions", "merging"),
                        ("num_running_flushes", "flushing"),
                        ("compaction_pending", "merge waiting"),
                    )
                ),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Writes held back",
                "By RocksDB itself: stopped (1), or delayed to so many bytes a second.",
                "short",
                Query(f"max({_ROCKSDB}_is_write_stopped{{{JOB}}})", "stopped"),
                Query(f"max({_ROCKSDB}_actual_delayed_write_rate{{{JOB}}})", "delayed to"),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Block cache",
                "Shared by all states of a TaskManager.",
                "bytes",
                Query(f"max by (tm_id) ({_ROCKSDB}_block_cache_usage{{{JOB}}})", "{{tm_id}}"),
                columns=3,
            )
        )
    )
    return Board("state", made)
