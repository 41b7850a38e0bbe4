"""Can this machine run the workbench, and if not, what has to be installed?

Only the standard library, and syntax that an older Python reads: it runs before there is a
virtual environment, with whatever ``python3`` the machine has.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
ENV_PREFIX = "PAYSTREAM_STACK_"

# Settings with their defaults (a test holds them against stack.settings), and their service.
PORTS = {
    "kafka_port": (9092, "kafka"),
    "kafka_controller_port": (9093, "kafka"),
    "flink_rest_port": (8081, "jobmanager"),
    "flink_rpc_port": (6123, "jobmanager"),
    "elasticsearch_port": (9200, "elasticsearch"),
    "elasticsearch_transport_port": (9300, "elasticsearch"),
    "postgres_port": (5432, "postgres"),
    "flink_standby_rest_port": (8082, "jobmanager-1"),
    "zookeeper_port": (2181, "zookeeper"),
    "prometheus_port": (9090, "prometheus"),
    "kafka_metrics_port": (9404, "kafka"),
    "flink_metrics_port": (9249, "jobmanager"),
    "object_store_port": (8333, "object-store"),
}
# Nobody needs these unless asked: port, the setting that asks, the option that does.
OPTIONAL_PORTS = {
    "elasticsearch_port": ("ELASTICSEARCH", "--elasticsearch"),
    "elasticsearch_transport_port": ("ELASTICSEARCH", "--elasticsearch"),
    "postgres_port": ("POSTGRES", "--postgres"),
    "flink_standby_rest_port": ("HIGH_AVAILABILITY", "--ha"),
    "zookeeper_port": ("HIGH_AVAILABILITY", "--ha"),
    "prometheus_port": ("MONITORING", "--monitoring"),
    "kafka_metrics_port": ("MONITORING", "--monitoring"),
    "flink_metrics_port": ("MONITORING", "--monitoring"),
    "object_store_port": ("OBJECT_STORE", "--s3"),
}
# Flink 2.3 runs on 17 and 21; its scripts set an option that Java 24 refuses.
JAVA_FIRST, JAVA_LAST = 17, 23
# Builds kustomize for `make test`, whose go.mod asks for it; nothing else needs it.
GO_FIRST = (1, 24)
# Choices: broker, JobManager, TaskManager, submission and the workbench itself at once;
# virtual environment 2 GiB, jars, one run with its topics and checkpoints.
MEMORY_NEEDED_GIB = 5.0
DISK_NEEDED_GIB = 6.0
_ASK_TIMEOUT_S = 20


class Check(NamedTuple):
    """One thing the workbench needs.

    Attributes
    ----------
    name : str
        What it is.
    ok : bool
        Whether it is there.
    found, needed, remedy : str
        What was found, what is needed, and what to do; the remedy is empty when ok.
    """

    name: str
    ok: bool
    found: str
    needed: str
    remedy: str


def check() -> list[Check]:
    """Look at everything; changes nothing."""
    return [
        _python(),
        _java(),
        _tool("maven", ["mvn", "-v"], r"Apache Maven ([\d.]+)", "maven"),
        _tool("make", ["make", "--version"], r"Make (\S+)", "make"),
        _go(),
        *(_port(setting) for setting in PORTS),
        _memory(),
        _disk(),
    ]


def _verdict(name: str, ok: bool, found: str, needed: str, remedy: str) -> Check:
    return Check(name, ok, found, needed, "" if ok else remedy)


def _ask(command: list[str]) -> str | None:
    """Output of a command, None when it cannot be run."""
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=_ASK_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None


def _python() -> Check:
    here = sys.version_info[:2] == (3, 11)
    python = sys.executable if here else shutil.which("python3.11")
    needed = "3.11 with venv"
    remedy = "apt-get install python3.11 python3.11-venv"
    if python is None:
        running = ".".join(str(part) for part in sys.version_info[:3])
        return _verdict("python", False, running, needed, remedy)
    ok = _ask([python, "-c", "import venv, ensurepip"]) is not None
    found = python if ok else python + " without venv"
    return _verdict("python", ok, found, needed, remedy)


def _java() -> Check:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else "java"
    needed = f"JDK {JAVA_FIRST} to {JAVA_LAST}"
    remedy = "apt-get install openjdk-17-jdk-headless"
    if home:
        remedy += ", and let JAVA_HOME point to it or unset it"
    said = _ask([java, "-version"]) or ""
    match = re.search(r'version "(\d+)(?:\.(\d+))?', said)
    if match is None:
        return _verdict("java", False, "none", needed, remedy)
    # Java 8 called itself 1.8.
    major = int(match.group(2)) if match.group(1) == "1" else int(match.group(1))
    if _ask([f"{java}c", "-version"]) is None:  # the job's own jar is compiled here
        return _verdict("java", False, f"{major} without javac", needed, remedy)
    return _verdict("java", JAVA_FIRST <= major <= JAVA_LAST, str(major), needed, remedy)


def _tool(name: str, command: list[str], pattern: str, package: str) -> Check:
    said = _ask(command)
    match = re.search(pattern, said or "")
    found = match.group(1) if match else "none"
    return _verdict(name, match is not None, found, "any", "apt-get install " + package)


def _go() -> Check:
    match = re.search(r"go(\d+)\.(\d+)", _ask(["go", "version"]) or "")
    found = "none" if match is None else f"{match.group(1)}.{match.group(2)}"
    needed = "{}.{} or newer".format(*GO_FIRST)
    if match is None or (int(match.group(1)), int(match.group(2))) < GO_FIRST:
        # No obstacle: a run needs none.
        needed += " for make test: https://go.dev/dl"
    return _verdict("go", True, found, needed, "")


def _port(setting: str) -> Check:
    default, service = PORTS[setting]
    variable = ENV_PREFIX + setting.upper()
    text = os.environ.get(variable, str(default))
    name = "port " + setting[: -len("_port")].replace("_", " ")
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        return _verdict(name, False, text, "1 to 65535", "correct " + variable)
    port = int(text)
    if _is_free(port):
        return _verdict(name, True, f"{port} free", "free", "")
    own = _own_process(service)
    asks, option = OPTIONAL_PORTS.get(setting, ("", ""))
    if option and not own and os.environ.get(ENV_PREFIX + asks) is None:
        return _verdict(name, True, f"{port} in use", f"another {variable} for {option}", "")
    found = f"{port} " + ("used by our own " + service if own else "in use")
    remedy = f"stop what listens on {port}, or set {variable}"
    return _verdict(name, own, found, "free or our own", remedy)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _own_process(service: str) -> bool:
    """Whether a process of that service, started by the stack, still lives."""
    text = os.environ.get(ENV_PREFIX + "DATA_FOLDER") or ".local/stack"
    for pid_file in (ROOT / Path(text).expanduser()).glob(f"*/{service}.pid.json"):
        try:
            record = json.loads(pid_file.read_text(encoding="utf-8"))
            stat = Path("/proc") / str(int(record["pid"])) / "stat"
            ticks = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[19]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if str(record.get("start_mark", "")).endswith(":" + ticks):
            return True
    return False


def _memory() -> Check:
    needed = f"{MEMORY_NEEDED_GIB:.0f} GiB"
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        sizes = dict(line.split(":", 1) for line in lines)
        total_gib = int(sizes["MemTotal"].split()[0]) / 1024 / 1024
    except (OSError, KeyError, ValueError):
        return Check("memory", True, "unknown", needed, "")
    remedy = f"use a larger machine, or lower {ENV_PREFIX}*_MB"
    return _verdict(
        "memory", total_gib >= MEMORY_NEEDED_GIB, f"{total_gib:.1f} GiB", needed, remedy
    )


def _disk() -> Check:
    free_gib = shutil.disk_usage(ROOT).free / 1024**3
    return _verdict(
        "disk",
        free_gib >= DISK_NEEDED_GIB,
        f"{free_gib:.1f} GiB free",
        f"{DISK_NEEDED_GIB:.0f} GiB free",
        f"make room below {ROOT}",
    )


def main() -> int:
    """Print the table; 0 when all is there, 2 when something is missing."""
    checks = check()
    for each in checks:
        mark = "ok " if each.ok else "NO "
        sys.stdout.write(f"{mark} {each.name:<22} {each.found:<36} needs {each.needed}\n")
    missing = [each for each in checks if not each.ok]
    for each in missing:
        sys.stdout.write(f"{each.name}: {each.remedy}\n")
    return 2 if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
