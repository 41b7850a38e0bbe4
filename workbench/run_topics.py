"""Which topics and rights does a run get on the stack's Kafka, and lose again?"""

from __future__ import annotations

from contextlib import ExitStack

from generator.topics import create_run_topics, delete_run_topics
from stack.settings import StackSettings
from workbench.clean_up import put_away
from workbench.kafka_rights import grant, withdraw


def make_run_topics(
    cleanup: ExitStack, settings: StackSettings, prefix: str, partitions: int
) -> None:
    """Make the topics of a run, and give each of its programs the rights that it needs there.

    Parameters
    ----------
    cleanup
        Removes them again.
    settings
        Of the stack.
    prefix, partitions
        Of the topics.
    """
    address = settings.kafka_address
    cleanup.callback(put_away, "removing the run's topics", delete_run_topics, address, prefix)
    create_run_topics(address, prefix, partitions=partitions)
    if settings.secured:
        cleanup.callback(put_away, "taking the run's rights away", withdraw, address, prefix)
        grant(address, prefix)
