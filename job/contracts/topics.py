"""What are the topics called, and which record travels on which?"""

from __future__ import annotations

from typing import Final, get_args

import msgspec

from job.contracts.decisions import Alert, Decision
from job.contracts.fields import WindowKind
from job.contracts.inputs import CardProfile, ClockRecord, FraudReport, Swipe
from job.contracts.rule_changes import RuleAudit, RuleChange, Snooze
from job.contracts.strays import DeadLetter, LateSwipe, RefusedAlert, WindowDrop
from job.contracts.windows import WindowResult


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
