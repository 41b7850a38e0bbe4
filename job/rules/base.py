"""What is a rule?

A rule turns a swipe and what is known before it into one figure, its *value*, and fires when the
value reaches its threshold. The value is cheap and taken on every swipe; the explanation is made
only when the rule fires. Rules hold no state and do not see each other.

Words that all pages use:

- *approved*: the response code is 00, 10 or 85; every other one is a decline.
- *earlier-arrived swipes*: the card's judged swipes before this one in the order of the partition,
  and the ``recent`` swipes of its profile, which count as arrived before the stream. Those that
  were late, repeats or dead letters are not among them. Of each card the 256 newest by event time
  are kept. Their event time may be up to 30 s later than this swipe's.
- *t* is the event time of this swipe. Amounts are in minor units of the card's billing currency.
- Running figures (number, mean and deviation of ln(amount)) and the devices' first swipes start
  from the profile's own figures; its ``recent`` swipes are already in those.

The class docstring is the rule's page. It has these numpydoc sections, checked by a contract test:
``Question`` (its first line), ``Formula``, ``Misses``, ``Disorder``, ``References`` and
``Examples`` (a doctest). The parameter class documents each parameter with unit and source.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from job.contracts import EntityType, FraudReport, Observation, Swipe
from job.engine.card_state import CardState

Saw = Mapping[str, str | int | float | None]


class RuleParameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every rule can be told.

    Parameters
    ----------
    enabled
        Whether the rule judges at all.
    shadow
        Whether it only watches: it is evaluated and named in the decision as a shadow rule, but
        adds nothing to the score and raises no alert.
    weight
        The probability of fraud that this rule alone stands for, 0 to 1; several are combined as
        independent evidence (noisy-or). A choice until measured.
    """

    enabled: bool = True
    shadow: bool = False
    weight: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5


class Evidence(msgspec.Struct, frozen=True):
    """Why a rule fired: the figures it looked at and the earlier swipes it rests on."""

    saw: Saw
    swipe_ids: tuple[str, ...] = ()


class Rule(ABC):
    """What rules on one card and rules across cards share."""

    name: ClassVar[str]
    reason_code: ClassVar[str]
    #: Unit of value and threshold, for people.
    unit: ClassVar[str]
    #: Fields of a swipe that data may lack and without which the rule can find nothing. That all
    #: swipes are approved authorisations is taken where nothing else is said; a rule that looks
    #: for declines names ``response_code``.
    needs: ClassVar[frozenset[str]] = frozenset()
    #: The parameter class; has a default for every field.
    Parameters: ClassVar[type[RuleParameters]]

    def __init__(self, parameters: Any = None) -> None:
        self.parameters = self.Parameters() if parameters is None else parameters

    @property
    @abstractmethod
    def threshold(self) -> float:
        """The value from which on the rule fires."""


class CardRule(Rule):
    """A rule that looks at one card: its state before the swipe, and the swipe."""

    @property
    @abstractmethod
    def lookback_ms(self) -> int:
        """How far back in event time the rule looks into ``card.history``; 0 if it does not."""

    @abstractmethod
    def measure(self, swipe: Swipe, card: CardState) -> float:
        """The rule's value for this swipe; 0.0 where it has nothing to say."""

    @abstractmethod
    def explain(self, swipe: Swipe, card: CardState) -> Evidence:
        """Why it fired. Called only when ``measure`` reached the threshold, with the same state."""


class WindowedRule(Rule):
    """A rule that looks across cards, at one entity in one tumbling window of event time.

    It fires early, on a condition that cannot become false again; one alert for each entity and
    window.
    """

    entity_type: ClassVar[EntityType]

    @property
    @abstractmethod
    def window_ms(self) -> int:
        """Length of the tumbling window; windows start at multiples of it since the epoch."""

    def snoozed_by(self, observation: Observation) -> tuple[tuple[str, str], ...]:
        """Type and id of each entity whose snooze keeps an alert on this observation back."""
        return ((self.entity_type, observation.entity_id),)


class CrossCardRule(WindowedRule):
    """A rule that counts distinct cards of one entity, which never become fewer again.

    It fires at the swipe that brings the count to the threshold.
    """

    @abstractmethod
    def observe(self, swipe: Swipe) -> Observation | None:
        """What of this judged swipe counts, and for which entity; None if nothing."""


class ReportRule(WindowedRule):
    """A rule that sets the cards of an entity that were reported against those seen there.

    It fires at a report. Seen are cards on days that lie well behind that report, so that which
    topic the job reads faster decides nothing.
    """

    @abstractmethod
    def seen(self, swipe: Swipe, card: CardState) -> Observation | None:
        """A card to count at an entity, given the state before this swipe; None if none."""

    @abstractmethod
    def suspects(self, report: FraudReport, card: CardState) -> list[Observation]:
        """The entities that a report speaks against, given what its card did."""

    @abstractmethod
    def measure(self, cards: int, at_ms: int, seen_by_day: Mapping[int, int]) -> float:
        """The rule's value for an entity.

        Parameters
        ----------
        cards
            Distinct cards reported in the window.
        at_ms
            Event time of the report that made them so many.
        seen_by_day
            Number of cards first observed as seen there, by day since the epoch (UTC).

        Returns
        -------
        float
            For as many cards never more at a later moment of one window.
        """

    @abstractmethod
    def explain(self, cards: int, at_ms: int, seen_by_day: Mapping[int, int]) -> Saw:
        """The figures it looked at; called only when ``measure`` reached the threshold."""
