"""How long did a job's last restart take, phase by phase, by Flink's own clock?"""

from __future__ import annotations

from typing import Final

from stack.flink_rest import FlinkRest, RestError

_BEFORE_RESTORE: Final = ("SCHEDULED", "DEPLOYING")
_RESTORE: Final = "INITIALIZING"


def restart_phases(rest: FlinkRest, job_id: str) -> tuple[int | None, int | None]:
    """Deployment and restore of the tasks that run now, the slowest one of each.

    Parameters
    ----------
    rest
        The cluster.
    job_id
        A job that runs again.

    Returns
    -------
    deploy_ms, restore_ms
        None where Flink does not say.
    """
    try:
        durations = rest.task_durations(job_id)
    except RestError:
        return None, None
    if not durations:
        return None, None
    deploy_ms = max(sum(each.get(name, 0) for name in _BEFORE_RESTORE) for each in durations)
    return deploy_ms, max(each.get(_RESTORE, 0) for each in durations)
