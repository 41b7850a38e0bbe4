"""Is a cluster that lost all its JobManagers told from one whose standby is about to lead?"""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest

from stack.flink import jobmanager
from stack.flink_rest import FlinkRest, RestError
from stack.local import LocalStack
from stack.process import ProcessRecord, StackError, start_mark
from stack.settings import StackSettings


def test_nobody_waits_for_a_leader_that_cannot_come(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path, high_availability=True)
    rest = FlinkRest(*settings.flink_rest_urls)
    asked: list[bool] = []
    with pytest.raises(RestError):
        rest.wait_running("a" * 32, 60.0, lambda: bool(asked.append(True)) or len(asked) > 2)
    assert len(asked) == 3


def test_the_last_log_says_why(tmp_path: Path) -> None:
    stack = LocalStack(StackSettings(data_folder=tmp_path, high_availability=True))
    log = jobmanager(stack.settings, 1).log_file
    log.parent.mkdir(parents=True)
    log.write_text("Fatal error occurred in the cluster entrypoint.\n")
    with pytest.raises(StackError, match="no JobManager lives any more") as refused:
        stack.require_jobmanager()
    assert "Fatal error" in refused.value.tail
    service = jobmanager(stack.settings, 0)
    mark = start_mark(os.getpid())
    assert mark is not None
    record = ProcessRecord(
        name=service.name,
        pid=os.getpid(),
        start_mark=mark,
        fingerprint=service.fingerprint,
        address=service.address,
        log_file=str(service.log_file),
        started_at_s=time.time(),
    )
    service.pid_file.write_bytes(msgspec.json.encode(record))
    stack.require_jobmanager()
