"""How does one ZooKeeper run from Flink's own jars, and whom does it hold for the leader?

A single server: what it holds survives the death of its process, not the loss of its disk.
"""

from __future__ import annotations

import logging
import re
import shutil
import socket
from collections.abc import Callable

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import KazooTimeoutError

from stack import flink_home
from stack.java import C1_ALONE, java_binary, jvm_environment
from stack.process import Service, write_whole
from stack.settings import HOST, StackSettings

NAME = "zookeeper"
_ANSWER_TIMEOUT_S = 1.0
_LEADER_TIMEOUT_S = 5.0
_URL = re.compile(rb"http://[\w.]+:\d+")


def _configuration_text(settings: StackSettings) -> str:
    keys = {
        "clientPort": str(settings.zookeeper_port),
        "clientPortAddress": HOST,
        "dataDir": str(settings.zookeeper_folder / "data"),
        # The unit of its clock, ms: sessions are looked at so often. With the default of two
        # seconds nobody would learn of a dead JobManager sooner.
        "tickTime": "200",
        # Said, for they follow from the tick otherwise and would cap what Flink asks for, ms.
        "minSessionTimeout": "400",
        "maxSessionTimeout": "60000",
        "maxClientCnxns": "0",
    }
    return "".join(f"{key}={value}\n" for key, value in keys.items())


def service(settings: StackSettings) -> Service:
    """Describe the server's process."""
    folder = settings.zookeeper_folder
    log4j = settings.flink_folder / "conf" / "log4j-console.properties"
    command = (
        java_binary(),
        "-Xms64m",
        "-Xmx128m",
        "-XX:+UseSerialGC",
        C1_ALONE,
        f"-Dlog4j.configurationFile={log4j}",
        "-Dzookeeper.jmx.log4j.disable=true",
        "-Dzookeeper.admin.enableServer=false",
        "-Dzookeeper.4lw.commands.whitelist=ruok,srvr",
        # Each checkpoint writes here. What the system has taken outlives a killed process.
        "-Dzookeeper.forceSync=no",
        "-cp",
        str(flink_home.package_folder() / "lib" / "*"),
        "org.apache.flink.runtime.zookeeper.FlinkZooKeeperQuorumPeer",
        "--zkConfigFile",
        str(folder / "zoo.cfg"),
        "--peerId",
        "1",
    )
    return Service(
        name=NAME,
        command=command,
        environment=jvm_environment(),
        working_folder=folder,
        folder=folder,
        address=settings.zookeeper_address,
        configuration=_configuration_text(settings),
    )


def prepare(settings: StackSettings, *, keep_data: bool) -> None:
    """Write the configuration.

    Parameters
    ----------
    settings
        Port and folder.
    keep_data
        Whether the jobs that it knows are to go on. A cluster that begins anew has none.
    """
    folder = settings.zookeeper_folder
    if not keep_data:
        shutil.rmtree(folder / "data", ignore_errors=True)
        shutil.rmtree(settings.flink_folder / "high-availability", ignore_errors=True)
    write_whole(folder / "zoo.cfg", _configuration_text(settings).encode())


def probe(settings: StackSettings) -> Callable[[], bool]:
    """Make a check that the server says it is well."""

    def answers() -> bool:
        try:
            with socket.create_connection((HOST, settings.zookeeper_port), _ANSWER_TIMEOUT_S) as to:
                to.settimeout(_ANSWER_TIMEOUT_S)
                to.sendall(b"ruok")
                return to.recv(4) == b"imok"
        except OSError:
            return False

    return answers


def leader_url(settings: StackSettings) -> str | None:
    """REST address of the JobManager that leads; None where none does or nobody can tell."""
    silent = logging.getLogger("stack.zookeeper.leader")
    silent.addHandler(logging.NullHandler())
    silent.propagate = False
    client = KazooClient(settings.zookeeper_address, timeout=_LEADER_TIMEOUT_S, logger=silent)
    try:
        client.start(_LEADER_TIMEOUT_S)
        content, _ = client.get(f"{flink_home.ZOOKEEPER_PATH}/leader/rest_server/connection_info")
    except (KazooException, KazooTimeoutError):
        return None
    finally:
        client.stop()
        client.close()
    # A Java object; its address is text within.
    found = _URL.search(content)
    return found.group().decode() if found else None
