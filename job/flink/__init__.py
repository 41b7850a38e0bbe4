"""The engine on Flink: the only place that imports pyflink."""

from job.live_path import LivePath

__path__ = LivePath(__name__, __path__)
