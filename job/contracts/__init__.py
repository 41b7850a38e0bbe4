"""What travels on the topics, field by field and unit by unit?

Every record is one JSON object (UTF-8) with a contract version ``v``. The structures here are
the only definition: the JSON Schemas below ``docs/schemas/`` are generated from them. Labels (what
is fraud) never travel in a message.
"""

from __future__ import annotations

from job.contracts.decisions import Alert, Decision, Finding
from job.contracts.fields import (
    APPROVED,
    CARD_PRESENT,
    CONTRACT_VERSION,
    Action,
    AmountMinor,
    BinCode,
    CardCount,
    ChangeVersion,
    CountryCode,
    CurrencyCode,
    DeadLetterReason,
    EntityType,
    EntryMode,
    EventTimeMs,
    Fate,
    FraudKind,
    Identifier,
    Latitude,
    Longitude,
    MccCode,
    MessageType,
    Note,
    RefusalReason,
    ResponseCode,
    RuleMode,
    Score,
    Version,
    WallTimeMs,
    WindowKind,
)
from job.contracts.inputs import CardProfile, ClockRecord, FraudReport, Swipe
from job.contracts.rule_changes import RuleAudit, RuleChange, RuleRecord, Snooze, rule_record_key
from job.contracts.strays import DeadLetter, LateSwipe, RefusedAlert, WindowDrop
from job.contracts.topics import RECORDS_BY_TOPIC, WINDOW_KINDS, Topics
from job.contracts.windows import JudgedSwipe, Observation, WindowResult

__all__ = [
    "APPROVED",
    "CARD_PRESENT",
    "CONTRACT_VERSION",
    "RECORDS_BY_TOPIC",
    "WINDOW_KINDS",
    "Action",
    "Alert",
    "AmountMinor",
    "BinCode",
    "CardCount",
    "CardProfile",
    "ChangeVersion",
    "ClockRecord",
    "CountryCode",
    "CurrencyCode",
    "DeadLetter",
    "DeadLetterReason",
    "Decision",
    "EntityType",
    "EntryMode",
    "EventTimeMs",
    "Fate",
    "Finding",
    "FraudKind",
    "FraudReport",
    "Identifier",
    "JudgedSwipe",
    "LateSwipe",
    "Latitude",
    "Longitude",
    "MccCode",
    "MessageType",
    "Note",
    "Observation",
    "RefusalReason",
    "RefusedAlert",
    "ResponseCode",
    "RuleAudit",
    "RuleChange",
    "RuleMode",
    "RuleRecord",
    "Score",
    "Snooze",
    "Swipe",
    "Topics",
    "Version",
    "WallTimeMs",
    "WindowDrop",
    "WindowKind",
    "WindowResult",
    "rule_record_key",
]
