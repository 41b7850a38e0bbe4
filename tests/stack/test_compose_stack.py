"""Is a cluster of containers asked, submitted to, and left alone?"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from stack.compose.attached import ComposeSettings, ComposeStack
from stack.flink_rest import RestError
from stack.process import StackError

JOB_ID = "0123456789abcdef0123456789abcdef"
Make = Callable[..., ComposeStack]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A stack whose containers are a few lines of Python, which get the command as arguments."""

    def compose(code: str = "", free: int = 1, total: int = 5) -> ComposeStack:
        command = shlex.join([sys.executable, "-c", code])
        stack = ComposeStack(reach=ComposeSettings(command=command))
        overview = SimpleNamespace(slots_available=free, slots_total=total, taskmanagers=total)
        job = SimpleNamespace(id=JOB_ID, name="paystream-detection", state="RUNNING")
        rest: Any = SimpleNamespace(overview=lambda: overview, jobs=lambda: (job,))
        stack.rest = rest
        return stack

    return compose


def test_a_job_that_finds_room_is_let_in(make: Make) -> None:
    assert make(free=1, total=5).require_room(1) == 5


def test_a_full_cluster_names_what_is_in_it_and_what_to_do(make: Make) -> None:
    with pytest.raises(StackError) as refused:
        make(free=0, total=4).require_room(2)
    assert "0 of 4 slots are free and the run needs 2" in refused.value.line
    assert JOB_ID in refused.value.line
    assert "--scale taskmanager=6" in refused.value.line


def test_a_cluster_that_is_not_there_says_how_to_start_it(make: Make) -> None:
    stack = make()

    def gone() -> None:
        raise RestError("Flink does not answer")

    rest: Any = SimpleNamespace(overview=gone)
    stack.rest = rest
    with pytest.raises(StackError, match=r"docker compose -f docker-compose.flink.yml up"):
        stack.require_room(1)


def test_the_image_must_hold_the_code_that_is_to_be_tested(make: Make) -> None:
    stack = make("print('abc')")
    stack.require_code("abc")
    with pytest.raises(StackError, match="holds version abc of the job, this checkout has def"):
        stack.require_code("def")


def test_an_engine_that_does_not_answer_is_said(make: Make) -> None:
    with pytest.raises(StackError, match="exit code 7") as refused:
        make("import sys; print('no such service', file=sys.stderr); sys.exit(7)").require_code("")
    assert "no such service" in refused.value.tail
    missing = ComposeStack(reach=ComposeSettings(command="no-such-engine exec"))
    with pytest.raises(StackError, match="cannot be asked"):
        missing.require_code("")


def test_the_image_s_own_job_is_submitted(make: Make, tmp_path: Path) -> None:
    said = tmp_path / "said"
    code = (
        "import pathlib, sys; "
        f"pathlib.Path({str(said)!r}).write_text('\\n'.join(sys.argv[1:])); "
        f"print('Job has been submitted with JobID {JOB_ID}')"
    )
    entry_point = tmp_path / "job" / "flink" / "main.py"
    submitted = make(code).submit(
        entry_point, ["--parallelism", "1"], [tmp_path], configuration={"a.b": "c"}
    )
    assert submitted == JOB_ID
    assert said.read_text().splitlines() == [
        "flink", "run", "--detached", "-Da.b=c",
        "-pyfs", "/opt/paystream", "-py", "/opt/paystream/job/flink/main.py",
        "--parallelism", "1",
    ]  # fmt: skip


def test_a_submission_that_fails_gives_the_reason(make: Make, tmp_path: Path) -> None:
    stack = make("import sys; print('Error: no such topic'); sys.exit(1)")
    with pytest.raises(StackError, match="no such topic"):
        stack.submit(tmp_path / "job" / "flink" / "main.py", [], [])


def test_nothing_is_started_ended_or_taken_for_a_process_of_ours(make: Make) -> None:
    stack = make()
    for refused in (stack.up, stack.down):
        with pytest.raises(StackError, match="containers are not"):
            refused()
    assert stack.taskmanager_record(0) is None


def test_jobs_and_the_host_reach_kafka_by_different_names(make: Make) -> None:
    stack = make()
    assert stack.kafka_address_of_jobs == "kafka:29092"
    assert stack.settings.kafka_address == "127.0.0.1:9092"
