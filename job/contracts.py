"""What travels on the topics, field by field and unit by unit?

Every record is one JSON object (UTF-8) with a contract version ``v``. The structures here are
the only definition: the JSON Schemas below ``docs/schemas/`` are generated from them.

Field names follow ISO 8583 (card messages); codes follow ISO 4217 (currency), ISO 18245
(merchant category) and ISO 3166-1 alpha-2 (country). All times are event times in milliseconds
since 1970-01-01T00:00:00Z, unless a field says that it is wall time. Labels (what is fraud) never
travel in a message.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

CONTRACT_VERSION: Final = 1

Version = Annotated[int, Meta(ge=1, le=CONTRACT_VERSION, description="Contract version.")]
Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
EventTimeMs = Annotated[
    int,
    Meta(ge=0, le=253_402_300_799_999, description="Event time, ms since the Unix epoch (UTC)."),
]
AmountMinor = Annotated[
    int,
    Meta(
        ge=0,
        le=10**12,
        description="Cardholder billing amount (ISO 8583 field 6) in minor units of `currency`.",
    ),
]
CurrencyCode = Annotated[str, Meta(min_length=3, max_length=3, description="ISO 4217, letters.")]
CountryCode = Annotated[str, Meta(min_length=2, max_length=2, description="ISO 3166-1 alpha-2.")]
MccCode = Annotated[str, Meta(min_length=4, max_length=4, description="ISO 18245.")]
BinCode = Annotated[
    str, Meta(min_length=6, max_length=8, description="ISO/IEC 7812 issuer number.")
]
ResponseCode = Annotated[
    str, Meta(min_length=2, max_length=2, description="ISO 8583 field 39: the host's own checks.")
]
Latitude = Annotated[float, Meta(ge=-90.0, le=90.0, description="Degrees, WGS 84.")]
Longitude = Annotated[float, Meta(ge=-180.0, le=180.0, description="Degrees, WGS 84.")]
Score = Annotated[float, Meta(ge=0.0, le=1.0, description="0 nothing suspicious, 1 certain.")]

EntryMode = Literal["chip", "contactless", "magstripe", "fallback", "ecommerce", "recurring"]
MessageType = Literal["authorisation", "zero_amount_check", "reversal"]
Action = Literal["clear", "review", "block"]
Fate = Literal["dead_letter", "late", "repeat", "judged"]
EntityType = Literal["card", "merchant", "bin", "device"]
WindowKind = Literal["merchant_minute", "bin_minute", "card_hour", "card_session"]
DeadLetterReason = Literal[
    "empty",
    "not_utf8",
    "not_json",
    "contract",
    "unknown_version",
    "key_mismatch",
    "timestamp_mismatch",
    "event_time_ahead",
    "id_conflict",
    "internal_error",
    "rule_change",
]
RuleMode = Literal["active", "shadow", "paused"]
WallTimeMs = Annotated[
    int,
    Meta(ge=0, le=253_402_300_799_999, description="Wall time, ms since the Unix epoch (UTC)."),
]
ChangeVersion = Annotated[
    int, Meta(ge=1, le=2**53 - 1, description="Of this key: higher with each change.")
]
Note = Annotated[str, Meta(max_length=500, description="Why, for people.")]
CardCount = Annotated[
    int, Meta(ge=1, le=2**53 - 1, description="Swipes of this card judged so far, this one too.")
]
RefusalReason = Literal["contract", "refused"]
FraudKind = Literal["lost_or_stolen", "counterfeit", "card_not_present", "other"]

#: Entry modes in which the card itself is at the terminal (ISO 8583 field 22).
CARD_PRESENT: Final = frozenset({"chip", "contactless", "magstripe", "fallback"})
#: Response codes (ISO 8583 field 39) with which the host approves.
APPROVED: Final = frozenset({"00", "10", "85"})


class Swipe(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One authorisation as the issuer sees it: after its own checks, before its response leaves.

    Travels on ``swipes``, keyed by ``card_token``, with ``event_time_ms`` as the Kafka timestamp.
    """

    v: Version = CONTRACT_VERSION
    swipe_id: Identifier
    card_token: Identifier
    bin: BinCode
    event_time_ms: EventTimeMs
    amount_minor: AmountMinor
    currency: CurrencyCode
    mcc: MccCode
    merchant_id: Identifier
    terminal_id: Identifier
    country: CountryCode
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    entry_mode: EntryMode
    device_id: Identifier | None = None
    ip_country: CountryCode | None = None
    response_code: Annotated[
        str, Meta(min_length=2, max_length=2, description="ISO 8583 field 39.")
    ]
    message_type: MessageType = "authorisation"


class CardProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a card before its first swipe of this stream: the warm start.

    Travels on the compacted topic ``card-profiles``, keyed by ``card_token``. ``amount_log_mean``
    and ``amount_log_sd`` are mean and standard deviation of ln(amount in minor units) over
    ``amount_count`` approved authorisations. ``recent`` are the card's last swipes by event time,
    oldest first.
    """

    v: Version = CONTRACT_VERSION
    card_token: Identifier
    bin: BinCode
    updated_ms: EventTimeMs
    home_country: CountryCode
    home_latitude: Latitude
    home_longitude: Longitude
    currency: CurrencyCode
    amount_count: Annotated[int, Meta(ge=0, le=10**9)]
    amount_log_mean: Annotated[float, Meta(ge=-100.0, le=100.0)]
    amount_log_sd: Annotated[float, Meta(ge=0.0, le=100.0)]
    device_ids: Annotated[list[Identifier], Meta(max_length=16)] = []
    usual_countries: Annotated[list[CountryCode], Meta(max_length=16)] = []
    recent: Annotated[list[Swipe], Meta(max_length=64)] = []


class ClockRecord(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pushes one partition's event time forward when no more swipes follow.

    Travels on ``swipes``, one for each partition, with ``clock_time_ms`` as the Kafka timestamp.
    It is no swipe: it has no fate and is counted apart.
    """

    v: Version = CONTRACT_VERSION
    record: Literal["clock"] = "clock"
    clock_time_ms: EventTimeMs


class Decision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What was decided on one swipe: one compact record each.

    Travels on ``decisions``, keyed by ``card_token``. ``fate`` is ``judged`` or ``repeat``; a
    repeat (same id, same content) carries no judgement of its own: score 0, action ``clear``.
    Swipes with another fate stand on ``late-swipes`` or ``dead-letters``. ``rules`` names the
    rules that fired, ``rule_errors`` those that raised (the others still judged),
    ``shadow_rules`` those that would have fired and only watch: they are in no score or action.
    ``snoozed``: the score asked for a review or a block, and a snooze of the card or the merchant
    held the action at ``clear``. ``rules_version`` names the rules that judged where they were
    changed while the job runs (:class:`RuleAudit` says what they are); it is left out where those
    of the job's parameter file judged. ``card_count`` is how many swipes of this card the job has
    judged since its state began, this one included, as it stands in the card's durable state: a
    state that was restored with an update lost or doubled shows in it. A repeat has none, nor need
    another job have any.
    """

    v: Version
    swipe_id: Identifier
    card_token: Identifier
    event_time_ms: EventTimeMs
    fate: Literal["judged", "repeat"]
    score: Score
    action: Action
    partition: Annotated[int, Meta(ge=0, description="Source partition on `swipes`.")]
    offset: Annotated[int, Meta(ge=0, description="Source offset on `swipes`.")]
    rules: list[str] = []
    rule_errors: list[str] = []
    shadow_rules: list[str] = []
    snoozed: bool = False
    rules_version: str = ""
    card_count: CardCount | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Why one rule fired.

    ``value`` reached ``threshold`` (both in ``unit``); ``saw`` holds the other figures the rule
    looked at, units in their names; ``swipe_ids`` are the earlier swipes it rests on.
    """

    rule: Identifier
    reason_code: Identifier
    value: float
    threshold: float
    unit: str
    saw: dict[str, str | int | float | None] = {}
    swipe_ids: list[str] = []


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A flagged entity, explained.

    Travels on ``alerts``, keyed by ``entity_id``. ``alert_id`` is a function of the cause, so that
    a repeat can be recognised: ``card:<swipe_id>`` for a card,
    ``<rule>:<entity_id>:<window_start_ms>`` for a window that looks across cards.
    ``rules_version`` as in :class:`Decision`.
    """

    v: Version
    alert_id: Annotated[str, Meta(min_length=1, max_length=256)]
    entity_type: EntityType
    entity_id: Annotated[str, Meta(min_length=1, max_length=160)]
    swipe_id: Identifier
    event_time_ms: EventTimeMs
    score: Score
    action: Action
    findings: Annotated[list[Finding], Meta(min_length=1)]
    window_start_ms: EventTimeMs | None = None
    window_end_ms: EventTimeMs | None = None
    rules_version: str = ""


class LateSwipe(msgspec.Struct, frozen=True, kw_only=True):
    """A swipe that arrived too far behind its card's highest event time to be judged.

    Travels on ``late-swipes``, keyed by ``card_token``.
    """

    v: Version
    lateness_ms: Annotated[int, Meta(ge=0, description="Behind the card's newest swipe.")]
    partition: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    swipe: Swipe


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A record that could not be used, with the reason and where it stood.

    Travels on ``dead-letters``. ``payload_base64`` are the bytes as they came: all of them, or
    the first 512 KiB of a larger record. ``payload_sha256`` is there only if it was cut, and is
    over the whole; the whole stands at its place on its topic. Letters written before these two
    fields were there lack both, and hold all bytes.
    """

    v: Version
    reason: DeadLetterReason
    detail: str
    topic: str
    partition: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    key: str
    payload_base64: str
    payload_bytes: Annotated[int, Meta(ge=0, description="Length of the whole record.")] | None = (
        None
    )
    payload_sha256: (
        Annotated[str, Meta(min_length=64, max_length=64, description="Of a cut record, in hex.")]
        | None
    ) = None


