"""Is a generator noticed whose attacks can be told by the form of an identifier?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from evaluation.controls.base import CannotTry, Control, Sighting
from evaluation.controls.leaks import SCENARIO, seen_by_check
from evaluation.controls.material import Material

PREFIX: Final = "ff"


class LabelInAnId(Control):
    """The ids of all swipes of an attack begin alike, as those of a second generator would."""

    name = "label_in_an_id"
    broken = "the generator gives attacks swipe ids of their own"
    judge = "fingerprints"
    figure = f"{SCENARIO}_swipes"
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
        attack = rows["role"] == "attack"
        rows.loc[attack, "swipe_id"] = PREFIX + rows.loc[attack, "swipe_id"].str[len(PREFIX) :]
        return seen_by_check(self, replace(traffic, staged=rows))
