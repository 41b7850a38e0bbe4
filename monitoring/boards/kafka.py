"""Does Kafka take and give what the job needs?"""

from __future__ import annotations

from monitoring.boards.panels import JOB, Board, Query, board, figure, lines, row

_OPERATOR = "flink_taskmanager_job_task_operator"


def build() -> Board:
    """The board of Kafka, and of the job's part in it."""
    made = (
        board("kafka", "Kafka", "Does Kafka take and give what the job needs?")
        .with_row(row("Now"))
        .with_panel(
            figure(
                "Partitions without a leader",
                "They take nothing and give nothing.",
                "short",
                "max(kafka_offline_partitions)",
                warn=1,
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Partitions with a copy behind",
                "One broker more lost, and records may be.",
                "short",
                "sum(kafka_under_replicated_partitions)",
                warn=1,
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Partitions with too few copies",
                "They take no records with acks=all.",
                "short",
                "sum(kafka_under_min_isr_partitions)",
                warn=1,
                columns=4,
            )
        )
        .with_panel(
            figure(
                "Controllers",
                "1 in the whole cluster.",
                "short",
                "sum(kafka_active_controllers)",
                columns=4,
            )
        )
        .with_row(row("Topics"))
        .with_panel(
            lines(
                "Records in",
                "By topic.",
                "reqps",
                Query(
                    "sum by (topic) (rate(kafka_topic_messages_in_total[$__rate_interval]))",
                    "{{topic}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Bytes in and out",
                "Of all topics.",
                "Bps",
                Query("sum(rate(kafka_topic_bytes_in_total[$__rate_interval]))", "in"),
                Query("sum(rate(kafka_topic_bytes_out_total[$__rate_interval]))", "out"),
            )
        )
        .with_panel(
            lines(
                "Not yet committed by the job",
                "As the broker sees it: there while the job is dead, too.",
                "short",
                Query(
                    "sum by (group, topic) (paystream_consumer_lag_records)",
                    "{{group}} on {{topic}}",
                ),
            )
        )
        .with_panel(
            lines(
                "Behind an open transaction",
                "Seconds of records that committed readers do not see. It grows while a "
                "transaction hangs.",
                "s",
                Query("topic:undecided_seconds:max", "{{topic}}"),
            )
        )
        .with_panel(
            lines(
                "Size",
                "On the disk, by topic.",
                "bytes",
                Query("sum by (topic) (kafka_partition_size_bytes)", "{{topic}}"),
            )
        )
        .with_panel(
            lines(
                "Written so far",
                "Records of a topic, by the offsets of its partitions.",
                "short",
                Query("sum by (topic) (kafka_partition_end_offset)", "{{topic}}"),
            )
        )
        .with_row(row("Broker"))
        .with_panel(
            lines(
                "Time of a request, p99",
                "Of the broker's recent requests. A consumer's fetch waits for records by design.",
                "ms",
                Query("max by (request) (kafka_request_duration_p99_milliseconds)", "{{request}}"),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Idle threads",
                "Share of the time. Below 0.3 the broker is the bottleneck.",
                "percentunit",
                Query("min(kafka_request_handler_idle_ratio)", "requests"),
                Query("min(kafka_network_processor_idle_ratio)", "network"),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Refused writes",
                "Requests to write that failed.",
                "reqps",
                Query("sum(rate(kafka_failed_produce_requests_total[$__rate_interval]))", "all"),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Java heap",
                "Of the broker.",
                "bytes",
                Query('jvm_memory_used_bytes{job="kafka",area="heap"}', "{{instance}}"),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Partitions and producers",
                "Each transactional id is a producer that the broker remembers for a week.",
                "short",
                Query("sum(kafka_partitions)", "partitions"),
                Query("sum(kafka_producer_ids)", "producers"),
                columns=3,
            )
        )
        .with_row(row("The job's part"))
        .with_panel(
            lines(
                "Transactions",
                "What the sinks committed, tried again, found committed, and could not commit.",
                "reqps",
                *(
                    Query(
                        f"sum(rate({_OPERATOR}_{kind}Committables{{{JOB}}}[$__rate_interval]))",
                        kind,
                    )
                    for kind in ("successful", "retried", "alreadyCommitted", "failed")
                ),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Offsets noted",
                "Commits of the source; one that fails is made up by the next.",
                "reqps",
                *(
                    Query(
                        f"sum(rate({_OPERATOR}_KafkaSourceReader_commits{how}{{{JOB}}}"
                        "[$__rate_interval]))",
                        how.lower(),
                    )
                    for how in ("Succeeded", "Failed")
                ),
                columns=3,
            )
        )
        .with_panel(
            lines(
                "Written by the job",
                "Bytes handed to Kafka.",
                "Bps",
                Query(
                    f"sum(rate({_OPERATOR}_numBytesSend{{{JOB}}}[$__rate_interval]))",
                    "all sinks",
                ),
                columns=3,
            )
        )
    )
    return Board("kafka", made)
