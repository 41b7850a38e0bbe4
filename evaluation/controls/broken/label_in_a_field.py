"""Is a generator noticed whose attacks can be told by one field of the message?"""

from __future__ import annotations

from typing import Final

import pandas as pd

from evaluation.controls.leaks import SCENARIO, Leak

#: A response code that is nobody's: suspected fraud, as ISO 8583 has it.
CODE: Final = "59"


class LabelInAField(Leak):
    """Every swipe of an attack says "suspected fraud" in its response code."""

    name = "label_in_a_field"
    broken = "the generator writes the label into the response code"
    judge = "separability"
    figure = f"{SCENARIO}_medium"
    expected = "fail"

    def leak(self, rows: pd.DataFrame, attack: pd.Series[bool]) -> None:
        """Write it there."""
        rows.loc[attack, "response_code"] = CODE
