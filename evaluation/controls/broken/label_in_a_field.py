"""Is a generator noticed whose attacks can be told by one field of the message?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from evaluation.controls.base import CannotTry, Control, Sighting
from evaluation.controls.leaks import SCENARIO, seen_by_check
from evaluation.controls.material import Material

#: A response code that is nobody's: suspected fraud, as ISO 8583 has it.
CODE: Final = "59"


class LabelInAField(Control):
    """Every swipe of an attack says "suspected fraud" in its response code."""

    name = "label_in_a_field"
    broken = "the generator writes the label into the response code"
    judge = "separability"
    figure = f"{SCENARIO}_medium"
    expected = "fail"

    def unbroken(self, material: Material) -> Sighting:
        """Of the traffic as it is generated."""
        return seen_by_check(self, material.traffic)

    def sighted(self, material: Material) -> Sighting:
        """Of the traffic with the label in it."""
        traffic = material.traffic
        if traffic is None:
            raise CannotTry("no traffic was generated")
        rows = traffic.staged.copy()
        rows.loc[rows["role"] == "attack", "response_code"] = CODE
        return seen_by_check(self, replace(traffic, staged=rows))
