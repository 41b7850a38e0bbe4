"""Does detection fall when a rule is switched off?"""

from __future__ import annotations

from evaluation.controls.broken import rule_switched_off


class RuleSwitchedOffUndetected(rule_switched_off.RuleSwitchedOff):
    """The same break, by the attacks that are not found."""

    name = "rule_switched_off_undetected"
    judge = "detection"
    figure = "incident_recall"
