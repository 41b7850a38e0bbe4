"""What does the broker tell of itself?"""

from __future__ import annotations

from typing import Final

from monitoring.catalogue.metric import Metric, Source

SOURCE: Final = Source(
    "Kafka",
    "the JMX exporter's agent in the broker, with `monitoring/kafka-jmx.yml`",
    "",
    (
        Metric("kafka_topic_messages_in_total", "records", "Written to a topic.", ("topic",)),
        Metric("kafka_topic_bytes_in_total", "bytes", "Written, as they travelled.", ("topic",)),
        Metric("kafka_topic_bytes_out_total", "bytes", "Read by consumers.", ("topic",)),
        Metric("kafka_failed_produce_requests_total", "requests", "Refused writes."),
        Metric("kafka_offline_partitions", "partitions", "Without a leader."),
        Metric("kafka_under_replicated_partitions", "partitions", "With a copy behind."),
        Metric("kafka_under_min_isr_partitions", "partitions", "With too few copies in step."),
        Metric("kafka_active_controllers", "nodes", "1 on the one that leads."),
        Metric("kafka_partitions", "partitions", "On this broker."),
        Metric("kafka_producer_ids", "producers", "That the broker remembers."),
        Metric("kafka_partition_size_bytes", "bytes", "On the disk.", ("topic", "partition")),
        Metric("kafka_partition_end_offset", "offset", "Behind the end.", ("topic", "partition")),
        Metric(
            "kafka_partition_undecided_records",
            "records",
            "Behind the first open transaction; committed readers do not see them yet.",
            ("topic", "partition"),
        ),
        Metric(
            "kafka_request_duration_p99_milliseconds",
            "ms",
            "From a request to its answer.",
            ("request",),
        ),
        Metric("kafka_request_handler_idle_ratio", "1", "Of the threads that serve requests."),
        Metric("kafka_network_processor_idle_ratio", "1", "Of the network's threads."),
        Metric("jvm_memory_used_bytes", "bytes", "Of the broker's JVM.", ("area",)),
    ),
)
