"""How do changes of the rules reach a running function, and outlive a restart?

Every task gets every record of ``rules`` and holds the accepted ones in broadcast state, framed as
they came. The state is read once, before the first record after a start; from then on the parsed
rules on the instance are the same, and no swipe pays for reading it.

Beside them the state holds how far each partition was taken: what lies before has its verdict in
this state, and is not judged a second time where more, or less, stands than did then.
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
from job.flink.tables import Framed, frame_rule, unframe

#: By the records' keys.
RULES_STATE: Final = MapStateDescriptor("rules", Types.STRING(), Types.PICKLED_BYTE_ARRAY())
#: Before a partition: the key of the last record taken from it. It is framed as one without a
#: value, which a job of before reads as nothing. No accepted record has such a key.
_TAKEN: Final = "taken|"
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
        its records are only written down when they come by themselves. The same after each
        restart of that job.
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
        #: By partition: offset behind the last record that the restored state has taken.
        self._taken_before: dict[int, int] = {}
        #: Of the topic at the submission: what became of each record that came after, which is
        #: whether it changed anything, and where the newest accepted of each key stands.
        self._verdicts: dict[tuple[int, int], Unreadable | bool] = {}
        self._newest_before: dict[str, tuple[int, int]] = {}
        self.loaded = False

    def load(self, context: Any) -> list[Output]:
        """Take over what stands; gives dead letters of what this job no longer lets stand.

        That is what the state holds, and then what the topic said since, record by record as a
        running job takes them. Only so is what was refused, or had been, refused again.
        """
        held = self._held(context.get_broadcast_state(RULES_STATE))
        standing = [unframe(data) for data in self._standing.records]
        on_topic = {record.key for record in standing}
        # A key from before the end that the topic has no more was taken back while no job ran, and
        # compaction has removed that, too: the source will not bring it.
        stood = {
            key: record.value
            for key, record in sorted(held.items())
            if record.value and (key in on_topic or not self._is_before_submission(record))
        }
        rules, refused = self._rules.restored(stood.items())
        for record in standing:
            if not self._is_taken(record, held.get(record.key)):
                rules = self._with_standing(record, rules)
        self._take_over(rules)
        self.loaded = True
        return [
            output
            for key, refusal in refused.items()
            if key not in self._newest_before
            for output in self._refuse(held[key], refusal)
        ]

    def _held(self, state: Any) -> dict[str, Framed]:
        """The state's records; notes how far the partitions were taken."""
        held = {}
        for key, data in state.items():
            record = unframe(data)
            if key.startswith(_TAKEN):
                self._taken_before[record.partition] = record.offset + 1
            else:
                held[key] = record
        return held

    def _is_before_submission(self, record: Framed) -> bool:
        return record.offset < self._standing.ends.get(record.partition, 0)

    def _is_taken(self, record: Framed, held: Framed | None) -> bool:
        """Whether the restored state says already what became of a record.

        A state of before does not say how far it had come: what it holds of the key says so.
        """
        if record.offset < self._taken_before.get(record.partition, 0):
            return True
        return held is not None and record.offset <= held.offset

    def _with_standing(self, record: Framed, rules: RuleSet) -> RuleSet:
        """The rules after a record that stood at the submission; a refused one changes nothing."""
        place = record.partition, record.offset
        try:
            changed = rules.with_record(record.key, record.value)
        except Unreadable as refusal:
            self._verdicts[place] = refusal
            return rules
        self._verdicts[place] = changed is not rules
        if changed is not rules:
            self._newest_before[record.key] = place
        return changed

    def take(self, data: bytes, context: Any) -> list[Output]:
        """Apply one framed record of ``rules``, or refuse it; the old rules stay then."""
        outputs = [] if self.loaded else self.load(context)
        record, before = unframe(data), self._rules
        state = context.get_broadcast_state(RULES_STATE)
        taken_key = f"{_TAKEN}{record.partition}"
        state.put(taken_key, frame_rule(record.partition, record.offset, taken_key.encode(), b""))
        # What the state had taken comes again only from a topic that was made anew: it is news.
        is_news = record.offset < self._taken_before.get(record.partition, 0)
        if self._is_before_submission(record) and not is_news:
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
        self._keep(record, data, state)
        return [*outputs, self._audit(record, before)]

    def _write_down(self, record: Framed, data: bytes, state: Any) -> list[Output]:
        """Keep what a record changed at the start: the state is then as if it had come now.

        A restart in between goes on from there, and finds the same. Told is the newest of a key.
        """
        place = record.partition, record.offset
        verdict = self._verdicts.get(place, False)
        if isinstance(verdict, Unreadable):
            return self._refuse(record, verdict)
        if verdict:
            self._keep(record, data, state)
        if self._newest_before.get(record.key) != place:
            return []
        return [self._audit(record, self._rules)]

    @staticmethod
    def _keep(record: Framed, data: bytes, state: Any) -> None:
        if record.value:
            state.put(record.key, data)
        elif state.contains(record.key):
            state.remove(record.key)

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
