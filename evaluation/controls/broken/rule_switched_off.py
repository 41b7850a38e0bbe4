"""Is a rule that is switched off noticed by what is written?"""

from __future__ import annotations

from evaluation.controls.base import CannotTry, Tampering
from evaluation.controls.engine_outputs import written_instead
from evaluation.controls.material import Material
from evaluation.history import History


class RuleSwitchedOff(Tampering):
    """The outputs are those of the engine without the rule that fires most.

    The oracle has all rules, so decisions say something else, and alerts are missing.
    """

    name = "rule_switched_off"
    broken = "the job runs without its busiest rule"
    judge = "delivery"
    figure = "different"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Write what the engine without the rule writes, when the job wrote."""
        if material.without_rule is None:
            raise CannotTry("no rule fired")
        return written_instead(material.history, material.without_rule.outputs)
