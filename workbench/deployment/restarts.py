"""Did Flink itself start the job anew, since it was looked at before?

It does so after each failure, and whenever a JobManager takes the job up. The job's id stays the
same, and to the operator, which looks now and then, a job that fails every few seconds runs. Only
Flink's REST interface tells. It is asked from within the JobManager's own container: the network
policies let nobody in from outside but the operator, and the job's image brings Python.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from workbench.deployment.kubectl import Kubectl
from workbench.deployment.manifests import Manifest
from workbench.deployment.problems import DeploymentError

_CONTAINER: Final = "flink-main-container"
#: Where the operator and the network policies look for it, too.
_REST_PORT: Final = 8081
#: How often Flink is asked before it counts as not to be asked.
_ATTEMPTS: Final = 3
_LONGEST_FAILURE: Final = 200
#: Gives the answers to all paths as one JSON array. The pod's own address comes first, since REST
#: may listen there alone; no proxy that the image may know of is asked.
_ASK: Final = """
import http.client, json, socket, sys

def ask(path):
    for host in socket.gethostname(), "127.0.0.1":
        rest = http.client.HTTPConnection(host, int(sys.argv[1]), timeout=20)
        try:
            rest.request("GET", path)
            answer = rest.getresponse()
        except (OSError, http.client.HTTPException) as error:
            said = error
            continue
        if answer.status != 200:
            sys.exit(f"Flink's REST answers {answer.status} to {path}")
        return json.load(answer)
    sys.exit(f"Flink's REST does not answer: {said}")

print(json.dumps([ask(path) for path in sys.argv[2:]]))
"""


class _Job(msgspec.Struct, rename="kebab"):
    start_time: int


class _Failure(msgspec.Struct):
    timestamp: int
    stacktrace: str


class _History(msgspec.Struct):
    entries: tuple[_Failure, ...]


class _Exceptions(msgspec.Struct, rename="camel"):
    exception_history: _History


@dataclass(frozen=True)
class Life:
    """How a job has lived so far, after what Flink says of it.

    A job that was given more or fewer tasks has not failed, though Flink counts that as a restart,
    too; so failures are looked at, not that count.

    Attributes
    ----------
    taken_up_ms
        When its JobManager took it up, Unix time.
    failed_ms
        When it failed last, by the same clock; 0 for never since it was taken up.
    failure
        What that was, in one line.
    """

    taken_up_ms: int
    failed_ms: int = 0
    failure: str = ""

    def broken_since(self, before: Life) -> str | None:
        """Why the job did not run through since an earlier look; None if it did.

        Examples
        --------
        >>> Life(1_000).broken_since(Life(1_000)) is None
        True
        >>> Life(1_000, 2_000, "ValueError: x").broken_since(Life(1_000))
        'Flink restarted the job after a failure: ValueError: x'
        """
        if self.taken_up_ms != before.taken_up_ms:
            return "a JobManager took the job up anew"
        if self.failed_ms != before.failed_ms:
            return f"Flink restarted the job after a failure: {self.failure}"
        return None


def read_life(kubectl: Kubectl, job: Manifest, job_id: str, port: int = _REST_PORT) -> Life:
    """Ask Flink how a job has lived so far.

    Parameters
    ----------
    kubectl
        Has to be allowed to run a command in the JobManager's pod.
    job
        The FlinkDeployment.
    job_id
        As the operator tells it.
    port
        Of Flink's REST interface.

    Raises
    ------
    DeploymentError
        If it cannot be asked.
    """
    paths = f"/jobs/{job_id}", f"/jobs/{job_id}/exceptions?maxExceptions=1"
    # The operator gives the JobManager's Deployment the name of the FlinkDeployment.
    text = kubectl.run_within(
        f"deployment/{job['metadata']['name']}",
        job["metadata"]["namespace"],
        _CONTAINER,
        ("python", "-c", _ASK, str(port), *paths),
    )
    try:
        found, told = msgspec.json.decode(text, type=tuple[_Job, _Exceptions])
    except msgspec.MsgspecError as error:
        raise DeploymentError(f"what Flink's REST answers is not understood: {error}") from None
    if not told.exception_history.entries:
        return Life(found.start_time)
    newest = max(told.exception_history.entries, key=lambda each: each.timestamp)
    line = newest.stacktrace.partition("\n")[0]
    return Life(found.start_time, newest.timestamp, line[:_LONGEST_FAILURE])


def life_or_why_not(
    kubectl: Kubectl, job: Manifest, job_id: str, pause: Callable[[], object]
) -> Life | str:
    """How a job has lived so far; or, after a few attempts, why nobody can say.

    Parameters
    ----------
    kubectl, job, job_id
        As for :func:`read_life`.
    pause
        Called between two attempts.
    """
    said = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            pause()
        try:
            return read_life(kubectl, job, job_id)
        except DeploymentError as error:
            said = str(error)
    return said


def compare(before: Life | str, now: Life | str) -> tuple[str | None, str | None]:
    """Why a job did not run through, and why that cannot be told; None, and None, if it did.

    Examples
    --------
    >>> compare(Life(1_000), Life(1_000))
    (None, None)
    >>> compare(Life(1_000), "kubectl exec failed: forbidden")
    (None, 'kubectl exec failed: forbidden')
    """
    if isinstance(before, str):
        return None, before
    if isinstance(now, str):
        return None, now
    return now.broken_since(before), None
