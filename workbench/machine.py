"""On what machine, with which versions and at which commit was this measured?"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from workbench.calibration import fastest_s

PROJECT_ROOT: Final = Path(__file__).resolve().parent.parent
_PACKAGES: Final = (
    "apache-flink",
    "confluent-kafka",
    "duckdb",
    "msgspec",
    "numpy",
    "paystream-workbench",
    "pemja",
    "pyarrow",
)


class CpuTimes(msgspec.Struct, frozen=True):
    """CPU seconds of the whole machine since it started."""

    total_s: float
    idle_s: float
    steal_s: float

    @classmethod
    def now(cls) -> CpuTimes:
        """Read them."""
        times = psutil.cpu_times()
        return cls(sum(times) - times.guest - times.guest_nice, times.idle, times.steal)

    def shares_since(self, earlier: CpuTimes) -> dict[str, float]:
        """Shares (0 to 1) of the time since an earlier reading.

        ``steal_share`` is what the hypervisor took away; ``busy_share`` all that was not idle.
        """
        total_s = max(self.total_s - earlier.total_s, 1e-9)
        return {
            "steal_share": round((self.steal_s - earlier.steal_s) / total_s, 4),
            "busy_share": round(1.0 - (self.idle_s - earlier.idle_s) / total_s, 4),
        }


def describe() -> dict[str, Any]:
    """Processor, cores, memory, system and speed; no name of the machine, no path."""
    return {
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=True),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_average_1min_before": round(os.getloadavg()[0], 2),
        "calibration_ms": round(fastest_s() * 1e3, 3),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def versions() -> dict[str, str]:
    """Versions of Python, Java and the packages that matter."""
    found = {"python": platform.python_version(), "java": _first_line(["java", "-version"])}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def commit() -> dict[str, Any]:
    """The commit of the working tree, and whether it has uncommitted changes."""
    head = _git("rev-parse", "HEAD")
    return {
        "commit": head or None,
        "dirty": bool(_git("status", "--porcelain")) if head else None,
    }


def provenance() -> dict[str, Any]:
    """When, where, with which versions and at which commit something is measured."""
    return {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "machine": describe(),
        **commit(),
    }


def _git(*arguments: str) -> str:
    return _first_line(["git", "-C", str(PROJECT_ROOT), *arguments])


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if done.returncode != 0:
        return ""
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if lines else ""


def process_cpu_s(pid: int) -> float:
    """CPU seconds (user and system) that a process has used; 0.0 where it is gone."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
