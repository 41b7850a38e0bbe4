"""What does the running Flink cluster say about itself and its jobs?

A thin typed face of Flink's REST interface: only what a run or a fault needs to know.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from stack.flink_answers import (
    Checkpoints,
    Job,
    JobDetail,
    JobException,
    Overview,
    TaskManager,
)
from stack.flink_http import FlinkHttp
from stack.flink_http import RestError as RestError
from stack.process import StackError

_POLL_S = 0.1
#: What REST says of a job may be three seconds old.
_ASK_AGAIN_S = 3.5
#: What a task shows before its first watermark.
_NO_WATERMARK = -(2**63)
_TERMINAL = frozenset({"FAILED", "CANCELED", "FINISHED"})

Answer = TypeVar("Answer")


class _TaskManagers(msgspec.Struct):
    taskmanagers: tuple[TaskManager, ...]


class _Jobs(msgspec.Struct):
    jobs: tuple[Job, ...]


class _History(msgspec.Struct):
    entries: tuple[JobException, ...] = ()


class _Exceptions(msgspec.Struct, rename="camel"):
    exception_history: _History


class _Metric(msgspec.Struct):
    id: str
    value: str = ""
    sum: float | None = None
    min: float | None = None
    max: float | None = None
    avg: float | None = None


class _Subtask(msgspec.Struct, rename="kebab"):
    status_duration: dict[str, int] = {}


class _Subtasks(msgspec.Struct):
    subtasks: tuple[_Subtask, ...]


class _Trigger(msgspec.Struct, rename="kebab"):
    request_id: str


class _Operation(msgspec.Struct):
    status: dict[str, str]
    operation: dict[str, Any] | None = None


class _Watermark(msgspec.Struct):
    value: str


class FlinkRest:
    """Flink's REST interface.

    With more than one address another JobManager is asked where one does not answer, and the
    waiting methods wait through the time in which none leads. What a JobManager counts about a job
    (checkpoints, restarts, failures) begins anew with the next one that leads.

    Parameters
    ----------
    urls
        One for each JobManager, for example ``http://127.0.0.1:8081``.
    timeout_s
        Longest wait for one answer.
    """

    def __init__(self, *urls: str, timeout_s: float = 5.0) -> None:
        self._http = FlinkHttp(urls, timeout_s)
        self._call = self._http.call
        self._has_standby = len(urls) > 1

    def overview(self) -> Overview:
        """Ask for TaskManagers, slots, running jobs and version."""
        return self._get("/overview", Overview)

    def taskmanagers(self) -> tuple[TaskManager, ...]:
        """List the registered TaskManagers."""
        return self._get("/taskmanagers", _TaskManagers).taskmanagers

    def jobs(self) -> tuple[Job, ...]:
        """List the jobs, the ended ones too."""
        return self._get("/jobs/overview", _Jobs).jobs

    def job(self, job_id: str) -> JobDetail:
        """Ask for one job with its vertices."""
        return self._get(f"/jobs/{job_id}", JobDetail)

    def checkpoints(self, job_id: str) -> Checkpoints:
        """Ask for the job's checkpoints."""
        return self._get(f"/jobs/{job_id}/checkpoints", Checkpoints)

    def exceptions(self, job_id: str) -> tuple[JobException, ...]:
        """List the job's failures, newest first."""
        return self._get(f"/jobs/{job_id}/exceptions", _Exceptions).exception_history.entries

    def restarts(self, job_id: str) -> int:
        """How often the job was restarted since it was submitted (metric ``numRestarts``)."""
        found = self._get(f"/jobs/{job_id}/metrics?get=numRestarts", tuple[_Metric, ...])
        return int(float(found[0].value)) if found else 0

    def task_durations(self, job_id: str) -> list[dict[str, int]]:
        """For each task's current attempt, ms spent in each state (CREATED, INITIALIZING, ...).

        A state it never was in is left out.
        """
        found: list[dict[str, int]] = []
        for vertex in self.job(job_id).vertices:
            answer = self._get(f"/jobs/{job_id}/vertices/{vertex.id}", _Subtasks)
            found += [
                {name: ms for name, ms in each.status_duration.items() if ms >= 0}
                for each in answer.subtasks
            ]
        return found

    def watermark_ms(self, job_id: str) -> int | None:
        """Event time that every task of the job has reached; None where Flink does not say.

        A task with two inputs of which one is always idle shows nothing: it is left out.
        """
        reached: list[int] = []
        for vertex in self.job(job_id).vertices:
            path = f"/jobs/{job_id}/vertices/{vertex.id}/watermarks"
            found = [int(each.value) for each in self._get(path, tuple[_Watermark, ...])]
            reached += [each for each in found if each > _NO_WATERMARK]
        return min(reached, default=None)

    def metrics(
        self, job_id: str, vertex_id: str, names: Sequence[str], of: Literal["sum", "max"] = "sum"
    ) -> dict[str, float]:
        """Metrics of a vertex over its subtasks; one that Flink does not know is left out.

        Parameters
        ----------
        job_id, vertex_id
            From `job`.
        names
            Such as ``numRecordsIn`` or ``Process.swipes_judged``.
        of
            Their sum, or that of the subtask with most.
        """
        query = urlencode({"get": ",".join(names), "agg": of})
        path = f"/jobs/{job_id}/vertices/{vertex_id}/subtasks/metrics?{query}"
        found = self._get(path, list[_Metric])
        return {each.id: (each.sum if of == "sum" else each.max) or 0.0 for each in found}

    def metric_names(self, job_id: str, vertex_id: str) -> tuple[str, ...]:
        """List the metrics of a vertex."""
        path = f"/jobs/{job_id}/vertices/{vertex_id}/subtasks/metrics"
        return tuple(each.id for each in self._get(path, list[_Metric]))

    def taskmanager_metrics(self, taskmanager_id: str, names: Sequence[str]) -> dict[str, float]:
        """Read numeric metrics of a TaskManager, such as ``Status.JVM.CPU.Time`` (ns)."""
        path = (
            f"/taskmanagers/{quote(taskmanager_id)}/metrics?{urlencode({'get': ','.join(names)})}"
        )
        return {each.id: float(each.value) for each in self._get(path, list[_Metric])}

    def wait_running(
        self,
        job_id: str,
        deadline_s: float = 60.0,
        given_up: Callable[[], bool] = lambda: False,
    ) -> float:
        """Wait until the job and all its tasks are RUNNING.

        Parameters
        ----------
        job_id
            The job.
        deadline_s
            Longest wait.
        given_up
            Asked meanwhile; once it is true, nobody waits any longer.

        Returns
        -------
        float
            Seconds waited. A job that ended instead is a `StackError` with its exception.
        """
        began_s = time.monotonic()
        until_s = began_s + deadline_s
        while not (detail := self._job_within(job_id, until_s, given_up)).all_tasks_running:
            waited_s = time.monotonic() - began_s
            if detail.state in _TERMINAL or waited_s > deadline_s or given_up():
                said = (
                    f"ended as {detail.state}"
                    if detail.state in _TERMINAL
                    else (f"is not running after {waited_s:.3g} s but {detail.state}")
                )
                raise StackError(f"job {detail.name} {said}", self._latest_exception(job_id))
            time.sleep(_POLL_S)
        return time.monotonic() - began_s

    def wait_ended(self, job_id: str, deadline_s: float = 60.0) -> str:
        """Wait until the job is FINISHED, CANCELED or FAILED and return which."""
        began_s = time.monotonic()
        while (state := self._job_within(job_id, began_s + deadline_s).state) not in _TERMINAL:
            if time.monotonic() - began_s > deadline_s:
                raise StackError(
                    f"job {job_id} has not ended after {deadline_s:g} s but is {state}"
                )
            time.sleep(_POLL_S)
        return state

    def cancel(self, job_id: str, deadline_s: float = 60.0) -> None:
        """Cancel the job and wait until it has ended; one that has ended already is left alone."""
        end_s, asked_s = time.monotonic() + deadline_s, -math.inf
        try:
            while (state := self._job_within(job_id, end_s).state) not in _TERMINAL:
                now_s = time.monotonic()
                if now_s > end_s:
                    raise StackError(f"job {job_id} is not cancelled after {deadline_s:g} s")
                # Who takes the job over meanwhile goes on with it: it was not asked.
                if state != "CANCELLING" and now_s - asked_s > _ASK_AGAIN_S:
                    asked_s = now_s
                    self._ask_to_cancel(job_id)
                time.sleep(_POLL_S)
        except RestError as error:
            if error.status != 404:
                raise

    def _ask_to_cancel(self, job_id: str) -> None:
        try:
            self._call("PATCH", f"/jobs/{job_id}?mode=cancel")
        except RestError as error:
            # 409: it reached an end by itself meanwhile.
            if error.status != 409 and not (self._has_standby and error.is_between_leaders):
                raise

    def trigger_checkpoint(self, job_id: str) -> None:
        """Ask for a checkpoint beside those that come by themselves; it is not waited for."""
        self._call("POST", f"/jobs/{job_id}/checkpoints", b"{}")

    def stop_with_savepoint(
        self, job_id: str, target: str | None = None, deadline_s: float = 120.0
    ) -> str:
        """Stop the job with a savepoint and return where it lies.

        Parameters
        ----------
        job_id
            The job.
        target
            Folder URI; None takes the cluster's savepoint folder.
        deadline_s
            Longest wait.
        """
        body: dict[str, Any] = {"drain": False}
        if target is not None:
            body["targetDirectory"] = target
        answer = self._call("POST", f"/jobs/{job_id}/stop", msgspec.json.encode(body))
        request = msgspec.json.decode(answer, type=_Trigger).request_id
        began_s = time.monotonic()
        while True:
            done = self._get(f"/jobs/{job_id}/savepoints/{request}", _Operation)
            if done.status.get("id") == "COMPLETED":
                break
            if time.monotonic() - began_s > deadline_s:
                raise StackError(f"savepoint of job {job_id} is not done after {deadline_s:g} s")
            time.sleep(_POLL_S)
        location = (done.operation or {}).get("location")
        if not location:
            raise StackError(f"savepoint of job {job_id} failed", str(done.operation)[:2_000])
        self.wait_ended(job_id, deadline_s)
        return str(location)

    def _job_within(
        self, job_id: str, deadline_s: float, given_up: Callable[[], bool] = lambda: False
    ) -> JobDetail:
        """Ask for a job until somebody leads who knows it, where another may come to lead."""
        while True:
            try:
                return self.job(job_id)
            except RestError as error:
                # A single JobManager that is gone has taken the job with it.
                can_come = self._has_standby and error.is_between_leaders
                if not can_come or time.monotonic() > deadline_s or given_up():
                    raise
            time.sleep(_POLL_S)

    def _latest_exception(self, job_id: str) -> str:
        failures = self.exceptions(job_id)
        return "\n".join(failures[0].stacktrace.splitlines()[:15]) if failures else ""

    def _get(self, path: str, kind: type[Answer]) -> Answer:
        body = self._call("GET", path)
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.MsgspecError as error:
            raise RestError(f"{self._http.url}{path} answered something else: {error}") from None
