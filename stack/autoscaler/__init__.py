"""How is a running job scaled by the Kubernetes operator's own autoscaler, without Kubernetes?

The operator's library (`flink-autoscaler`) in a JVM of its own (`stack/autoscaler/java`): it looks
at the job and has it scaled by Flink's REST interface alone. What it does it tells in lines of
JSON (`stack.autoscaler.events`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stack.java import C1_ALONE, java_binary
from stack.process import StackError
from stack.settings import StackSettings

NAME: Final = "autoscaler"
#: As it is named to people.
LIBRARY: Final = "flink-autoscaler"
_MAIN: Final = "dev.paystream.autoscaler.Autoscaler"
#: It lives for minutes and does little.
_JVM: Final = ("-Xmx160m", "-XX:+UseSerialGC", C1_ALONE, "-Xshare:auto")


def command(
    settings: StackSettings, job_id: str, interval_ms: int, options: Mapping[str, str]
) -> tuple[str, ...]:
    """The program that scales one job until that job has ended.

    Parameters
    ----------
    settings
        The stack whose cluster runs the job; it must have the adaptive scheduler.
    job_id
        Of the job.
    interval_ms
        Between two looks.
    options
        Keys of the library, such as ``job.autoscaler.metrics.window``.

    Raises
    ------
    stack.process.StackError
        If its jars are missing, or the cluster's scheduler takes no orders.
    """
    if not settings.adaptive_scheduler:
        raise StackError(
            "the autoscaler needs Flink's adaptive scheduler (PAYSTREAM_STACK_ADAPTIVE_SCHEDULER=1)"
        )
    words = (f"{name}={value}" for name, value in sorted(options.items()))
    url = settings.flink_rest_urls[0]
    return (java_binary(), *_JVM, "-cp", classpath(settings), _MAIN, url, job_id,
            str(interval_ms), *words)  # fmt: skip


def classpath(settings: StackSettings) -> str:
    """All its jars, the library before those of Flink.

    Raises
    ------
    stack.process.StackError
        If they are missing.
    """
    folder = settings.jars_folder / NAME
    jars = sorted(folder.glob("*.jar"))
    library = [jar for jar in jars if jar.name.startswith(f"{LIBRARY}-")]
    if not library:
        raise StackError(f"no {LIBRARY} in {folder}; run `make install-autoscaler`")
    # It brings a class of Flink's own (JobDetailsInfo) that knows more than Flink's.
    return ":".join(map(str, [*library, *(jar for jar in jars if jar not in library)]))
