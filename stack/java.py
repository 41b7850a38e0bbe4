"""Which Java runs the services, and with which environment?"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from stack.process import StackError
from stack.settings import Jit

#: The quick compiler alone: for what ends soon, or shares its cores with what is measured.
C1_ALONE: Final = "-XX:TieredStopAtLevel=1"

# What a caller's shell may hold and what would change a service behind its settings.
_FOREIGN_PREFIXES = (
    "FLINK_",
    "KAFKA_",
    "JVM_ARGS",
    "HADOOP_",
    "HBASE_",
    "YARN_",
    "_JAVA_OPTIONS",
    "JAVA_TOOL_OPTIONS",
    "PYFLINK_",
    "_PYFLINK",
    "_FLINK",
    "PYTHONHOME",
)


def java_binary() -> str:
    """Path of ``java``: from ``JAVA_HOME`` if set, as Flink's own scripts do, else from PATH."""
    home = os.environ.get("JAVA_HOME")
    if home:
        binary = Path(home) / "bin" / "java"
        if not binary.exists():
            raise StackError(f"JAVA_HOME is {home}, but there is no bin/java in it")
        return str(binary)
    found = shutil.which("java")
    if found is None:
        raise StackError("no java on PATH; install a JDK 17 (Debian: openjdk-17-jdk-headless)")
    return found


def jit_options(jit: Jit) -> tuple[str, ...]:
    """Options of the JVM for a way to compile (`stack.settings.StackSettings.jit`).

    Examples
    --------
    >>> jit_options("quick"), jit_options("full")
    (('-XX:TieredStopAtLevel=1',), ())
    """
    return (C1_ALONE,) if jit == "quick" else ()


def jvm_environment() -> dict[str, str]:
    """The caller's environment without what would configure Java, Kafka or Flink."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN_PREFIXES)
    }
