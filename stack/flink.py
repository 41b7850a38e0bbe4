"""How does a Flink standalone cluster run as processes on this machine?

One JobManager, or two with high availability, and N TaskManagers with one slot each, started by
Flink's own scripts in the foreground: these end in `exec java`, so the pid that was started is the
JVM's.
"""

from __future__ import annotations

from collections.abc import Callable

from stack import flink_home
from stack.flink_rest import FlinkRest, RestError
from stack.process import Service
from stack.settings import HOST, StackSettings

JOBMANAGER = "jobmanager"


def taskmanager_name(index: int) -> str:
    """Name of a TaskManager, also its resource id in Flink.

    Fixed, so that one that comes back takes the place of the dead one at once.
    """
    return f"taskmanager-{index}"


def taskmanager_index(name: str) -> int:
    """Index of the TaskManager of that name; -1 for the name of another service.

    Examples
    --------
    >>> taskmanager_index("taskmanager-1"), taskmanager_index("kafka")
    (1, -1)
    """
    kind, _, index = name.rpartition("-")
    return int(index) if kind == "taskmanager" else -1


def jobmanager_name(index: int) -> str:
    """Name of a JobManager."""
    return f"{JOBMANAGER}-{index}" if index else JOBMANAGER


def jobmanager(settings: StackSettings, index: int = 0) -> Service:
    """Describe the process of a JobManager.

    Parameters
    ----------
    settings
        The stack's settings.
    index
        Of its address in ``settings.flink_rest_urls``.
    """
    script = flink_home.package_folder() / "bin" / "jobmanager.sh"
    name, work = jobmanager_name(index), settings.flink_folder / "work"
    dynamic = _metrics(settings, settings.jobmanager_metrics_port(index))
    if index:
        port = settings.flink_standby_rest_port
        dynamic += (
            f"rest.port={port}",
            f"rest.bind-port={port}",
            f"process.jobmanager.working-dir={work / name}",
        )
    return Service(
        name=name,
        command=("bash", str(script), "start-foreground", *_options(dynamic)),
        environment=flink_home.environment(settings),
        working_folder=work,
        folder=settings.flink_folder,
        address=settings.flink_rest_urls[index],
        configuration=flink_home.configuration_text(settings),
    )


def taskmanager(settings: StackSettings, index: int) -> Service:
    """Describe the process of one TaskManager.

    Parameters
    ----------
    settings
        The stack's settings.
    index
        From 0 to ``settings.taskmanagers`` - 1.
    """
    name = taskmanager_name(index)
    work = settings.flink_folder / "work"
    script = flink_home.package_folder() / "bin" / "taskmanager.sh"
    scratch = settings.rocksdb_folder / name
    dynamic = (
        f"taskmanager.resource-id={name}",
        f"process.taskmanager.working-dir={work / name}",
        f"state.backend.rocksdb.localdir={scratch}",
        *_metrics(settings, settings.taskmanager_metrics_port(index)),
    )
    return Service(
        name=name,
        command=("bash", str(script), "start-foreground", *_options(dynamic)),
        environment=flink_home.environment(settings),
        working_folder=work,
        folder=settings.flink_folder,
        address=f"{HOST} (ports chosen by the system)",
        configuration=flink_home.configuration_text(settings),
        scratch=scratch,
    )


def _metrics(settings: StackSettings, port: int) -> tuple[str, ...]:
    return (f"{flink_home.REPORTER}.port={port}",) if settings.monitoring else ()


def _options(dynamic: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part for option in dynamic for part in ("-D", option))


def jobmanager_probe(settings: StackSettings, index: int = 0) -> Callable[[], bool]:
    """Make a check that a JobManager answers on its REST interface, and that one leads."""
    rest = FlinkRest(settings.flink_rest_urls[index])

    def answers() -> bool:
        try:
            rest.overview()
        except RestError:
            return False
        return True

    return answers


def taskmanager_probe(
    settings: StackSettings, index: int, incarnation_before: str | None = None
) -> Callable[[], bool]:
    """Make a check that this TaskManager is registered with its slot.

    Parameters
    ----------
    settings, index
        Which one.
    incarnation_before
        That of its dead predecessor, which may still be on the JobManager's list.
    """
    rest = FlinkRest(*settings.flink_rest_urls)

    def registered() -> bool:
        try:
            listed = rest.taskmanagers()
        except RestError:
            return False
        return any(
            each.id == taskmanager_name(index)
            and each.slots > 0
            and each.incarnation != incarnation_before
            for each in listed
        )

    return registered


def incarnation(settings: StackSettings, index: int) -> str | None:
    """The process the JobManager knows under this TaskManager's name, None if none."""
    try:
        listed = FlinkRest(*settings.flink_rest_urls).taskmanagers()
    except RestError:
        return None
    return next((each.incarnation for each in listed if each.id == taskmanager_name(index)), None)
