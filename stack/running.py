"""What does a running stack consist of, where the settings do not say?

Who brought a stack up with high availability and then starts a run without a word of it means the
stack that runs. The pid files tell what that is: they are there until a service is stopped.
"""

from __future__ import annotations

from collections.abc import Iterable

from stack import (
    elasticsearch,
    flink,
    flink_home,
    kafka,
    object_store,
    postgres,
    prometheus,
    zookeeper,
)
from stack.process import is_alive, records
from stack.settings import StackSettings


def as_it_runs(settings: StackSettings) -> StackSettings:
    """The settings, completed by what runs in their data folder; unchanged where nothing does."""
    found = [record for _, record in records(settings.data_folder)]
    alive = [record.name for record in found if is_alive(record)]
    if not alive:
        return settings
    names = {record.name for record in found}
    said = settings.model_fields_set
    runs: dict[str, object] = {
        "secured": kafka.NAME in names and kafka.is_secured(settings),
        "high_availability": zookeeper.NAME in names,
        "object_store": object_store.NAME in names,
        "monitoring": prometheus.NAME in names,
        "elasticsearch": elasticsearch.NAME in alive,
        "postgres": postgres.NAME in alive,
        "taskmanagers": max(settings.taskmanagers, count_taskmanagers(names)),
    }
    jit = flink_home.written_jit(settings)
    if jit is not None:
        runs["jit"] = jit
    adopted: dict[str, object] = {name: value for name, value in runs.items() if name not in said}
    if adopted.get("high_availability") and "spare_taskmanagers" not in said:
        adopted["spare_taskmanagers"] = 1
    return settings.model_copy(update=adopted)


def count_taskmanagers(names: Iterable[str]) -> int:
    """One more than the highest index among services of these names."""
    return max((flink.taskmanager_index(name) + 1 for name in names), default=0)
