"""Does a Flink cluster run its job yet?

Run as a process of its own, ``python -m stack.await_job``, before what needs a running job, where
all of it is started at once: on Kubernetes. Exit code 0: all tasks of a job run; 2: none does
within the time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Final

from stack.flink_rest import FlinkRest, RestError

_POLL_S: Final = 2.0


def await_job(rest: FlinkRest, timeout_s: float, poll_s: float = _POLL_S) -> str:
    """Wait until all tasks of some job run, and give its name.

    Parameters
    ----------
    rest
        Of the cluster, which may not answer yet.
    timeout_s, poll_s
        Longest wait; between two questions.

    Raises
    ------
    TimeoutError
        Saying what was seen last.
    """
    deadline_s = time.monotonic() + timeout_s
    while True:
        name, seen = _look(rest)
        if name is not None:
            return name
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"no job runs after {timeout_s:g} s: {seen}")
        time.sleep(poll_s)


def _look(rest: FlinkRest) -> tuple[str | None, str]:
    """The name of a job whose tasks all run, or None; and what was seen."""
    try:
        jobs = rest.jobs()
        for each in jobs:
            if rest.job(each.id).all_tasks_running:
                return each.name, "running"
    except RestError as error:
        return None, str(error)
    return None, ", ".join(f"{each.name} is {each.state}" for each in jobs) or "there is no job"


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of ``python -m stack.await_job``."""
    parser = argparse.ArgumentParser(prog="await_job", description=__doc__)
    parser.add_argument("--rest", required=True, action="append", metavar="URL")
    parser.add_argument("--timeout-s", type=float, default=600.0)
    given = parser.parse_args(arguments)
    try:
        name = await_job(FlinkRest(*given.rest), given.timeout_s)
    except TimeoutError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{name} runs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
