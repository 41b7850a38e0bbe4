"""What if putting things away goes wrong after a run?

Its result stands, and what could not be put away is said.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from confluent_kafka import KafkaException

from generator.kafka_client import KafkaRefused, KafkaUnreachable
from stack.held_signals import held_signals
from stack.local import LocalStack
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


def take_down(stack: LocalStack) -> None:
    """Stop a stack; Ctrl-C waits until that is done, however often it comes.

    Whoever waited no longer would leave services running that nobody knows of.

    Parameters
    ----------
    stack
        That was started for what is over now.
    """
    with held_signals():
        put_away("stopping the stack", stack.down)


def remove(stack: LocalStack) -> bool:
    """Stop a stack that nobody else uses, and delete its data; Ctrl-C waits.

    Parameters
    ----------
    stack
        In a data folder of its own.

    Returns
    -------
    bool
        Whether it is gone. While a process of it lives its data stays: only the pid files there
        tell which one that is.
    """
    with held_signals():
        take_down(stack)
        folder = stack.settings.data_folder
        if alive := stack.running():
            named = ", ".join(f"{each.name} (pid {each.pid})" for each in alive)
            sys.stderr.write(
                f"paystream: {named} still runs, so {folder} stays; "
                f"`PAYSTREAM_STACK_DATA_FOLDER={folder} make stack-down` tries again\n"
            )
            return False
        put_away("removing the stack's data", stack.wipe)
        return True
