"""What comes out for one record of ``swipes``, ``card-profiles`` or ``fraud-reports``?

The way of one swipe through the job, without Flink: read, settle its fate, judge, write. The Flink
function, the local run and the oracle all go through here.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

from job.contracts import (
    CONTRACT_VERSION,
    CardProfile,
    ClockRecord,
    DeadLetter,
    Decision,
    JudgedSwipe,
    LateSwipe,
    Observation,
    Swipe,
    Topics,
)
from job.engine.card_state import CardState
from job.engine.detector import Detector
from job.engine.fate import settle
from job.engine.intake import Unreadable, read, read_report
from job.engine.judged import judged_swipe
from job.engine.rules_in_force import RulesInForce
from job.engine.settings import EngineSettings
from job.rules.base import CrossCardRule, ReportRule, Rule

_encode = msgspec.json.Encoder().encode
_decode_profile = msgspec.json.Decoder(CardProfile).decode


#: Characters kept of a dead letter's key: a key may be as large as a record.
KEY_LIMIT: Final = 256
#: Bytes kept of a dead letter's payload. A choice: in base64 they are two thirds of the 1 MiB that
#: producers and topics allow by default. A compressed batch can bring a record that is larger than
#: any limit on the way out, and what cannot be written would restart the job for ever.
PAYLOAD_LIMIT_BYTES: Final = 512 * 1024


class Output(NamedTuple):
    """One record to write."""

    topic: str
    key: str
    value: bytes


class Source(NamedTuple):
    """Where a record stood."""

    topic: str
    partition: int
    offset: int


class CardEngine:
    """Everything that is keyed by card.

    Parameters
    ----------
    rules
        The enabled rules.
    settings
        The engine's bounds.
    topics
        Where the outputs go.

    Attributes
    ----------
    event_time_limit_ms
        As in the settings; a job that lives on wall time moves it forward.
    counts
        By fate (``judged``, ``repeat``, ``late``, ``dead_letter``) and ``clock``, ``profile``,
        ``report``.
    dead_letters_by_reason
        The dead letters among them.
    """

    def __init__(self, rules: Sequence[Rule], settings: EngineSettings, topics: Topics) -> None:
        self.settings = settings
        self.topics = topics
        self.detector = Detector(rules, settings)
        self.event_time_limit_ms = settings.event_time_limit_ms
        self.counts: Counter[str] = Counter()
        self.dead_letters_by_reason: Counter[str] = Counter()
        self._take(RulesInForce.of(rules))

    def use(self, in_force: RulesInForce) -> None:
        """Judge with other rules from the next record on."""
        self.detector.use(in_force)
        self._take(in_force)

    def _take(self, in_force: RulesInForce) -> None:
        self.cross_card_rules = [r for r in in_force.rules if isinstance(r, CrossCardRule)]
        self.report_rules = [r for r in in_force.rules if isinstance(r, ReportRule)]
        self._keeps_visits = in_force.keeps_visits

    def load_profile(
        self,
        value: bytes,
        key: str,
        card: CardState,
        source: Source,
        observations: list[Observation],
    ) -> list[Output]:
        """Take one record of ``card-profiles`` into the card's state.

        A record without a value is how a compacted topic forgets a key: the card's state stays.
        The recent swipes of a card that has not swiped yet are visits like any other.
        """
        if not value:
            return []
        try:
            profile = _decode_profile(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            reason = Unreadable("contract", str(error))
            return [self.dead_letter(value, key, source, reason)]
        if profile.card_token != key:
            mismatch = Unreadable("key_mismatch", f"card_token is {profile.card_token!r}")
            return [self.dead_letter(value, key, source, mismatch)]
        for swipe in profile.recent:
            refusal = self._unfit_for_warm_start(swipe, key)
            if refusal is not None:
                return [self.dead_letter(value, key, source, refusal)]
        card.apply_profile(profile, self.detector.retention_ms)
        if not card.judged_count:
            for swipe in sorted(profile.recent, key=attrgetter("event_time_ms")):
                self._visit(swipe, card, observations)
        self.counts["profile"] += 1
        return []

    def load_report(
        self,
        value: bytes,
        key: str,
        record_time_ms: int,
        source: Source,
        card: CardState,
        observations: list[Observation],
    ) -> list[Output]:
        """Take one record of ``fraud-reports``; changes nothing in the card's state.

        Parameters
        ----------
        value, key, record_time_ms, source, card, observations
            As in :meth:`process`; the record's time is when the report was made.

        Returns
        -------
        list of Output
            A dead letter, or nothing.
        """
        try:
            report = read_report(value, key, record_time_ms, self.event_time_limit_ms)
        except Unreadable as reason:
            return [self.dead_letter(value, key, source, reason)]
        for rule in self.report_rules:
            try:
                observations += rule.suspects(report, card)
            except Exception:  # one broken rule must not silence the others
                self.detector.errors_by_rule[rule.name] += 1
        self.counts["report"] += 1
        return []

    def _visit(self, swipe: Swipe, card: CardState, observations: list[Observation]) -> list[str]:
        """Observe where the card was, and remember it; gives the names of rules that raised."""
        if not self._keeps_visits:
            return []
        errors = []
        for rule in self.report_rules:
            try:
                observation = rule.seen(swipe, card)
            except Exception:  # one broken rule must not silence the others
                self.detector.errors_by_rule[rule.name] += 1
                errors.append(rule.name)
                continue
            if observation is not None:
                observations.append(observation)
        card.note_visit(swipe)
        return errors

    def _unfit_for_warm_start(self, swipe: Swipe, key: str) -> Unreadable | None:
        """A swipe of another card, or one so far ahead that all that follow would be late."""
        if swipe.card_token != key:
            return Unreadable("key_mismatch", f"a recent swipe is of {swipe.card_token!r}")
        limit_ms = self.event_time_limit_ms
        if swipe.event_time_ms > limit_ms:
            ahead = f"a recent swipe's event_time_ms {swipe.event_time_ms} is past {limit_ms}"
            return Unreadable("event_time_ahead", ahead)
        return None

    def process(
        self,
        value: bytes,
        key: str,
        record_time_ms: int,
        source: Source,
        card: CardState,
        observations: list[Observation],
        judged: list[JudgedSwipe] | None = None,
    ) -> list[Output]:
        """Take one record of ``swipes``.

        Parameters
        ----------
        value, key, record_time_ms
            The record as it came; the key is the card.
        source
            Where it stood.
        card
            The card's state; changed only if the swipe is judged.
        observations
            What the rules across cards need of this swipe is appended here.
        judged
            What event-time windows need of it, if it is judged; None where there are none.

        Returns
        -------
        list of Output
            What to write: exactly one record that says the swipe's fate, and an alert where a rule
            fired. Nothing for a clock record.
        """
        try:
            swipe = read(value, key, record_time_ms, self.event_time_limit_ms)
        except Unreadable as reason:
            return [self.dead_letter(value, key, source, reason)]
        if isinstance(swipe, ClockRecord):
            self.counts["clock"] += 1
            return []
        digest = crc32(value)
        fate = settle(swipe, digest, card, self.settings.lateness_ms)
        if fate == "judged":
            if judged is not None:
                judged.append(judged_swipe(swipe))
            return self._judged(swipe, digest, source, card, observations)
        if fate == "repeat":
            return [self._repeat(swipe, source)]
        if fate == "late":
            return [self._late(swipe, source, card)]
        conflict = Unreadable(
            "id_conflict", f"swipe_id {swipe.swipe_id!r} came before with other content"
        )
        return [self.dead_letter(value, key, source, conflict)]

    def _judged(
        self,
        swipe: Swipe,
        digest: int,
        source: Source,
        card: CardState,
        observations: list[Observation],
    ) -> list[Output]:
        decision, alert = self.detector.decide(swipe, card, digest, source.partition, source.offset)
        errors = []
        for rule in self.cross_card_rules:
            try:
                observation = rule.observe(swipe)
            except Exception:  # one broken rule must not silence the others
                self.detector.errors_by_rule[rule.name] += 1
                errors.append(rule.name)
                continue
            if observation is not None:
                observations.append(observation)
        errors += self._visit(swipe, card, observations)
        if errors:
            named = [*decision.rule_errors, *errors]
            decision = msgspec.structs.replace(decision, rule_errors=named)
        self.counts["judged"] += 1
        outputs = [Output(self.topics.decisions, swipe.card_token, _encode(decision))]
        if alert is not None:
            outputs.append(Output(self.topics.alerts, alert.entity_id, _encode(alert)))
        return outputs

    def _repeat(self, swipe: Swipe, source: Source) -> Output:
        self.counts["repeat"] += 1
        decision = Decision(
            v=CONTRACT_VERSION,
            swipe_id=swipe.swipe_id,
            card_token=swipe.card_token,
            event_time_ms=swipe.event_time_ms,
            fate="repeat",
            score=0.0,
            action="clear",
            partition=source.partition,
            offset=source.offset,
        )
        return Output(self.topics.decisions, swipe.card_token, _encode(decision))

    def _late(self, swipe: Swipe, source: Source, card: CardState) -> Output:
        self.counts["late"] += 1
        late = LateSwipe(
            v=CONTRACT_VERSION,
            lateness_ms=card.high_event_time_ms - swipe.event_time_ms,
            partition=source.partition,
            offset=source.offset,
            swipe=swipe,
        )
        return Output(self.topics.late_swipes, swipe.card_token, _encode(late))

    def dead_letter(self, value: bytes, key: str, source: Source, reason: Unreadable) -> Output:
        """Make a dead letter of a record, and count it."""
        self.counts["dead_letter"] += 1
        self.dead_letters_by_reason[reason.reason] += 1
        return dead_letter(self.topics, value, key, source, reason)


def dead_letter(
    topics: Topics, value: bytes, key: str, source: Source, reason: Unreadable
) -> Output:
    """Make a dead letter of a record: whole, or its beginning where it is too large."""
    whole = len(value) <= PAYLOAD_LIMIT_BYTES
    letter = DeadLetter(
        v=CONTRACT_VERSION,
        reason=reason.reason,
        detail=reason.detail,
        topic=source.topic,
        partition=source.partition,
        offset=source.offset,
        key=key[:KEY_LIMIT],
        payload_base64=base64.b64encode(value[:PAYLOAD_LIMIT_BYTES]).decode("ascii"),
        payload_bytes=len(value),
        payload_sha256=None if whole else hashlib.sha256(value).hexdigest(),
    )
    return Output(topics.dead_letters, key[:KEY_LIMIT], _encode(letter))
