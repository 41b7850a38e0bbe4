"""The engine: pure Python, no Flink, no Kafka; the same code decides locally and on the cluster."""
