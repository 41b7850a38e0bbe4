"""Is a job waited for until all its tasks run, and no longer than asked?"""

from __future__ import annotations

import pytest

from stack.await_job import await_job, main
from stack.flink_answers import Job, JobDetail, Vertex
from stack.flink_rest import FlinkRest, RestError
from stack.settings import free_ports


class Cluster(FlinkRest):
    """Answers one after the other; the last one stays."""

    def __init__(self, *answers: tuple[str, int] | RestError | None) -> None:
        self._answers = list(answers)
        self.asked = 0

    def jobs(self) -> tuple[Job, ...]:
        self.asked += 1
        self._now = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(self._now, RestError):
            raise self._now
        return () if self._now is None else (Job(id="1", name="detection", state=self._now[0]),)

    def job(self, job_id: str) -> JobDetail:
        assert isinstance(self._now, tuple)
        state, running = self._now
        vertex = Vertex(
            id="v", name="judge", parallelism=2, status=state, tasks={"RUNNING": running}
        )
        return JobDetail(
            id=job_id, name="detection", state=state, vertices=(vertex,), state_since_ms={}
        )


def test_waits_through_no_answer_no_job_and_half_of_its_tasks():
    cluster = Cluster(RestError("nobody answers"), None, ("RUNNING", 1), ("RUNNING", 2))
    assert await_job(cluster, 5.0, 0.0) == "detection"
    assert cluster.asked == 4


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (RestError("nobody answers"), "nobody answers"),
        (None, "there is no job"),
        (("RESTARTING", 2), "detection is RESTARTING"),
        (("RUNNING", 1), "detection is RUNNING"),
    ],
)
def test_gives_up_with_what_was_seen_last(answer, said):
    with pytest.raises(TimeoutError, match=rf"no job runs after 0 s: .*{said}"):
        await_job(Cluster(answer), 0.0, 0.0)


def test_the_command_says_it_in_one_line(capsys):
    (port,) = free_ports(1)
    assert main(["--rest", f"http://127.0.0.1:{port}", "--timeout-s", "0"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "no job runs after 0 s" in line