class RefusedAlert(msgspec.Struct, frozen=True, kw_only=True):
    """A record of ``alerts`` that could not be put into the search index.

    Travels on ``alerts-dead-letters``. ``reason`` is ``contract`` where it is no alert, and
    ``refused`` where the index would not take it; ``detail`` says why, ``index`` where it was to
    go. ``payload_base64`` as in :class:`DeadLetter`. Where the indexer died before it had noted
    its place, the same place on ``alerts`` may stand here twice.
    """

    v: Version
    reason: RefusalReason
    detail: str
    index: str
    topic: str
    partition: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    key: str
    payload_base64: str
    payload_bytes: Annotated[int, Meta(ge=0, description="Length of the whole record.")]


class FraudReport(msgspec.Struct, frozen=True, kw_only=True):
    """A swipe that somebody says was fraud: a holder, or a person who worked on a case.

    Travels on ``fraud-reports``, keyed by ``card_token``, with ``reported_ms`` as the Kafka
    timestamp: days after the swipe, for some fraud never, and wrong for some genuine swipes.
    ``report_id`` is a function of the swipe, so that a repeat can be recognised. ``kind`` is how
    the details were used, as card schemes ask for it; it is not known whether it is right.
    """

    v: Version = CONTRACT_VERSION
    report_id: Annotated[str, Meta(min_length=1, max_length=128)]
    swipe_id: Identifier
    card_token: Identifier
    merchant_id: Identifier
    terminal_id: Identifier
    event_time_ms: EventTimeMs
    reported_ms: EventTimeMs
    kind: FraudKind


class WindowDrop(msgspec.Struct, frozen=True, kw_only=True):
    """A judged swipe that came after the window it belongs to had closed.

    Travels on ``window-drops``, keyed by ``entity_id``: the swipe has its decision, only this
    window did not count it. ``window`` says which kind: ``rule`` for what a rule that looks across
    cards counts, named in ``rule``, or one of those whose results travel on topics of their own.
    The bounds are those of the window it would have been in: of ``card_hour`` the minute, of
    ``card_session`` the session that it would have begun. ``lateness_ms`` is how far the watermark
    had passed the window's last millisecond.
    """

    v: Version
    window: Literal["rule"] | WindowKind = "rule"
    rule: Identifier | None = None
    entity_id: str
    swipe_id: Identifier
    event_time_ms: EventTimeMs
    window_start_ms: EventTimeMs
    window_end_ms: EventTimeMs
    lateness_ms: int


