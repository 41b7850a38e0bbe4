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
from scenarios.variation import Split, vary

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

    ``amount_log_mean`` and ``amount_log_sd`` are of ln(amount in minor units). ``is_issued`` is
    False for a number that somebody made up: no card has it, nothing is known of it, and the host
    answers 14.
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
    is_issued: bool = True


class PlannedSwipe(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One swipe of a plan. Units as in :class:`job.contracts.Swipe`.

    ``role`` says whether it is part of the attack, part of the look-alike, or an ordinary swipe of
    a card concerned. A swipe before the replay's first second becomes history of the card.
    ``arrival_delay_ms`` is how long a terminal held it back before it was sent. ``reported_ms`` is
    when its holder reported it as fraud, where the scenario says so of a swipe before the first
    second; of the others the generator draws who reports what, and when.
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
    arrival_delay_ms: int = 0
    reported_ms: int | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One attack, or one look-alike: the entity concerned and all swipes planned for it.

    ``holder_swipes_on``: the holders' unplanned swipes go on meanwhile. False where the scenario
    alone says where the holder is; then the cards make no other swipe around the incident.
    """

    entity_type: EntityType
    entity_id: str
    swipes: tuple[PlannedSwipe, ...]
    holder_swipes_on: bool = False


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

    def take_cards_of_bin(self, bin_: str, count: int) -> list[Card]:
        """So many cards of one issuer number that no other incident has."""

    def take_cards_at(self, place: Place, count: int) -> list[Card]:
        """So many cards whose holders are in that city, that no other incident has."""

    def unissued_card(self, like: Card) -> Card:
        """A number of the same issuer that no card has."""

    def moment_ms(self) -> int:
        """An event time in the span, drawn by the daily rhythm of ordinary swipes."""

    def terminal(self, place: Place, mcc: str | None = None) -> Terminal:
        """A terminal in a city, by popularity; of any kind if ``mcc`` is None."""

    def online_terminal(self, mcc: str | None = None) -> Terminal:
        """A merchant on the net, by popularity; of any kind if ``mcc`` is None."""

    def unknown_device(self) -> str:
        """A device that no card of the population has."""

    def new_device(self, card: Card) -> str:
        """A device that this card has not used before, as ordinary swipes have them at times."""

    def ip_country(self, card: Card) -> str:
        """Where the holder's net address is, as for ordinary swipes: mostly where the holder is."""

    def amount_minor(self, card: Card, terminal: Terminal) -> int:
        """What this card's holder would spend there, minor units of the card's currency."""

    def entry_mode(self, card: Card, terminal: Terminal, amount_minor: int) -> EntryMode:
        """How this card's holder would pay there."""

    def response_code(self, entry_mode: EntryMode) -> str:
        """What the host answers to an ordinary swipe of this kind."""


class ScenarioParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The dial of one scenario at one difficulty; fields carry their units in their names.

    Fields are float or int. A share ends in ``_share`` and stays within 0 to 1; a pair of bounds
    is called ``…_min…`` and ``…_max…``. So that they can be varied (:mod:`scenarios.variation`).
    """


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
    def incident(self, world: World, dial: Any) -> Incident:
        """Plan one incident with a marked swipe within the world's span.

        Parameters
        ----------
        world
            The population.
        dial
            ``self.parameters``, varied.
        """

    def plan(self, world: World, incidents: int, split: Split = "all") -> list[Incident]:
        """Plan that many incidents; swipes past the world's span are left out.

        Parameters
        ----------
        split
            Where on the dial each of them may stand, so that tuning and exam share no point.

        Raises
        ------
        ValueError
            If an incident has no marked swipe within the span.
        """
        planned = []
        for _ in range(incidents):
            dial = vary(self.parameters, world.rng, split)
            planned.append(self._trimmed(self.incident(world, dial), world))
        return planned

    def _trimmed(self, incident: Incident, world: World) -> Incident:
        kept = tuple(
            swipe
            for swipe in incident.swipes
            if swipe.event_time_ms + swipe.arrival_delay_ms < world.end_ms
        )
        if not any(
            swipe.role == self.role
            and world.start_ms <= swipe.event_time_ms + swipe.arrival_delay_ms
            for swipe in kept
        ):
            raise ValueError(f"{self.name} planned no {self.role} swipe within the span")
        return msgspec.structs.replace(incident, swipes=kept)


class LookAlike(Scenario):
    """Something innocent that resembles an attack, and the figure by which one would tell them."""

    role: ClassVar[Role] = "look_alike"
    #: The attack's name.
    resembles: ClassVar[str]
    #: What :meth:`feature` says, and in which unit, for people.
    feature_name: ClassVar[str]

    @staticmethod
    @abstractmethod
    def feature(incident: Incident) -> float:
        """The figure of an incident of either kind that tells the two apart best."""
