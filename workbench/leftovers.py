"""What has a run that broke left on the stack, that would be in the way of the next?

Each run puts its own things away; one whose JobManager or broker was gone just then could not.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Final

from generator.topics import delete_topics, existing_topics
from stack.local import LocalStack
from stack.settings import StackSettings
from workbench.clean_up import put_away
from workbench.kafka_user import kafka_user

#: As `workbench.simulate.new_run_id` makes them; a job and topics are named after it.
_RUN_ID: Final = re.compile(r"^(\d{8}T\d{6})-\w+-[0-9a-f]{4}\.")


def clear(settings: StackSettings, since: str) -> None:
    """Bring up what is down, cancel jobs and remove topics of runs that nobody has under way.

    What cannot be done is said in a line; a stack that somebody else uses is left alone.

    Parameters
    ----------
    settings
        Of the stack.
    since
        The oldest run that is meant, as its id begins.
    """
    put_away("clearing up after a broken run", _clear, settings, since)


def _clear(settings: StackSettings, since: str) -> None:
    stack = LocalStack(settings)
    with ExitStack() as held:
        held.enter_context(stack.reserved("clearing up after a broken run"))
        stack.up()
        held.enter_context(kafka_user(stack.settings))
        for job in stack.rest.jobs():
            if is_left(job.name, since) and job.state not in ("FAILED", "CANCELED", "FINISHED"):
                stack.rest.cancel(job.id)
                stack.remove_checkpoints(job.id)
        topics = existing_topics(settings.kafka_address)
        delete_topics(settings.kafka_address, [name for name in topics if is_left(name, since)])


def is_left(name: str, since: str) -> bool:
    """Whether a job or topic belongs to a run since then.

    Examples
    --------
    >>> is_left("20260302T170000-geo_jump-0a1b.swipes", "20260302T165959")
    True
    >>> is_left("20260302T170000-geo_jump-0a1b.swipes", "20260302T170001"), is_left("swipes", "0")
    (False, False)
    """
    found = _RUN_ID.match(name)
    return found is not None and found.group(1) >= since