class RuleChange(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="record",
    tag="rule",
):
    """How one rule judges from now on, until it is changed again.

    Travels on the compacted topic ``rules``, keyed by the rule's name. ``parameters`` are all that
    differ from the parameter file the job was started with; what is left out has that file's
    value, not that of an earlier change. ``mode``: it acts, it only watches (shadow), or it does
    not judge (paused). A record without a value takes the rule back to the parameter file.
    """

    v: Version = CONTRACT_VERSION
    change_id: Identifier
    version: ChangeVersion
    rule: Identifier
    mode: RuleMode = "active"
    parameters: Annotated[dict[Identifier, bool | int | float | str], Meta(max_length=64)] = {}
    author: Identifier
    changed_ms: WallTimeMs
    note: Note = ""


class Snooze(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="record",
    tag="snooze",
):
    """No alert on one card, or at one merchant, for swipes before an event time.

    Travels on ``rules``, keyed ``snooze|<entity_type>|<entity_id>``. The swipes are judged all the
    same. A record without a value ends the snooze.
    """

    v: Version = CONTRACT_VERSION
    change_id: Identifier
    version: ChangeVersion
    entity_type: Literal["card", "merchant"]
    entity_id: Identifier
    until_ms: Annotated[EventTimeMs, Meta(description="Event time; this moment excluded.")]
    author: Identifier
    changed_ms: WallTimeMs
    note: Note = ""


RuleRecord = RuleChange | Snooze


def rule_record_key(record: RuleRecord) -> str:
    """The key under which a record of ``rules`` travels, so that compaction keeps the newest."""
    if isinstance(record, RuleChange):
        return record.rule
    return f"snooze|{record.entity_type}|{record.entity_id}"


class RuleAudit(msgspec.Struct, frozen=True, kw_only=True):
    """One task of the job says that it took a record of ``rules``, and which rules judge now.

    Travels on ``rule-audit``, keyed as the record was. ``part`` is what of the job it is: the rules
    on one card, or those across cards; each of its ``parallelism`` tasks says so once.
    ``rules_version`` is over all rules with all their parameters; ``change_id`` and
    ``change_version`` are null where a record without a value took a change back. What was refused
    stands on ``dead-letters``.
    """

    v: Version
    key: str
    change_id: Identifier | None
    change_version: ChangeVersion | None
    rules_version: str
    previous_rules_version: str
    part: Literal["card", "window"]
    subtask: Annotated[int, Meta(ge=0)]
    parallelism: Annotated[int, Meta(ge=1)]
    partition: Annotated[int, Meta(ge=0, description="Source partition on `rules`.")]
    offset: Annotated[int, Meta(ge=0, description="Source offset on `rules`.")]
    applied_ms: WallTimeMs


class WindowResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one event-time window held when the watermark closed it: one record each.

    Travels on ``windows-merchant-minute``, ``windows-bin-minute``, ``windows-card-hour`` and
    ``windows-card-session``, keyed by ``entity_id``: merchant, BIN or card. Counted are judged
    swipes only. ``card_hour`` is written for the minutes in which the card swiped, and is the hour
    that ends with that minute; it may begin before 1970. A ``card_session`` begins with its first
    swipe and ends 30 minutes after its last. ``declined`` are swipes that the host's own checks did
    not approve. ``spent_minor`` adds up approved authorisations, in minor units by currency (ISO
    4217); a currency in which nothing was spent is not there.
    """

    v: Version
    window: WindowKind
    entity_id: Identifier
    window_start_ms: Annotated[int, Meta(description="Event time, ms; inclusive.")]
    window_end_ms: Annotated[int, Meta(description="Event time, ms; exclusive.")]
    swipes: Annotated[int, Meta(ge=1)]
    declined: Annotated[int, Meta(ge=0)]
    spent_minor: dict[CurrencyCode, Annotated[int, Meta(ge=1)]]
    first_event_time_ms: EventTimeMs
    last_event_time_ms: EventTimeMs


class JudgedSwipe(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What event-time windows need of one judged swipe. Inside the job only.

    The order of the fields is read in Java (``ReadJudged``).
    """

    swipe_id: str
    card_token: str
    merchant_id: str
    bin: str
    event_time_ms: int
    currency: str
    spent_minor: int
    declined: bool


