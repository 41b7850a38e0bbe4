"""Does a new device in a new country spend a lot without the card?"""

from __future__ import annotations

from math import exp
from typing import Annotated, ClassVar

from msgspec import Meta

from job.contracts import Swipe
from job.engine.card_state import CardState
from job.rules.base import CardRule, Evidence, RuleParameters


class AccountTakeoverParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`AccountTakeover`.

    Parameters
    ----------
    ratio
        Multiple of the card's typical amount from which on the rule fires, a ratio. A choice.
    device_new_ms
        A device is new until this long after its first approved swipe, milliseconds of event time.
        A choice: one day.
    count_min
        Number of approved amounts that the typical amount must rest on. A choice.
    weight
        Probability of fraud that the rule alone stands for. A choice until measured.
    """

    ratio: Annotated[float, Meta(gt=0.0, le=10_000.0)] = 3.0
    device_new_ms: Annotated[int, Meta(ge=0, le=31_536_000_000)] = 86_400_000
    count_min: Annotated[int, Meta(ge=1, le=1_000_000)] = 5
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.7


class AccountTakeover(CardRule):
    """Does a new device in a new country spend a lot without the card?

    Formula
    -------
    All of these hold, or value = 0:

    - the swipe, at event time t, is an ``ecommerce`` ``authorisation``, approved or declined;
    - it has a ``device_id`` that is not among the profile's devices, and t - f < ``device_new_ms``
      where f is the event time of the card's first-arrived approved swipe (of any message type or
      entry mode) with this device; a device without such a swipe is new;
    - the card has a profile, and ``ip_country`` is given, is not the profile's home country and not
      one of its usual countries;
    - n >= ``count_min``, where n and the mean m of ln(amount) are over the card's earlier-arrived,
      approved ``authorisation`` swipes with an amount > 0 and those that its profile sums up.

    value = amount / exp(m): the multiple of the card's typical (geometric mean) amount. Fires when
    value >= ``ratio``.

    Misses
    ------
    A thief behind a proxy at home or on the holder's own device; swipes without a device or an IP
    country; ordinary amounts. Of a card's devices 16 are remembered, so one that was forgotten
    is new again. A holder abroad with a new telephone.

    Disorder
    --------
    Devices and the mean cover what has arrived. Of a new device's first two swipes, either may be
    judged first, and both find it new. A device whose first approved swipe arrived earlier but
    happened up to 30 s later than this one (t - f < 0) is new.

    References
    ----------
    Commission Delegated Regulation (EU) 2018/389, article 18(2)(c): abnormal spending (i), unusual
    information about the payer's device (ii), abnormal location of the payer (v). OWASP, "Automated
    Threat Handbook: Web Applications", OAT-007 Credential Cracking and OAT-008 Credential Stuffing:
    how accounts are taken over.

    Examples
    --------
    A card that pays 40.00 on a telephone in France pays 400.00 from elsewhere:

    >>> from job.rules.example import Typical, example_card, example_swipe
    >>> card = example_card(typical=Typical(amount_minor=4_000))
    >>> swipe = example_swipe(
    ...     amount_minor=40_000, entry_mode="ecommerce", device_id="unheard-of", ip_country="BR"
    ... )
    >>> round(AccountTakeover().measure(swipe, card), 6)
    10.0
    """

    name: ClassVar[str] = "account_takeover"
    reason_code: ClassVar[str] = "ACCOUNT_TAKEOVER"
    unit: ClassVar[str] = "times the typical amount"
    needs: ClassVar[frozenset[str]] = frozenset(
        {"country", "device_id", "entry_mode", "ip_country"}
    )
    Parameters = AccountTakeoverParameters
    parameters: AccountTakeoverParameters

    @property
    def threshold(self) -> float:
        """Multiple of the typical amount."""
        return self.parameters.ratio

    @property
    def lookback_ms(self) -> int:
        """Devices and running figures need no history."""
        return 0

    def measure(self, swipe: Swipe, card: CardState) -> float:
        """Multiple of the typical amount, if device and country are new."""
        if swipe.entry_mode != "ecommerce" or swipe.message_type != "authorisation":
            return 0.0
        country = swipe.ip_country
        if country is None or country == card.home_country or country in card.usual_countries:
            return 0.0
        if not card.has_profile or card.amount_count < self.parameters.count_min:
            return 0.0
        if swipe.device_id is None or not self._is_new(swipe.device_id, swipe, card):
            return 0.0
        return swipe.amount_minor / exp(card.amount_log_mean)

    def _is_new(self, device_id: str, swipe: Swipe, card: CardState) -> bool:
        first_seen_ms = card.device_first_seen_ms.get(device_id)
        if first_seen_ms is None:
            return True
        # The profile's devices have 0: known since before everything.
        if first_seen_ms == 0:
            return False
        return swipe.event_time_ms - first_seen_ms < self.parameters.device_new_ms

    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        """Device, country and typical amount, and what the device did before."""
        first_seen_ms = card.device_first_seen_ms.get(swipe.device_id or "")
        return Evidence(
            {
                "device_id": swipe.device_id,
                "device_first_seen_ms": first_seen_ms,
                "ip_country": swipe.ip_country,
                "home_country": card.home_country,
                "amount_minor": swipe.amount_minor,
                "typical_minor": round(exp(card.amount_log_mean)),
                "amount_count": card.amount_count,
            },
            tuple(past.swipe_id for past in card.history if past.device_id == swipe.device_id),
        )
