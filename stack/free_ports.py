"""Which ports are free right now, several in a row?"""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack

from stack.process import StackError

#: Everything of the stack listens there and nowhere else.
LOOPBACK = "127.0.0.1"


def free_ports(count: int) -> list[int]:
    """Ports in a row that are free on loopback right now.

    They lie below the range from which the system takes outgoing ports, or a connection of
    another process could take one before the service binds it.
    """
    found: list[int] = []
    with ExitStack() as held:
        for port in range(20_000 + (_seed() % 8_000), 32_000):
            if len(found) == count:
                break
            probe = held.enter_context(socket.socket())
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                found.clear()
                continue
            found.append(port)
    if len(found) < count:
        raise StackError(f"no {count} free ports in a row between 20000 and 32000 on {LOOPBACK}")
    return found


def _seed() -> int:
    # Two test processes that ask at the same moment should not look at the same ports.
    return (os.getpid() * 37 + time.monotonic_ns() // 1_000) & 0x7FFFFFFF
