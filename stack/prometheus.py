"""How does Prometheus run beside the stack, and whom does it ask?

The program is Debian's, unpacked by ``tools/prometheus.sh`` without being installed. Its
configuration is written from the settings: each process of the stack is asked at its own port. The
rules are files of the project and lie elsewhere; here they are only named.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stack.http_probe import http_probe
from stack.process import Service, StackError, write_whole
from stack.settings import HOST, PROJECT_ROOT, StackSettings

NAME = "prometheus"
#: Rules that alert, and those that record what others ask for.
RULES = PROJECT_ROOT / "monitoring" / "rules"
#: How long samples are kept. A choice: a weekend of local runs.
_RETENTION = "3d"


def configuration(settings: StackSettings) -> dict[str, Any]:
    """Prometheus's configuration: whom it asks, how often, and which rules it evaluates.

    Parameters
    ----------
    settings
        Ports, and how many processes there are.
    """
    interval = f"{settings.scrape_interval_s}s"
    jobmanagers = range(len(settings.flink_rest_urls))
    taskmanagers = range(settings.taskmanagers)
    ports = {
        "flink-jobmanager": [settings.jobmanager_metrics_port(n) for n in jobmanagers],
        "flink-taskmanager": [settings.taskmanager_metrics_port(n) for n in taskmanagers],
        "kafka": [settings.kafka_metrics_port],
        "canary": [settings.canary_port],
        "delivery": [settings.index_alerts_port, settings.publish_profiles_port],
        "prometheus": [settings.prometheus_port],
    }
    return {
        "global": {"scrape_interval": interval, "evaluation_interval": interval},
        "rule_files": [str(RULES / "*.yml")],
        "scrape_configs": [
            {
                "job_name": job,
                "static_configs": [{"targets": [f"{HOST}:{port}" for port in of_job]}],
            }
            for job, of_job in ports.items()
        ],
    }


def service(settings: StackSettings) -> Service:
    """Describe Prometheus's process."""
    folder = settings.monitoring_folder
    command = (
        str(binary(settings, NAME)),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--storage.tsdb.retention.time={_RETENTION}",
        f"--web.listen-address={HOST}:{settings.prometheus_port}",
        "--log.level=warn",
    )
    return Service(
        name=NAME,
        command=command,
        environment=dict(os.environ),
        working_folder=folder,
        folder=folder,
        address=settings.prometheus_url,
        configuration=_text(settings) + _rules_text(),
    )


def prepare(settings: StackSettings) -> None:
    """Write the configuration."""
    write_whole(settings.monitoring_folder / "prometheus.yml", _text(settings).encode())


def probe(settings: StackSettings) -> Callable[[], bool]:
    """Make a check that Prometheus answers queries."""
    return http_probe(f"{settings.prometheus_url}/-/ready")


def binary(settings: StackSettings, name: str) -> Path:
    """Where ``prometheus`` or ``promtool`` is: unpacked for the project, or on PATH.

    Raises
    ------
    StackError
        If it is nowhere.
    """
    unpacked = settings.prometheus_folder / "usr" / "bin" / name
    if unpacked.exists():
        return unpacked
    found = shutil.which(name)
    if found is None:
        raise StackError(f"no {name} at {unpacked} or on PATH; run `make install-prometheus`")
    return Path(found)


def _text(settings: StackSettings) -> str:
    # YAML reads JSON, and the standard library writes it.
    return json.dumps(configuration(settings), indent=2) + "\n"


def _rules_text() -> str:
    return "".join(file.read_text(encoding="utf-8") for file in sorted(RULES.glob("*.yml")))
