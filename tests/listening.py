"""On which addresses do processes take connections?"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

import psutil


def listening(pids: Iterable[int]) -> set[tuple[str, str, int]]:
    """Name of the process, address and port of all that these processes and their children open."""
    found = set()
    for pid in pids:
        process = psutil.Process(pid)
        for each in (process, *process.children(recursive=True)):
            for connection in each.net_connections("inet"):
                # Of UDP whoever is bound takes what comes.
                bound = connection.type == socket.SOCK_DGRAM and connection.laddr
                if connection.status == psutil.CONN_LISTEN or bound:
                    found.add((each.name(), connection.laddr.ip, connection.laddr.port))
    return found


def beyond_loopback(pids: Iterable[int]) -> set[tuple[str, str, int]]:
    """Those that another machine could reach."""
    return {each for each in listening(pids) if not _is_loopback(each[1])}


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.removeprefix("::ffff:")).is_loopback
