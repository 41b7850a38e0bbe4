"""Is a port free, and if not, who has it?"""

from __future__ import annotations

import socket

import psutil

from stack.process import StackError
from stack.settings import ENV_PREFIX, HOST


def is_free(port: int) -> bool:
    """Whether a server could bind the port on loopback now."""
    with socket.socket() as probe:
        # As the servers do: a connection in TIME_WAIT is no obstacle, a listener is.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def owner(port: int) -> str:
    """Name the process that listens on the port, as far as this user may know."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr:
                continue
            if connection.laddr.port == port and connection.pid:
                name = psutil.Process(connection.pid).name()
                return f"pid {connection.pid} ({name})"
    except psutil.Error:
        pass
    return "a process this user cannot see"


def require_free(service: str, setting: str, port: int) -> None:
    """Raise the one line a person needs when a port is taken.

    Parameters
    ----------
    service
        Who wants it.
    setting
        Field of `StackSettings` that changes it.
    port
        The port.
    """
    if not is_free(port):
        raise StackError(
            f"{service} needs port {port} on {HOST}, but {owner(port)} listens there; stop it, "
            f"or choose another port with {ENV_PREFIX}{setting.upper()}"
        )
