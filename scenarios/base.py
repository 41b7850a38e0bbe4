"""What is a scenario, and what does it see of the world?

A scenario plans labelled swipes: an attack, or something innocent that looks like one. It takes
cards, places and terminals from a :class:`World`, which the generator supplies, and leaves ids,
rendering, order and sending to it, so that nothing in a message can give the label away.

The class docstring is the scenario's page. It has these sections, checked by a contract test:
``What happens`` (after its first line), ``Reported by``, ``Difficulty``, ``References``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Literal, Protocol

import msgspec
import numpy as np

from job.contracts import EntityType, EntryMode, MessageType

Difficulty = Literal["easy", "medium", "hard"]
Role = Literal["ordinary", "attack", "look_alike"]
DIFFICULTIES: Final[tuple[Difficulty, ...]] = ("easy", "medium", "hard")


class Place(msgspec.Struct, frozen=True, gc=False):
    """A city: its number in the world's list, name, ISO 3166-1 country and centre in degrees."""

    number: int
    name: str
    country: str
    latitude: float
    longitude: float


class Terminal(msgspec.Struct, frozen=True, gc=False):
    """Where a card can be used. Latitude and longitude (degrees) are None online."""

    merchant_id: str
    terminal_id: str
    mcc: str
    country: str
    latitude: float | None
    longitude: float | None


class Card(msgspec.Struct, frozen=True, gc=False):
    """A card of the population, with where its holder is now and what the holder is used to.

    ``amount_log_mean`` and ``amount_log_sd`` are of ln(amount in minor units).
    """

    number: int
    card_token: str
    bin: str
    currency: str
    home_country: str
    place: Place
    device_ids: tuple[str, ...]
    amount_log_mean: float
    amount_log_sd: float


class PlannedSwipe(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One swipe of a plan. Units as in :class:`job.contracts.Swipe`.

    ``role`` says whether it is part of the attack, part of the look-alike, or an ordinary swipe of
    a card concerned. A swipe before the replay's first second becomes history of the card.
    """

    card: Card
    terminal: Terminal
    event_time_ms: int
    amount_minor: int
    entry_mode: EntryMode
    role: Role
    response_code: str = "00"
    message_type: MessageType = "authorisation"
    device_id: str | None = None
    ip_country: str | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One attack, or one look-alike: the entity concerned and all swipes planned for it."""

    entity_type: EntityType
    entity_id: str
    swipes: tuple[PlannedSwipe, ...]


class World(Protocol):
    """What a scenario sees of the population.

    Attributes
    ----------
    rng
        The scenario's own source of randomness.
    start_ms, end_ms
        The span in which incidents happen (end exclusive), event time in milliseconds. Swipes
        before ``start_ms`` are allowed; those at or after ``end_ms`` are not.
    places
        Every city in which cards can be used.
    """

    rng: np.random.Generator
    start_ms: int
    end_ms: int
    places: Sequence[Place]

    def take_card(self) -> Card:
        """A card of the population that no other incident has; drawn as swipes draw theirs."""

    def terminal(self, place: Place, mcc: str | None = None) -> Terminal:
        """A terminal in a city, by popularity; of any kind if ``mcc`` is None."""

    def online_terminal(self, mcc: str | None = None) -> Terminal:
        """A merchant on the net, by popularity; of any kind if ``mcc`` is None."""

    def unknown_device(self) -> str:
        """A device that no card of the population has."""

    def amount_minor(self, card: Card, terminal: Terminal) -> int:
        """What this card's holder would spend there, minor units of the card's currency."""

    def entry_mode(self, card: Card, terminal: Terminal, amount_minor: int) -> EntryMode:
        """How this card's holder would pay there."""

    def response_code(self, entry_mode: EntryMode) -> str:
        """What the host answers to an ordinary swipe of this kind."""


class ScenarioParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The dial of one scenario at one difficulty; fields carry their units in their names."""


class Scenario(ABC):
    """One attack, or one innocent look-alike.

    Parameters
    ----------
    difficulty
        ``easy``, ``medium`` or ``hard`` to tell from what is innocent (or from an attack).
    parameters
        Instead of the difficulty's own.
    """

    name: ClassVar[str]
    role: ClassVar[Role]
    #: Innocent look-alikes that always run beside this attack.
    companions: ClassVar[tuple[str, ...]] = ()
    #: Incidents planned for each incident asked for, of a companion.
    companion_ratio: ClassVar[float] = 1.0
    Parameters: ClassVar[type[ScenarioParameters]]
    by_difficulty: ClassVar[Mapping[Difficulty, ScenarioParameters]]

    def __init__(self, difficulty: Difficulty, parameters: Any = None) -> None:
        if difficulty not in self.by_difficulty:
            raise ValueError(
                f"difficulty {difficulty!r} is none of {', '.join(self.by_difficulty)}"
            )
        self.difficulty = difficulty
        self.parameters = self.by_difficulty[difficulty] if parameters is None else parameters

    @abstractmethod
    def plan(self, world: World, incidents: int) -> list[Incident]:
        """Plan that many incidents, each with a marked swipe within the world's span."""
