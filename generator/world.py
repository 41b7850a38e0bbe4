"""What of the population does a scenario get to see?

The generator's side of :class:`scenarios.base.World`: cards, terminals and habits drawn from the
same portfolio, market and distributions as the ordinary traffic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from generator.cards import Cards, Portfolio
from generator.habits import FOREIGN_IP_SHARE, amounts, entry_modes, responses
from generator.merchants import ONLINE_PLACE, Market
from generator.mixing import F64, I64
from generator.places import CURRENCIES, PLACES
from generator.schedule import activity_days, time_at_activity
from generator.settings import SettingsError
from generator.spending import (
    CATEGORIES,
    ONLINE,
    ONLINE_CUMULATIVE,
    PRESENT,
    PRESENT_CUMULATIVE,
)
from generator.swipe_table import ENTRY_MODES, IP_COUNTRIES, NEW_DEVICE, RESPONSE_CODES
from generator.tokens import card_token, device_id
from job.contracts import EntryMode
from scenarios.base import Card, Place, Terminal

#: Owner of devices that belong to no card of the population.
STRANGER = -1
#: Attempts at a card that no incident has yet, before the portfolio counts as used up.
TAKE_ATTEMPTS = 1_000
#: Draws until there are enough cards of one kind, and cards in each draw.
WHERE_ATTEMPTS = 200
WHERE_DRAW = 2_000


class PopulationWorld:
    """The population as one scenario sees it.

    Parameters
    ----------
    taken
        Numbers of the cards that incidents have; shared by the scenarios of a replay, added to.
    rng
        The scenario's own.
    start_ms, end_ms
        Span of the incidents, event time, end exclusive.
    """

    def __init__(
        self,
        portfolio: Portfolio,
        market: Market,
        taken: set[int],
        key: bytes,
        rng: np.random.Generator,
        start_ms: int,
        end_ms: int,
    ) -> None:
        self.rng = rng
        self.start_ms = start_ms
        self.end_ms = end_ms
        self.places: Sequence[Place] = PLACES
        self._portfolio = portfolio
        self._market = market
        self._taken = taken
        self._key = key
        self._seed = portfolio.settings.seed
        self._cards: dict[int, Cards] = {}

    def take_card(self) -> Card:
        """A card of the population that no other incident has.

        Raises
        ------
        SettingsError
            If the portfolio is too small for so many incidents.
        """
        for _ in range(TAKE_ATTEMPTS):
            number = int(self._portfolio.draw(self.rng, 1)[0])
            if number not in self._taken:
                break
        else:
            raise SettingsError(
                f"the portfolio of {self._portfolio.size} cards is too small for more than "
                f"{len(self._taken)} incidents: ask for fewer, or for more cards (a higher "
                "rate_per_min)"
            )
        return self._card(number)

    def take_cards_of_bin(self, bin_: str, count: int) -> list[Card]:
        """So many cards of one issuer number that no other incident has.

        Raises
        ------
        SettingsError
            If the issuer number has too few cards left.
        """
        found = self._take_where(lambda cards: [one == bin_ for one in cards.bin], count)
        if len(found) < count:
            raise self._too_few(f"issuer number {bin_}", count)
        return found

    def take_cards_at(self, place: Place, count: int) -> list[Card]:
        """So many cards whose holders are in that city, that no other incident has.

        Raises
        ------
        SettingsError
            If too few are left.
        """
        found = self._take_where(lambda cards: (cards.current == place.number).tolist(), count)
        if len(found) < count:
            raise self._too_few(place.name, count)
        return found

    def _take_where(self, fits: Callable[[Cards], list[bool]], count: int) -> list[Card]:
        found: list[Card] = []
        for _ in range(WHERE_ATTEMPTS):
            if len(found) == count:
                break
            numbers = np.unique(self._portfolio.draw(self.rng, WHERE_DRAW))
            self.rng.shuffle(numbers)
            for number, is_fit in zip(
                numbers.tolist(), fits(self._portfolio.cards(numbers)), strict=True
            ):
                if is_fit and number not in self._taken and len(found) < count:
                    found.append(self._card(number))
        return found

    def _too_few(self, where: str, count: int) -> SettingsError:
        return SettingsError(
            f"{where} has fewer than {count} cards left in a portfolio of "
            f"{self._portfolio.size}: ask for fewer incidents, or for more cards (a higher "
            "rate_per_min)"
        )

    def unissued_card(self, like: Card) -> Card:
        """A number of the same issuer that no card has."""
        number = -2 - int(self.rng.integers(2**40))
        self._cards[number] = self._cards[like.number]
        token = card_token(self._key, self._seed, number)
        return msgspec.structs.replace(like, number=number, card_token=token, is_issued=False)

    def moment_ms(self) -> int:
        """An event time in the span, drawn by the daily rhythm of ordinary swipes."""
        edges = activity_days(np.array([self.start_ms, self.end_ms]))
        at = edges[:1] + self.rng.random(1) * (edges[1:] - edges[:1])
        moment_ms = int(time_at_activity(at)[0])
        return min(max(moment_ms, self.start_ms), self.end_ms - 1)

    def _card(self, number: int) -> Card:
        self._taken.add(number)
        cards = self._portfolio.cards(np.array([number]))
        self._cards[number] = cards
        home = PLACES[int(cards.home[0])]
        return Card(
            number=number,
            card_token=card_token(self._key, self._seed, number),
            bin=cards.bin[0],
            currency=CURRENCIES[home.country][0],
            home_country=home.country,
            place=PLACES[int(cards.current[0])],
            device_ids=tuple(
                device_id(self._key, self._seed, number, slot)
                for slot in range(int(cards.devices[0]))
            ),
            amount_log_mean=float(cards.amount_log_mean[0]),
            amount_log_sd=float(cards.amount_log_sd[0]),
        )

    def terminal(self, place: Place, mcc: str | None = None) -> Terminal:
        """A terminal in a city, by popularity."""
        return self._terminal(place.number, PRESENT, PRESENT_CUMULATIVE, mcc)

    def online_terminal(self, mcc: str | None = None) -> Terminal:
        """A merchant on the net, by popularity."""
        return self._terminal(ONLINE_PLACE, ONLINE, ONLINE_CUMULATIVE, mcc)

    def unknown_device(self) -> str:
        """A device that no card of the population has."""
        return device_id(self._key, self._seed, STRANGER, int(self.rng.integers(2**62)))

    def new_device(self, card: Card) -> str:
        """A device that this card has not used before."""
        return device_id(self._key, self._seed, card.number, NEW_DEVICE)

    def ip_country(self, card: Card) -> str:
        """Where the holder's net address is: mostly where the holder is."""
        if float(self.rng.random()) < FOREIGN_IP_SHARE:
            return IP_COUNTRIES[int(self.rng.integers(len(IP_COUNTRIES)))]
        return card.place.country

    def amount_minor(self, card: Card, terminal: Terminal) -> int:
        """What this card's holder would spend there, minor units."""
        cards = self._cards[card.number]
        noise = self.rng.standard_normal(1)
        return int(amounts(noise, _category(terminal), cards.level, cards.scale)[0])

    def entry_mode(self, card: Card, terminal: Terminal, amount_minor: int) -> EntryMode:
        """How this card's holder would pay there."""
        euro_cents = amount_minor / self._cards[card.number].scale
        u, u_wallet = self.rng.random(1), self.rng.random(1)
        return ENTRY_MODES[int(entry_modes(u, u_wallet, _category(terminal), euro_cents)[0])]

    def response_code(self, entry_mode: EntryMode) -> str:
        """What the host answers to an ordinary swipe of this kind."""
        mode = np.array([ENTRY_MODES.index(entry_mode)])
        online = np.array([entry_mode in ("ecommerce", "recurring")])
        return RESPONSE_CODES[int(responses(self.rng.random(1), mode, online)[0])]

    def _terminal(self, place: int, categories: I64, shares: F64, mcc: str | None) -> Terminal:
        u = self.rng.random(3)
        if mcc is None:
            category = int(categories[np.searchsorted(shares, u[0], side="right")])
        else:
            category = _category_by_mcc(mcc, place == ONLINE_PLACE)
        places, of_category = np.array([place]), np.array([category])
        rank = self._market.rank(u[1:2], places, of_category)
        found = self._market.terminals(self._market.keys(u[2:], places, of_category, rank))
        online = place == ONLINE_PLACE
        return Terminal(
            merchant_id=found.merchant_id[0],
            terminal_id=found.terminal_id[0],
            mcc=CATEGORIES[category].mcc,
            country=found.country[0],
            latitude=None if online else float(found.latitude[0]),
            longitude=None if online else float(found.longitude[0]),
        )


def _category_by_mcc(mcc: str, online: bool) -> int:
    for index, category in enumerate(CATEGORIES):
        if category.mcc == mcc and category.online == online:
            return index
    known = ", ".join(c.mcc for c in CATEGORIES if c.online == online)
    raise ValueError(f"no merchants of category {mcc!r} there; categories: {known}")


def _category(terminal: Terminal) -> I64:
    return np.array([_category_by_mcc(terminal.mcc, terminal.latitude is None)])
