"""What of the population does a scenario get to see?

The generator's side of :class:`scenarios.base.World`: cards, terminals and habits drawn from the
same portfolio, market and distributions as the ordinary traffic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from generator.cards import Cards, Portfolio
from generator.habits import amounts, entry_modes, responses
from generator.merchants import ONLINE_PLACE, Market
from generator.mixing import F64, I64
from generator.places import CURRENCIES, PLACES
from generator.settings import SettingsError
from generator.spending import (
    CATEGORIES,
    ONLINE,
    ONLINE_CUMULATIVE,
    PRESENT,
    PRESENT_CUMULATIVE,
)
from generator.swipe_table import ENTRY_MODES, RESPONSE_CODES
from generator.tokens import card_token, device_id
from job.contracts import EntryMode
from scenarios.base import Card, Place, Terminal

#: Owner of devices that belong to no card of the population.
STRANGER = -1
#: Attempts at a card that no incident has yet, before the portfolio counts as used up.
TAKE_ATTEMPTS = 1_000


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
                f"{len(self._taken)} incidents: ask for fewer, or for a higher rate_per_min"
            )
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
