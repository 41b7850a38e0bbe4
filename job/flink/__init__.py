"""The engine on Flink: the only place that imports pyflink."""
