"""How do changes of the rules reach a running function, and outlive a restart?

Every task gets every record of ``rules`` and holds the accepted ones in broadcast state, framed as
they came. The state is read once, before the first record after a start; from then on the parsed
rules on the instance are the same, and no swipe pays for reading it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, Literal, NamedTuple

import msgspec
from pyflink.common import Types
from pyflink.datastream import RuntimeContext
from pyflink.datastream.state import MapStateDescriptor

from job.contracts import CONTRACT_VERSION, RuleAudit, Topics
from job.engine.card_engine import Output, Source, dead_letter
from job.engine.intake import Unreadable
from job.engine.rule_set import RuleSet
from job.engine.rules_in_force import RulesInForce
from job.flink.tables import Framed, unframe

#: By the records' keys.
RULES_STATE: Final = MapStateDescriptor("rules", Types.STRING(), Types.PICKLED_BYTE_ARRAY())
_NANOS_PER_MS: Final = 1_000_000
_encode = msgspec.json.Encoder().encode


class Standing(NamedTuple):
    """The topic ``rules`` as it stood at the submission.

    Attributes
    ----------
    records
        Framed as the source frames them, in the order of each partition.
    ends
        Offset behind the last one, by partition: what comes from before it is no news.
    """

    records: tuple[bytes, ...]
    ends: dict[int, int]


class RuleChanges:
    """The rules of one task, as they are changed.

    Parameters
    ----------
    rule_tables
        The parameter file the job was started with.
    topics
        The run's topics.
    part
        What of the job the task is. Refusals are told by the tasks on one card alone, and of
        those by the first: all of them refuse the same.
    standing
        The topic as it stood when the job was submitted: it counts from the first swipe on, and
        its records are only written down when they come by themselves.
    use
        Takes over what is in force.

    Attributes
    ----------
    loaded
        Whether the broadcast state has been read since the start.
    """

    def __init__(
        self,
        rule_tables: dict[str, dict[str, Any]],
        topics: Topics,
        standing: Standing,
        part: Literal["card", "window"],
        use: Callable[[RulesInForce], None],
        runtime_context: RuntimeContext,
    ) -> None:
        self._rules = RuleSet(rule_tables)
        self._topics = topics
        self._standing = standing
        self._part: Final = part
        self._use = use
        # PyFlink's own way to ask raises with Flink 2: Java moved the answer.
        task = runtime_context._runtime_context.getTaskInfo()
        self._subtask = int(task.getIndexOfThisSubtask())
        self._parallelism = int(task.getNumberOfParallelSubtasks())
        metrics = runtime_context.get_metrics_group()
        self._applied = metrics.counter("rule_changes_applied")
        self._refused = metrics.counter("rule_changes_refused")
        #: Of the topic at the submission: the newest accepted of each key, and what was refused.
        self._newest_before: dict[str, bytes] = {}
        self._refused_before: dict[tuple[int, int], Unreadable] = {}
        self.loaded = False

    def load(self, context: Any) -> list[Output]:
        """Take over what stands; gives dead letters of what this job no longer lets stand.

        That is what stood at the submission and what the state holds; of each key the later.
        """
        self._read_standing()
        stands = {key: unframe(data) for key, data in self._newest_before.items()}
        held = {}
        for key, data in context.get_broadcast_state(RULES_STATE).items():
            record = held[key] = unframe(data)
            if key not in stands or record.offset > stands[key].offset:
                stands[key] = record
        records = {key: each.value for key, each in sorted(stands.items()) if each.value}
        rules, refused = self._rules.restored(records.items())
        self._take_over(rules)
        self.loaded = True
        return [
            output
            for key, refusal in refused.items()
            if key in held
            for output in self._refuse(held[key], refusal)
        ]

    def _read_standing(self) -> None:
        """In the order of the topic, as if the records came now: a refused one changes nothing."""
        rules = self._rules
        for data in self._standing.records:
            record = unframe(data)
            try:
                rules = rules.with_record(record.key, record.value)
            except Unreadable as refusal:
                self._refused_before[record.partition, record.offset] = refusal
            else:
                self._newest_before[record.key] = data

    def take(self, data: bytes, context: Any) -> list[Output]:
        """Apply one framed record of ``rules``, or refuse it; the old rules stay then."""
        outputs = [] if self.loaded else self.load(context)
        record, before = unframe(data), self._rules
        state = context.get_broadcast_state(RULES_STATE)
        if record.offset < self._standing.ends.get(record.partition, 0):
            return [*outputs, *self._write_down(record, data, state)]
        try:
            rules = before.with_record(record.key, record.value)
            self._take_over(rules)
        except Unreadable as refusal:
            return [*outputs, *self._refuse(record, refusal)]
        except Exception as error:  # nothing a record holds may restart the job
            self._take_over(before)
            failure = Unreadable("internal_error", f"{type(error).__name__}: {error}")
            return [*outputs, *self._refuse(record, failure)]
        if rules is before:  # the same change again, or nothing to take back
            return outputs
        # Outside: where the state cannot be written, the task must go back to its checkpoint.
        # What stood at the submission and was taken back must not stand again after a restart.
        if record.value or record.key in self._newest_before:
            state.put(record.key, data)
        else:
            state.remove(record.key)
        return [*outputs, self._audit(record, before)]

    def _write_down(self, record: Framed, data: bytes, state: Any) -> list[Output]:
        """Keep a record that counts since the submission; an older one of its key is past."""
        refusal = self._refused_before.get((record.partition, record.offset))
        if refusal is not None:
            return self._refuse(record, refusal)
        if self._newest_before.get(record.key) != data:
            return []
        state.put(record.key, data)
        return [self._audit(record, self._rules)]

    def _take_over(self, rules: RuleSet) -> None:
        self._use(rules.in_force)
        self._rules = rules

    def _audit(self, record: Framed, before: RuleSet) -> Output:
        self._applied.inc(1)
        standing = self._rules.changes.get(record.key) or self._rules.snoozed.get(record.key)
        audit = RuleAudit(
            v=CONTRACT_VERSION,
            key=record.key,
            change_id=None if standing is None else standing.change_id,
            change_version=None if standing is None else standing.version,
            rules_version=self._rules.version,
            previous_rules_version=before.version,
            part=self._part,
            subtask=self._subtask,
            parallelism=self._parallelism,
            partition=record.partition,
            offset=record.offset,
            applied_ms=time.time_ns() // _NANOS_PER_MS,
        )
        return Output(self._topics.rule_audit, record.key, _encode(audit))

    def _refuse(self, record: Framed, refusal: Unreadable) -> list[Output]:
        self._refused.inc(1)
        if self._part != "card" or self._subtask != 0:
            return []
        source = Source(self._topics.rules, record.partition, record.offset)
        return [dead_letter(self._topics, record.value, record.key, source, refusal)]