class Observation(msgspec.Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """What a rule that looks across cards needs of one judged swipe. Inside the job only.

    ``reported``: it is not of the swipe as it came but of a report that it was fraud; the time is
    then the report's.
    """

    rule: str
    entity_id: str
    card_token: str
    swipe_id: str
    event_time_ms: int
    reported: bool = False


class Topics(msgspec.Struct, frozen=True, kw_only=True):
    """The topics of one run; a run is alone, so each has its own prefix."""

    swipes: str
    card_profiles: str
    rules: str
    decisions: str
    alerts: str
    late_swipes: str
    dead_letters: str
    window_drops: str
    rule_audit: str
    windows_merchant_minute: str
    windows_bin_minute: str
    windows_card_hour: str
    windows_card_session: str
    alerts_dead_letters: str
    fraud_reports: str

    @classmethod
    def with_prefix(cls, prefix: str = "") -> Topics:
        """Name the topics.

        Parameters
        ----------
        prefix
            Put before each name as it is, e.g. ``"run-7."``. Empty in production.
        """
        return cls(
            swipes=f"{prefix}swipes",
            card_profiles=f"{prefix}card-profiles",
            rules=f"{prefix}rules",
            decisions=f"{prefix}decisions",
            alerts=f"{prefix}alerts",
            late_swipes=f"{prefix}late-swipes",
            dead_letters=f"{prefix}dead-letters",
            window_drops=f"{prefix}window-drops",
            rule_audit=f"{prefix}rule-audit",
            windows_merchant_minute=f"{prefix}windows-merchant-minute",
            windows_bin_minute=f"{prefix}windows-bin-minute",
            windows_card_hour=f"{prefix}windows-card-hour",
            windows_card_session=f"{prefix}windows-card-session",
            alerts_dead_letters=f"{prefix}alerts-dead-letters",
            fraud_reports=f"{prefix}fraud-reports",
        )

    def outputs(self) -> tuple[str, ...]:
        """The topics that the job writes for what it reads on ``swipes``."""
        return (
            self.decisions,
            self.alerts,
            self.late_swipes,
            self.dead_letters,
            self.window_drops,
            *self.windows().values(),
        )

    def compacted(self) -> tuple[str, ...]:
        """The topics of which the newest record of each key counts."""
        return (self.card_profiles, self.rules)

    def windows(self) -> dict[WindowKind, str]:
        """Where the results of each kind of event-time window go."""
        return {
            "merchant_minute": self.windows_merchant_minute,
            "bin_minute": self.windows_bin_minute,
            "card_hour": self.windows_card_hour,
            "card_session": self.windows_card_session,
        }


#: Every kind of event-time window.
WINDOW_KINDS: Final[tuple[WindowKind, ...]] = get_args(WindowKind)
#: The records by the (unprefixed) topic they travel on.
RECORDS_BY_TOPIC: Final[dict[str, tuple[type[msgspec.Struct], ...]]] = {
    "swipes": (Swipe, ClockRecord),
    "card-profiles": (CardProfile,),
    "rules": (RuleChange, Snooze),
    "decisions": (Decision,),
    "alerts": (Alert,),
    "late-swipes": (LateSwipe,),
    "dead-letters": (DeadLetter,),
    "window-drops": (WindowDrop,),
    "rule-audit": (RuleAudit,),
    "windows-merchant-minute": (WindowResult,),
    "windows-bin-minute": (WindowResult,),
    "windows-card-hour": (WindowResult,),
    "windows-card-session": (WindowResult,),
    "alerts-dead-letters": (RefusedAlert,),
    "fraud-reports": (FraudReport,),
}
