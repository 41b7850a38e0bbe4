"""Which settings of the stack are ports, when are they taken, and how many follow each?"""

from __future__ import annotations

#: Each field that is a port, or begins several.
PORT_FIELDS = (
    "kafka_port",
    "kafka_controller_port",
    "flink_rest_port",
    "flink_rpc_port",
    "elasticsearch_port",
    "elasticsearch_transport_port",
    "postgres_port",
    "flink_standby_rest_port",
    "zookeeper_port",
    "prometheus_port",
    "kafka_metrics_port",
    "flink_metrics_port",
    "object_store_port",
)
#: Which are taken only where this setting is on.
OPTIONAL_PORTS = {
    "elasticsearch_port": "elasticsearch",
    "elasticsearch_transport_port": "elasticsearch",
    "postgres_port": "postgres",
    "flink_standby_rest_port": "high_availability",
    "zookeeper_port": "high_availability",
    "prometheus_port": "monitoring",
    "kafka_metrics_port": "monitoring",
    "flink_metrics_port": "monitoring",
    "object_store_port": "object_store",
}
#: What the parts of the object store listen on, from ``object_store_port`` on, one after the
#: other.
OBJECT_STORE_PORTS = (
    "s3.port",
    "s3.port.grpc",
    "master.port",
    "master.port.grpc",
    "volume.port",
    "volume.port.grpc",
    "filer.port",
    "filer.port.grpc",
)
#: Processes of Flink of which each has a port for its metrics: two JobManagers come before the
#: TaskManagers.
JOBMANAGERS = 2
MOST_TASKMANAGERS = 64
#: Ports in a row that a field begins; one for all others.
PORTS_IN_A_ROW = {
    "flink_metrics_port": JOBMANAGERS + MOST_TASKMANAGERS,
    "object_store_port": len(OBJECT_STORE_PORTS),
}
