"""What does RocksDB tell of the state?"""

from __future__ import annotations

from typing import Final

from monitoring.catalogue.metric import Metric, Source

_LABELS: Final = ("column_family",)
SOURCE: Final = Source(
    "State",
    "RocksDB, through Flink's reporter, where `state.backend.rocksdb.metrics.<name>` is on and "
    "`column-family-as-variable` with it. The label is the state's name: `card` holds the cards",
    "flink_taskmanager_job_task_operator_column_family_rocksdb_",
    (
        Metric("estimate_num_keys", "keys", "Estimated by RocksDB.", _LABELS),
        Metric("total_sst_files_size", "bytes", "Files of all versions.", _LABELS),
        Metric("cur_size_all_mem_tables", "bytes", "Not in a file yet.", _LABELS),
        Metric("block_cache_usage", "bytes", "Of the cache that all states share.", _LABELS),
        Metric("num_running_compactions", "merges", "At work now.", _LABELS),
        Metric("num_running_flushes", "flushes", "At work now.", _LABELS),
        Metric("compaction_pending", "0 or 1", "A merge waits.", _LABELS),
        Metric("actual_delayed_write_rate", "bytes/s", "0: writes are not delayed.", _LABELS),
        Metric("is_write_stopped", "0 or 1", "Writes wait for merges.", _LABELS),
    ),
)
