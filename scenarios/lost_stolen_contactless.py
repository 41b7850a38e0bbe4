"""Is a found or stolen card tapped for small amounts until the PIN is asked?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from scenarios.base import Difficulty, Incident, Role, Scenario, World
from scenarios.contactless import TapsParameters, run_of_taps

#: Groceries, fast food, pharmacies, other retail: near and quick. A choice.
_SHOPS: Final = ("5411", "5814", "5912", "5999")


class LostStolenContactlessParameters(TapsParameters, frozen=True, kw_only=True):
    """The dial of :class:`LostStolenContactless`: a run of taps. All values are choices."""


class LostStolenContactless(Scenario):
    """Is a found or stolen card tapped for small amounts until the PIN is asked?

    What happens
    ------------
    Who has found or stolen a card does not know its PIN, and taps it for amounts below the
    limit at shops nearby, until the terminal asks for the PIN (the issuer's counter is full) or
    the holder has called. The holder makes no swipe meanwhile.

    Reported by
    -----------
    The holder, on missing the card.

    Difficulty
    ----------
    easy: a dozen taps within the hour, each near the limit. medium: fewer, over some hours.
    hard: three or four, of ordinary amounts, as far apart as a holder's on a day in town.

    References
    ----------
    Commission Delegated Regulation (EU) 2018/389, article 11: contactless payments up to 50
    euro, at most five in a row or 150 euro in all. UK Finance, "Annual Fraud Report", on lost
    and stolen cards. ECB, "Report on card fraud" (2021).
    """

    name: ClassVar[str] = "lost_stolen_contactless"
    role: ClassVar[Role] = "attack"
    Parameters = LostStolenContactlessParameters
    parameters: LostStolenContactlessParameters
    by_difficulty: ClassVar[Mapping[Difficulty, LostStolenContactlessParameters]] = {
        "easy": LostStolenContactlessParameters(
            taps_min=7,
            taps_max=13,
            gap_mean_s=220.0,
            amount_factor=2.2,
            refused_share=0.2,
        ),
        "medium": LostStolenContactlessParameters(
            taps_min=4,
            taps_max=9,
            gap_mean_s=900.0,
            amount_factor=1.6,
            refused_share=0.12,
        ),
        "hard": LostStolenContactlessParameters(
            taps_min=3,
            taps_max=6,
            gap_mean_s=1_900.0,
            amount_factor=1.0,
            refused_share=0.05,
        ),
    }

    def incident(self, world: World, dial: LostStolenContactlessParameters) -> Incident:
        """One card in the wrong hands."""
        return run_of_taps(world, dial, _SHOPS, "attack")
