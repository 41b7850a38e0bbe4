"""Is the sentence found that says why a submission failed?"""

from __future__ import annotations

from pathlib import Path

import pytest

from stack import submission
from stack.process import StackError
from stack.settings import StackSettings

NOISE = """\
ERROR PythonDriver - Run python process failed
java.lang.RuntimeException: Python process exits with code: 1
\tat org.apache.flink.client.python.PythonDriver.main(PythonDriver.java:124)
\t... 15 more
"""


@pytest.mark.parametrize(
    "said",
    [
        "ValueError: rate must be positive",
        "job.contracts.ContractError: unknown version 9",
        "main.py: error: unrecognized arguments: --paralelism",
        "Error: No such option: --paralelism",
    ],
)
def test_the_reason_is_what_the_job_said_not_what_java_made_of_it(said: str) -> None:
    assert submission._reason(f"Traceback:\n{said}\n{NOISE}") == said


def test_without_python_the_cause_is_the_reason() -> None:
    said = "Caused by: java.net.ConnectException: Connection refused"
    assert submission._reason(f"{NOISE}{said}\n") == said


def test_the_tail_leaves_out_the_frames_of_the_client() -> None:
    assert submission._tail(NOISE).splitlines() == NOISE.splitlines()[:2]


def test_without_a_cluster_it_fails_at_once(settings: StackSettings) -> None:
    with pytest.raises(StackError, match="Flink does not answer at http://127"):
        submission.submit(settings, Path(__file__))


def test_a_missing_job_is_named(settings: StackSettings) -> None:
    with pytest.raises(StackError, match=r"no job at /no/job\.py"):
        submission.submit(settings, Path("/no/job.py"))
