"""The engine: pure Python, no Flink, no Kafka; the same code decides locally and on the cluster."""

from job.live_path import LivePath

__path__ = LivePath(__name__, __path__)
