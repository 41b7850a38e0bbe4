"""Are many cards tried from one device?"""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from job.contracts import APPROVED, EntityType, Observation, Swipe
from job.rules.base import CrossCardRule, RuleParameters


class DeviceSharingParameters(RuleParameters, frozen=True, kw_only=True):
    """Parameters of :class:`DeviceSharing`.

    Parameters
    ----------
    window_ms
        Length of the tumbling window, milliseconds of event time. A choice: half an hour.
    cards
        Number of distinct cards tried from one device in the window from which on the rule fires.
        A choice: more than a household has at hand when one card after the other is declined.
    weight
        Probability of fraud that the rule alone stands for. A choice until measured.
    """

    window_ms: Annotated[int, Meta(gt=0, le=86_400_000)] = 1_800_000
    cards: Annotated[int, Meta(ge=2, le=10_000)] = 4
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.8


class DeviceSharing(CrossCardRule):
    """Are many cards tried from one device?

    Formula
    -------
    Of the judged ``ecommerce`` swipes with the same device and with event time in one tumbling
    window [k * ``window_ms``, (k + 1) * ``window_ms``) since the epoch, reversals left out, those
    count that were declined or were zero-amount checks. value = number of distinct card tokens
    among them. Fires when value >= ``cards``, once for each device and window, at the swipe that
    reaches it. The entity is ``device_id``. Declined means a response code other than 00, 10 and
    85.

    Misses
    ------
    A thief who has a device, or a fingerprint, for each card; cards tried more slowly than
    ``cards`` in a window, or on both sides of its edge; stolen cards that are approved at once,
    which are left out because who books for others pays with many cards, too.

    Disorder
    --------
    None within the watermark's bound: a count of distinct cards does not depend on order. A swipe
    that comes after its window has closed is dropped from the count and reported as such.

    References
    ----------
    EMVCo, "EMV 3-D Secure: Protocol and Core Functions Specification", which carries the device to
    the issuer. OWASP, "Automated Threat Handbook: Web Applications", OAT-001 Carding and OAT-010
    Card Cracking. Visa, "Anti-Enumeration and Account Testing Best Practices for Merchants": limit
    attempts by device. Window and count are choices.

    Examples
    --------
    A declined payment online counts for its device, an approved one does not:

    >>> from job.rules.example import example_swipe
    >>> online = {"entry_mode": "ecommerce", "device_id": "tablet"}
    >>> DeviceSharing().observe(example_swipe(**online, response_code="14")).entity_id
    'tablet'
    >>> DeviceSharing().observe(example_swipe(**online, response_code="00")) is None
    True
    """

    name: ClassVar[str] = "device_sharing"
    reason_code: ClassVar[str] = "DEVICE_SHARING"
    unit: ClassVar[str] = "cards"
    needs: ClassVar[frozenset[str]] = frozenset({"device_id", "entry_mode", "response_code"})
    entity_type: ClassVar[EntityType] = "device"
    Parameters = DeviceSharingParameters
    parameters: DeviceSharingParameters

    @property
    def threshold(self) -> float:
        """Distinct cards in the window."""
        return float(self.parameters.cards)

    @property
    def window_ms(self) -> int:
        """The tumbling window."""
        return self.parameters.window_ms

    def observe(self, swipe: Swipe) -> Observation | None:
        """A trial of a card counts for the device that it came from."""
        device_id = swipe.device_id
        if device_id is None or swipe.entry_mode != "ecommerce":
            return None
        if swipe.message_type == "authorisation" and swipe.response_code in APPROVED:
            return None
        if swipe.message_type == "reversal":
            return None
        return Observation(
            rule=self.name,
            entity_id=device_id,
            card_token=swipe.card_token,
            swipe_id=swipe.swipe_id,
            event_time_ms=swipe.event_time_ms,
        )
