"""Were several cards copied at one terminal, and used elsewhere days later?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec

from scenarios.base import (
    Card,
    Difficulty,
    Incident,
    PlannedSwipe,
    Role,
    Scenario,
    ScenarioParameters,
    Terminal,
    World,
)
from scenarios.cash import CASH_MACHINE_MCC
from scenarios.drawing import chance, count_between, exponential_ms
from scenarios.planning import online_swipe, swipe_at
from scenarios.remote import MS_PER_H, scaled_amount_minor

MS_PER_DAY: Final = 24 * MS_PER_H
#: Days until most of what is used has been reported. A choice; of the generator's reports half are
#: in after a week.
REPORTED_AFTER_DAYS: Final = 14
#: Mean hours from use to report of those who report in a short span. A choice: holders whose phone
#: tells them of each payment.
TOLD_MEAN_H: Final = 48.0


class CompromisedTerminalParameters(ScenarioParameters, frozen=True, kw_only=True):
    """The dial of :class:`CompromisedTerminal`. All values are choices.

    Parameters
    ----------
    cards_min, cards_max
        Cards copied and used, evenly.
    told_min, told_max
        Further cards, evenly, where the span is too short for anything in it to be reported in it:
        used before it begins, and reported in it.
    visits_within_h
        Hours in which they visited the merchant.
    dormant_mean_h
        Mean hours from visit to use (exponential).
    uses_max
        Uses of a card, 1 to this, evenly.
    stripe_share
        Uses at a counter, by stripe; the others are on the net.
    amount_factor
        Amounts over what the holder would spend there.
    declined_share
        Uses that the host declines.
    """

    cards_min: int
    cards_max: int
    told_min: int
    told_max: int
    visits_within_h: float
    dormant_mean_h: float
    uses_max: int
    stripe_share: float
    amount_factor: float
    declined_share: float


class CompromisedTerminal(Scenario):
    """Were several cards copied at one terminal, and used elsewhere days later?

    What happens
    ------------
    A terminal or checkout is skimmed. Cards that paid there in some days are copied; days later
    each is used once or a few times, for ordinary amounts, by people who bought the details: a
    stripe at a counter in the same country, or the number on the net. What the cards have in
    common is the merchant. Over weeks, reports of the first uses come while others go on. A span
    shorter than that begins in the middle: some cards were used days before, and their holders
    report it meanwhile.

    Reported by
    -----------
    The holders, one by one; the issuer, who finds the merchant that they share.

    Difficulty
    ----------
    easy: many cards, used within a day of each other, by stripe, dearly. medium: fewer, over
    days. hard: a few cards, weeks apart where the span allows, on the net, for ordinary
    amounts.

    References
    ----------
    Europol, "Payment Card Fraud in the European Union" (2012), on skimming. Visa, "What To Do
    If Compromised", on common points of purchase. EAST, "European Payment Terminal Crime
    Report".
    """

    name: ClassVar[str] = "compromised_terminal"
    role: ClassVar[Role] = "attack"
    Parameters = CompromisedTerminalParameters
    parameters: CompromisedTerminalParameters
    by_difficulty: ClassVar[Mapping[Difficulty, CompromisedTerminalParameters]] = {
        "easy": CompromisedTerminalParameters(
            cards_min=7,
            cards_max=10,
            told_min=5,
            told_max=7,
            visits_within_h=24.0,
            dormant_mean_h=30.0,
            uses_max=4,
            stripe_share=0.8,
            amount_factor=3.0,
            declined_share=0.2,
        ),
        "medium": CompromisedTerminalParameters(
            cards_min=5,
            cards_max=8,
            told_min=4,
            told_max=6,
            visits_within_h=48.0,
            dormant_mean_h=60.0,
            uses_max=3,
            stripe_share=0.4,
            amount_factor=1.7,
            declined_share=0.12,
        ),
        "hard": CompromisedTerminalParameters(
            cards_min=4,
            cards_max=6,
            told_min=1,
            told_max=3,
            visits_within_h=72.0,
            dormant_mean_h=96.0,
            uses_max=2,
            stripe_share=0.1,
            amount_factor=1.1,
            declined_share=0.06,
        ),
    }

    def incident(self, world: World, dial: CompromisedTerminalParameters) -> Incident:
        """One merchant and its cards."""
        first = world.take_card()
        while first.place.country != first.home_country:
            # Where a single holder travels there are no neighbours with cards of these issuers.
            first = world.take_card()
        merchant = world.terminal(first.place)
        # The visit's terminal is where the holder is, so all its cards are of that city.
        cards = [first, *self._neighbours(world, first, dial)]
        within_ms = round(dial.visits_within_h * MS_PER_H)
        anchor_ms = world.moment_ms()
        swipes: list[PlannedSwipe] = []
        for number, card in enumerate(cards):
            dormant_ms = exponential_ms(world, dial.dormant_mean_h * 3_600, 3_600.0)
            # All are used within the span, so that the incident has several cards there.
            use_ms = anchor_ms if number == 0 else world.moment_ms()
            visit_ms = min(use_ms, anchor_ms) - dormant_ms - int(world.rng.integers(within_ms))
            visit = swipe_at(world, card, merchant, visit_ms, "ordinary")
            swipes.append(msgspec.structs.replace(visit, response_code="00"))
            swipes += self._uses(world, dial, card, use_ms)
        if world.end_ms - world.start_ms < REPORTED_AFTER_DAYS * MS_PER_DAY:
            swipes += self._told(world, dial, first, merchant)
        return Incident(
            entity_type="merchant",
            entity_id=merchant.merchant_id,
            swipes=tuple(swipes),
            holder_swipes_on=True,
        )

    @staticmethod
    def _neighbours(world: World, first: Card, dial: CompromisedTerminalParameters) -> list[Card]:
        wanted = count_between(world, dial.cards_min, dial.cards_max) - 1
        return world.take_cards_at(first.place, wanted)

    def _told(
        self, world: World, dial: CompromisedTerminalParameters, first: Card, merchant: Terminal
    ) -> list[PlannedSwipe]:
        """Cards that were used before the span, and whose holders report it in the span."""
        within_ms = round(dial.visits_within_h * MS_PER_H)
        swipes: list[PlannedSwipe] = []
        for card in world.take_cards_at(
            first.place, count_between(world, dial.told_min, dial.told_max)
        ):
            reported_ms = world.moment_ms()
            use_ms = min(reported_ms, world.start_ms) - exponential_ms(
                world, TOLD_MEAN_H * 3_600, 7_200.0
            )
            dormant_ms = exponential_ms(world, dial.dormant_mean_h * 3_600, 3_600.0)
            visit_ms = use_ms - dormant_ms - int(world.rng.integers(within_ms))
            visit = swipe_at(world, card, merchant, visit_ms, "ordinary")
            use, *more = self._uses(world, dial, card, use_ms)
            swipes += [
                msgspec.structs.replace(visit, response_code="00"),
                msgspec.structs.replace(use, response_code="00", reported_ms=reported_ms),
                *(each for each in more if each.event_time_ms < world.start_ms),
            ]
        return swipes

    @staticmethod
    def _uses(
        world: World, dial: CompromisedTerminalParameters, card: Card, first_ms: int
    ) -> list[PlannedSwipe]:
        by_stripe = chance(world, dial.stripe_share)
        others = [
            place
            for place in world.places
            if place.country == card.place.country and place != card.place
        ]
        elsewhere = others[int(world.rng.integers(len(others)))] if others else card.place
        device_id = world.unknown_device()
        uses: list[PlannedSwipe] = []
        at_ms = first_ms
        for _ in range(count_between(world, 1, dial.uses_max)):
            shop = world.terminal(elsewhere) if by_stripe else world.online_terminal()
            amount_minor = scaled_amount_minor(world, card, shop, dial.amount_factor)
            code = "05" if chance(world, dial.declined_share) else "00"
            if by_stripe:
                use = swipe_at(world, card, shop, at_ms, "attack")
                notes = shop.mcc == CASH_MACHINE_MCC
                use = msgspec.structs.replace(
                    use,
                    amount_minor=use.amount_minor if notes else amount_minor,
                    entry_mode="magstripe",
                    response_code=code,
                )
            else:
                use = online_swipe(
                    world,
                    card,
                    shop,
                    at_ms,
                    "attack",
                    device_id=device_id,
                    amount_minor=amount_minor,
                    response_code=code,
                )
            uses.append(use)
            at_ms += exponential_ms(world, 1_800.0, 30.0)
        return uses
