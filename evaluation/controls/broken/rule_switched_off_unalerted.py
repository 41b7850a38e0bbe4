"""Are the alerts of a rule that is switched off missed?"""

from __future__ import annotations

from evaluation.controls.broken import rule_switched_off


class RuleSwitchedOffUnalerted(rule_switched_off.RuleSwitchedOff):
    """The same break, by the alerts that do not come."""

    name = "rule_switched_off_unalerted"
    figure = "alerts_missing"
