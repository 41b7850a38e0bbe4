"""As whom do the processes of a run talk to the Kafka of the local stack?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from job.kafka_security import PREFIX
from stack import kafka_access
from stack.settings import StackSettings


@contextmanager
def kafka_user(settings: StackSettings, user: str = kafka_access.ADMIN) -> Iterator[None]:
    """Be one user of the stack's Kafka for a while; afterwards whoever one was before.

    What the caller's environment says of another Kafka does not count here: on a stack that asks
    for nothing, nothing is shown.
    """
    before = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    _replace(kafka_access.environment(settings, user))
    try:
        yield
    finally:
        _replace(before)


def _replace(wanted: dict[str, str]) -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(wanted)
