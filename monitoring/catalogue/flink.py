"""What does Flink tell of the job and of its processes?"""

from __future__ import annotations

from typing import Final

from monitoring.catalogue.metric import Metric, Source

SOURCE: Final = Source(
    "Flink",
    "Flink's reporter for Prometheus on each JobManager and TaskManager",
    "flink_",
    (
        Metric("jobmanager_numRunningJobs", "jobs", "On the cluster, those that restart included."),
        Metric("jobmanager_numRegisteredTaskManagers", "processes", "Known to the leader."),
        Metric("jobmanager_taskSlotsAvailable", "slots", "Free."),
        Metric("jobmanager_job_numRestarts", "restarts", "Since this JobManager took the job up."),
        Metric("jobmanager_job_uptime", "ms", "Since the last restart; -1 while it does not run."),
        Metric("jobmanager_job_numberOfCompletedCheckpoints", "checkpoints", "Completed."),
        Metric("jobmanager_job_numberOfFailedCheckpoints", "checkpoints", "Failed."),
        Metric(
            "jobmanager_job_lastCheckpointCompletedTimestamp",
            "ms since 1970",
            "When the last checkpoint was complete; -1 until this JobManager has seen one.",
        ),
        Metric("jobmanager_job_lastCheckpointDuration", "ms", "Of the last completed one."),
        Metric("jobmanager_job_lastCheckpointSize", "bytes", "What it wrote."),
        Metric("jobmanager_job_lastCheckpointFullSize", "bytes", "What it refers to in all."),
        Metric("jobmanager_Status_JVM_Memory_Heap_Used", "bytes", "Java heap."),
        Metric("taskmanager_Status_JVM_CPU_Load", "1", "Of the process, of the whole machine."),
        Metric("taskmanager_Status_JVM_Memory_Heap_Used", "bytes", "Java heap."),
        Metric("taskmanager_Status_JVM_GarbageCollector_All_Time", "ms", "Spent so far."),
        Metric("taskmanager_job_task_numRecordsIn", "records", "Into a task."),
        Metric("taskmanager_job_task_busyTimeMsPerSecond", "ms/s", "A task's thread worked."),
        Metric(
            "taskmanager_job_task_backPressuredTimeMsPerSecond",
            "ms/s",
            "A task waited for the next one to take its records.",
        ),
        Metric(
            "taskmanager_job_task_checkpointStartDelayNanos",
            "ns",
            "From the start of the last checkpoint until the task met its barrier.",
        ),
        Metric("taskmanager_job_task_operator_pendingRecords", "records", "Wait at a source."),
        Metric(
            "taskmanager_job_task_operator_currentOutputWatermark",
            "ms since 1970",
            "Event time that an operator has reached and hands on.",
        ),
        Metric(
            "taskmanager_job_task_operator_currentEmitEventTimeLag",
            "ms",
            "Wall time less event time of the record that a source handed on last.",
        ),
        Metric(
            "taskmanager_job_task_operator_successfulCommittables", "transactions", "Committed."
        ),
        Metric(
            "taskmanager_job_task_operator_failedCommittables",
            "transactions",
            "Not committed; what is in them is lost to committed readers.",
        ),
        Metric("taskmanager_job_task_operator_retriedCommittables", "transactions", "Tried again."),
        Metric(
            "taskmanager_job_task_operator_alreadyCommittedCommittables",
            "transactions",
            "Were committed before a restart.",
        ),
        Metric("taskmanager_job_task_operator_numBytesSend", "bytes", "Handed to Kafka by a sink."),
        Metric(
            "taskmanager_job_task_operator_KafkaSourceReader_commitsSucceeded",
            "commits",
            "Offsets that a source noted at the broker.",
        ),
        Metric(
            "taskmanager_job_task_operator_KafkaSourceReader_commitsFailed",
            "commits",
            "The same, failed; the next one makes up for it.",
        ),
    ),
)
