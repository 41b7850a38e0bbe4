"""What if putting things away goes wrong after a run?

Its result stands, and what could not be put away is said.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaException

from generator.kafka_client import KafkaRefused, KafkaUnreachable
from stack.process import StackError


def put_away(what: str, action: Callable[..., object], *arguments: Any) -> None:
    """Do one step of cleaning up; a service that does not take part is told of in one line.

    Parameters
    ----------
    what
        The step, for the line: "removing the run's topics".
    action, arguments
        The step.
    """
    try:
        action(*arguments)
    except (StackError, KafkaRefused, KafkaUnreachable, KafkaException) as error:
        first_line = str(error).partition("\n")[0]
        sys.stderr.write(f"paystream: {what} failed: {first_line}\n")
