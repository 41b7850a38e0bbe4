"""Who may do what on Kafka, where it asks?

Each program may do what it is for: who sends swipes can write no decision, the job no swipe, and
who judges writes nothing that is judged. In production the same rules hold for topics without a
prefix; the rights stand in ``docs/security.md``, too, and a test compares the two.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from evaluation.view_reader import READER_GROUP
from generator.kafka_client import KafkaRefused, reason, require_broker
from generator.topics import floor_topic
from job.contracts import Topics
from monitoring.canary.reading import CANARY_GROUP
from workbench.rule_topic import RULES_GROUP

Kind = Literal["topic", "group", "transactional id"]
Operation = Literal["read", "write", "create", "describe"]

#: Consumer group of what carries alerts to Elasticsearch.
INDEX_GROUP: Final = "paystream-index-alerts"
#: What the transactions of the one publisher of card profiles are called, after the prefix.
PUBLISHER: Final = "paystream-publish-profiles"
_GROUPS_OF_ALL: Final = {INDEX_GROUP, READER_GROUP, RULES_GROUP, CANARY_GROUP}
_TIMEOUT_S: Final = 30.0
_ANY: Final = AclBindingFilter(
    ResourceType.ANY,
    None,
    ResourcePatternType.ANY,
    None,
    None,
    AclOperation.ANY,
    AclPermissionType.ANY,
)
_KINDS: Final[dict[Kind, ResourceType]] = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional id": ResourceType.TRANSACTIONAL_ID,
}
_OPERATIONS: Final[dict[Operation, AclOperation]] = {
    "read": AclOperation.READ,
    "write": AclOperation.WRITE,
    "create": AclOperation.CREATE,
    "describe": AclOperation.DESCRIBE,
}


class Right(NamedTuple):
    """What one user may do with some things of one kind.

    Attributes
    ----------
    names
        Of topics, groups or transactions; of the last, what their names begin with.
    """

    user: str
    kind: Kind
    names: tuple[str, ...]
    operations: tuple[Operation, ...]


def rights(prefix: str = "", group: str | None = None) -> tuple[Right, ...]:
    """All rights on one set of topics.

    Parameters
    ----------
    prefix
        Of the topics, e.g. ``"run-7."``; empty in production.
    group
        Consumer group of the job, and what its transactions' names begin with; None for the one
        of a run.

    Examples
    --------
    >>> rights("run-7.")[0]
    Right(user='generator', kind='topic', names=('run-7.swipes', 'run-7.card-profiles', \
'run-7.fraud-reports'), operations=('write',))
    """
    topics = Topics.with_prefix(prefix)
    group = f"{prefix}job" if group is None else group
    inputs = (topics.swipes, topics.card_profiles, topics.fraud_reports)
    written = (*topics.outputs(), topics.rule_audit)
    return (
        Right("generator", "topic", inputs, ("write",)),
        Right("job", "topic", (*inputs, topics.rules), ("read",)),
        # Read, too: a sink that starts asks which of its own transactions are still open there.
        Right("job", "topic", written, ("write", "read")),
        Right("job", "group", (group,), ("read",)),
        Right("job", "transactional id", (group,), ("write", "describe")),
        Right("evaluation", "topic", (*inputs, topics.rules, *written), ("read",)),
        Right("evaluation", "group", (group, READER_GROUP), ("describe",)),
        # Its own topic, of which nothing is judged: how fast Kafka itself is.
        Right("evaluation", "topic", (floor_topic(prefix),), ("create", "write", "read")),
        Right("delivery", "topic", (topics.alerts,), ("read",)),
        Right("delivery", "topic", (topics.card_profiles,), ("write",)),
        Right("delivery", "transactional id", (f"{prefix}{PUBLISHER}",), ("write", "describe")),
        Right("delivery", "topic", (topics.alerts_dead_letters,), ("create", "write")),
        Right("delivery", "group", (INDEX_GROUP,), ("read",)),
        Right("rules", "topic", (topics.rules,), ("write", "read")),
        # What the job has taken, and what it has refused.
        Right("rules", "topic", (topics.rule_audit, topics.dead_letters), ("read",)),
        Right("rules", "group", (RULES_GROUP,), ("describe",)),
        # How many swipes wait is the difference of the topic's end and what the job has committed.
        Right("canary", "topic", (topics.swipes,), ("write", "read")),
        Right("canary", "topic", (topics.decisions,), ("read",)),
        Right("canary", "group", (group, CANARY_GROUP), ("describe",)),
    )


def grant(bootstrap: str, prefix: str = "", group: str | None = None) -> int:
    """Give all rights on one set of topics, and wait until they hold.

    The caller needs the right to do so.

    Returns
    -------
    int
        How many access rules there are for it.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        When no broker answers, or it refuses.
    """
    bindings = [each for right in rights(prefix, group) for each in _bindings(right)]
    admin: AdminClient = require_broker(bootstrap)
    for binding, future in admin.create_acls(bindings).items():
        try:
            future.result(_TIMEOUT_S)
        except KafkaException as error:
            raise KafkaRefused(
                f"no right for {binding.principal} on {binding.name}: {reason(error)}"
            ) from None
    _await_held(admin, bindings)
    return len(bindings)


def _await_held(admin: AdminClient, bindings: list[AclBinding]) -> None:
    """The controller confirms a rule a moment before the broker goes by it."""
    deadline_s = time.monotonic() + _TIMEOUT_S
    while not set(bindings) <= set(admin.describe_acls(_ANY).result(_TIMEOUT_S)):
        if time.monotonic() > deadline_s:
            raise KafkaRefused(f"rights were given, but do not hold after {_TIMEOUT_S:g} s")
        time.sleep(0.05)


def withdraw(bootstrap: str, prefix: str, group: str | None = None) -> None:
    """Take away what :func:`grant` gave on topics of this prefix and on the job's group.

    Readers' own groups are those of every run: who loses the right on them cannot read the next.

    Raises
    ------
    KafkaUnreachable, KafkaRefused
        As for :func:`grant`.
    """
    bindings = [each for right in rights(prefix, group) for each in _bindings(right)]
    own = [each for each in bindings if each.name not in _GROUPS_OF_ALL]
    admin: AdminClient = require_broker(bootstrap)
    for future in admin.delete_acls([_filter(each) for each in own]).values():
        try:
            future.result(_TIMEOUT_S)
        except KafkaException as error:
            raise KafkaRefused(f"rights are not taken away: {reason(error)}") from None


def _bindings(right: Right) -> Iterable[AclBinding]:
    # A sink names each of its transactions, and begins all with the one word that it was given.
    by_prefix = right.kind == "transactional id"
    pattern = ResourcePatternType.PREFIXED if by_prefix else ResourcePatternType.LITERAL
    for name in right.names:
        for operation in right.operations:
            yield AclBinding(
                _KINDS[right.kind],
                name,
                pattern,
                f"User:{right.user}",
                "*",
                _OPERATIONS[operation],
                AclPermissionType.ALLOW,
            )


def _filter(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )
