"""Which errors are the user's to mend, and what is said of them?"""

from __future__ import annotations

from typing import Final

from delivery.problems import DeliveryError
from evaluation.store import UnknownRunError
from evaluation.toml_file import SettingsFileError
from generator.kafka_client import KafkaRefused, KafkaUnreachable
from generator.replay import ReplayError
from generator.settings import SettingsError
from job.rules.parameters import ParametersError
from scenarios.discovery import UnknownScenario
from stack.flink_rest import RestError
from stack.process import StackError
from workbench.children import ChildFailed
from workbench.deployment.problems import DeploymentError
from workbench.rule_ledger import LedgerError

USAGE_EXIT_CODE: Final = 2
INCONCLUSIVE_EXIT_CODE: Final = 3


class RunBroken(RuntimeError):
    """A run that a service did not let go on; one line, and sometimes the tail of a log."""

    exit_code = INCONCLUSIVE_EXIT_CODE


#: Errors whose message is one clear line (and sometimes the tail of a log).
_KNOWN: Final = (
    ChildFailed,
    DeliveryError,
    DeploymentError,
    KafkaRefused,
    KafkaUnreachable,
    LedgerError,
    ParametersError,
    ReplayError,
    RestError,
    RunBroken,
    SettingsError,
    StackError,
    SettingsFileError,
    UnknownRunError,
    UnknownScenario,
)


def first_and_last(said: str) -> str:
    r"""A message on one line: its first, and the last of the log's tail where it has one.

    What a process said last is often the reason; all of the tail is in the way of a table.

    Examples
    --------
    >>> first_and_last("it ended with 1:\n    | a line\n    | why")
    'it ended with 1: why'
    """
    first, _, tail = said.partition("\n")
    last = tail.strip().rpartition("\n")[2].strip(" |")
    return f"{first} {last}".strip()


def problem_line(error: Exception) -> str | None:
    """What to print of an error; None for one that is a bug of the workbench."""
    if isinstance(error, _KNOWN):
        return str(error)
    return None
