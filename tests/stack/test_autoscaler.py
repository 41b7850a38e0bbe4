from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stack import flink_home
from stack.autoscaler import command
from stack.autoscaler.events import (
    Applied,
    Decided,
    Evaluated,
    EventLog,
    Failed,
    Noted,
    Started,
    VertexFigures,
    parse_event,
)
from stack.process import StackError
from stack.settings import StackSettings

# As the program printed them (`stack/autoscaler/java`), shortened.
LOG = b"""\
12:00:00,001 INFO  RestClient - Rest client endpoint started.
{"event":"started","time_ms":1,"library":"1.10.0","settings":{"job.autoscaler.enabled":"true"}}
{"event":"evaluated","time_ms":2,"window_full":false,"vertices":{"a1":{"load":0.5,"target_per_s":167.0,"capacity_per_s":null,"up_below_per_s":418.0,"down_above_per_s":null,"lag":0.0,"parallelism":1.0}}}
{"event":"decided","time_ms":3,"message":"begin","vertices":{"a1":{"load":0.5,"before":1,"after":2}}}
{"event":"applied","time_ms":4,"parallelism":{"a1":2}}
{"event":"noted","time_ms":5,"type":"Normal","reason":"ScalingLimited","message":"3"}
{"event":"failed","time_ms":6,"reason":"JobUnknown","message":"java.net.ConnectException"}
"""


def test_the_events_of_a_log_are_read_each_once_and_only_when_whole(tmp_path: Path) -> None:
    file = tmp_path / "autoscaler.log"
    file.write_bytes(LOG[:300])
    log = EventLog(file)
    first = log.new()
    assert first == [Started(1, "1.10.0", {"job.autoscaler.enabled": "true"})]
    file.write_bytes(LOG)
    rest = log.new()
    assert [type(each) for each in rest] == [Evaluated, Decided, Applied, Noted, Failed]
    assert log.new() == []
    evaluated, decided, *_ = rest
    assert isinstance(evaluated, Evaluated)
    assert evaluated.vertices["a1"].capacity_per_s is None
    assert isinstance(decided, Decided)
    assert decided.vertices["a1"] == VertexFigures(load=0.5, before=1, after=2)


def test_an_event_that_nobody_knows_is_no_line_of_the_logger() -> None:
    assert parse_event(b"12:00:00,001 WARN  x - {") is None
    with pytest.raises(msgspec.DecodeError):
        parse_event(b'{"event":"exploded","time_ms":1}')


def settings_with_jars(folder: Path, *names: str, adaptive: bool = True) -> StackSettings:
    (folder / "jars" / "autoscaler").mkdir(parents=True)
    for name in names:
        (folder / "jars" / "autoscaler" / name).touch()
    return StackSettings.with_free_ports(
        folder / "stack", jars_folder=folder / "jars", adaptive_scheduler=adaptive
    )


def test_the_library_comes_before_the_classes_of_flink_that_it_replaces(tmp_path: Path) -> None:
    settings = settings_with_jars(
        tmp_path, "flink-runtime-1.jar", "flink-autoscaler-1.jar", "commons-math3-3.jar"
    )
    words = command(settings, "ab" * 16, 2_000, {"job.autoscaler.metrics.window": "15 s"})
    path = words[words.index("-cp") + 1].split(":")
    assert [Path(jar).name for jar in path] == [
        "flink-autoscaler-1.jar",
        "commons-math3-3.jar",
        "flink-runtime-1.jar",
    ]
    assert words[-4:] == (
        f"http://127.0.0.1:{settings.flink_rest_port}",
        "ab" * 16,
        "2000",
        "job.autoscaler.metrics.window=15 s",
    )


def test_missing_jars_say_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make install-autoscaler"):
        command(settings_with_jars(tmp_path), "ab" * 16, 2_000, {})


def test_a_scheduler_that_takes_no_orders_is_refused(tmp_path: Path) -> None:
    settings = settings_with_jars(tmp_path, "flink-autoscaler-1.jar", adaptive=False)
    with pytest.raises(StackError, match="ADAPTIVE_SCHEDULER=1"):
        command(settings, "ab" * 16, 2_000, {})


def test_the_scheduler_is_adaptive_only_where_asked(tmp_path: Path) -> None:
    plain = StackSettings.with_free_ports(tmp_path)
    assert not [key for key in flink_home.configuration(plain) if "scheduler" in key]
    adaptive = plain.model_copy(update={"adaptive_scheduler": True})
    assert flink_home.configuration(adaptive)["jobmanager.scheduler"] == "adaptive"
