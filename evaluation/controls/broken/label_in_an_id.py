"""Is a generator noticed whose attacks can be told by the form of an identifier?"""

from __future__ import annotations

from typing import Final

import pandas as pd

from evaluation.controls.leaks import SCENARIO, Leak

PREFIX: Final = "ff"


class LabelInAnId(Leak):
    """The ids of all swipes of an attack begin alike, as those of a second generator would."""

    name = "label_in_an_id"
    broken = "the generator gives attacks swipe ids of their own"
    judge = "fingerprints"
    figure = f"{SCENARIO}_swipes"
    expected = "fail"

    def leak(self, rows: pd.DataFrame, attack: pd.Series[bool]) -> None:
        """Let them begin so."""
        rows.loc[attack, "swipe_id"] = PREFIX + rows.loc[attack, "swipe_id"].str[len(PREFIX) :]
