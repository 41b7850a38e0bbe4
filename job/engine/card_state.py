"""What does the job remember of one card?

One value for each card: its profile, running figures over all it ever did, and its last swipes by
event time. Encoded with msgspec as arrays, with a version, so that a later job can read it. State
of version 1 is read: it has no visits, which then begin with the next swipe.
"""

from __future__ import annotations

import math
from bisect import insort_right
from operator import attrgetter
from typing import Final

import msgspec

from job.contracts import APPROVED, CARD_PRESENT, CardProfile, Swipe

STATE_VERSION: Final = 2
#: Versions that this job reads: what they lack stands at the end and has a default.
READ_VERSIONS: Final = frozenset({1, 2})
#: Stands for the bytes of a swipe that a profile brought: nobody here saw them.
UNKNOWN_DIGEST: Final = 0
#: More swipes of one card than this are not held, however short the time: bounds the state.
HISTORY_LIMIT: Final = 256
#: Devices remembered for a card; the one seen first longest ago goes first.
DEVICE_LIMIT: Final = 16
#: Visits remembered of a card: this many, and no older than this behind its newest one. Choices:
#: three weeks of a card that is used at two counters a day, in some 1.5 KB; a report comes a week
#: or two after the fraud, and that some days after the visit.
VISIT_LIMIT: Final = 48
VISIT_KEPT_MS: Final = 45 * 86_400_000
_DAY_MS: Final = 86_400_000


class PastSwipe(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is kept of a judged swipe. Units as in :class:`job.contracts.Swipe`."""

    event_time_ms: int
    swipe_id: str
    digest: int
    amount_minor: int
    mcc: str
    merchant_id: str
    country: str
    latitude: float | None
    longitude: float | None
    entry_mode: str
    device_id: str | None
    response_code: str
    message_type: str


class Visit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A merchant at which the card was present and paid: the first time of a day (UTC)."""

    event_time_ms: int
    merchant_id: str


class CardState(msgspec.Struct, array_like=True):
    """All that the job remembers of one card.

    ``history`` is sorted by event time (arrival order where equal). ``amount_count``,
    ``amount_log_mean`` and ``amount_log_m2`` (sum of squared deviations, Welford 1962) are over
    ln(amount in minor units) of approved authorisations above zero, the profile's included.
    ``device_first_seen_ms`` are devices with the event time of their first approved swipe; the
    profile's have 0. ``visits`` reach further back than ``history`` and say less; they are in order
    of arrival, and kept only while a rule looks at fraud reports.
    """

    version: int = STATE_VERSION
    high_event_time_ms: int = -1
    has_profile: bool = False
    home_country: str = ""
    home_latitude: float = 0.0
    home_longitude: float = 0.0
    usual_countries: list[str] = []
    amount_count: int = 0
    amount_log_mean: float = 0.0
    amount_log_m2: float = 0.0
    device_first_seen_ms: dict[str, int] = {}
    judged_count: int = 0
    history: list[PastSwipe] = []
    visits: list[Visit] = []

    def apply_profile(self, profile: CardProfile, retention_ms: int) -> None:
        """Take over a profile: the warm start, or a change while the job runs.

        A card that has swiped already keeps its own history and running figures; only what the
        profile alone knows (home, usual countries, devices) is taken over then.
        """
        self.has_profile = True
        self.home_country = profile.home_country
        self.home_latitude = profile.home_latitude
        self.home_longitude = profile.home_longitude
        self.usual_countries = list(profile.usual_countries)
        self._take_devices(profile.device_ids)
        if self.judged_count:
            return
        self.amount_count = profile.amount_count
        self.amount_log_mean = profile.amount_log_mean
        # The profile gives a sample standard deviation (divisor n - 1).
        self.amount_log_m2 = profile.amount_log_sd**2 * max(profile.amount_count - 1, 0)
        self.history = []
        self.high_event_time_ms = -1
        for swipe in sorted(profile.recent, key=attrgetter("event_time_ms")):
            self._append(swipe, digest=UNKNOWN_DIGEST, retention_ms=retention_ms)

    def remember(self, swipe: Swipe, digest: int, retention_ms: int) -> None:
        """Add a judged swipe, after every rule has seen the state without it.

        Parameters
        ----------
        swipe
            The swipe.
        digest
            CRC-32 of its bytes as they came, to tell a repeat from an id used twice.
        retention_ms
            What is further behind the card's highest event time than this is forgotten.
        """
        self.judged_count += 1
        if swipe.response_code in APPROVED:
            if swipe.amount_minor > 0 and swipe.message_type == "authorisation":
                self.amount_count += 1
                value = math.log(swipe.amount_minor)
                delta = value - self.amount_log_mean
                self.amount_log_mean += delta / self.amount_count
                self.amount_log_m2 += delta * (value - self.amount_log_mean)
            device_id = swipe.device_id
            if device_id is not None and device_id not in self.device_first_seen_ms:
                self._add_device(device_id, swipe.event_time_ms)
        self._append(swipe, digest, retention_ms)

    def note_visit(self, swipe: Swipe) -> None:
        """Remember where the card was, if it was there and paid."""
        if not is_visit(swipe):
            return
        time_ms, merchant_id, visits = swipe.event_time_ms, swipe.merchant_id, self.visits
        day_start_ms = time_ms - time_ms % _DAY_MS
        for visit in reversed(visits):
            if visit.event_time_ms < day_start_ms:
                break
            if visit.merchant_id == merchant_id:
                return
        visits.append(Visit(time_ms, merchant_id))
        stale = max(0, len(visits) - VISIT_LIMIT)
        while visits[stale].event_time_ms < time_ms - VISIT_KEPT_MS:
            stale += 1
        if stale:
            del visits[:stale]

    def _take_devices(self, device_ids: list[str]) -> None:
        """The profile's devices replace the former profile's; of the others the newest stay."""
        known = dict.fromkeys(device_ids, 0)
        others = [
            (first_seen_ms, device_id)
            for device_id, first_seen_ms in self.device_first_seen_ms.items()
            if first_seen_ms > 0 and device_id not in known
        ]
        room = max(DEVICE_LIMIT - len(known), 0)
        for first_seen_ms, device_id in sorted(others, reverse=True)[:room]:
            known[device_id] = first_seen_ms
        self.device_first_seen_ms = known

    def _add_device(self, device_id: str, event_time_ms: int) -> None:
        seen = self.device_first_seen_ms
        seen[device_id] = event_time_ms
        if len(seen) > DEVICE_LIMIT:
            del seen[min(seen, key=lambda name: (seen[name], name))]

    def _append(self, swipe: Swipe, digest: int, retention_ms: int) -> None:
        past = PastSwipe(
            swipe.event_time_ms,
            swipe.swipe_id,
            digest,
            swipe.amount_minor,
            swipe.mcc,
            swipe.merchant_id,
            swipe.country,
            swipe.latitude,
            swipe.longitude,
            swipe.entry_mode,
            swipe.device_id,
            swipe.response_code,
            swipe.message_type,
        )
        history = self.history
        if past.event_time_ms >= self.high_event_time_ms:
            self.high_event_time_ms = past.event_time_ms
            history.append(past)
        else:
            insort_right(history, past, key=_event_time_ms)
        horizon_ms = self.high_event_time_ms - retention_ms
        stale = 0
        while history[stale].event_time_ms < horizon_ms:
            stale += 1
        stale = max(stale, len(history) - HISTORY_LIMIT)
        if stale:
            del history[:stale]


def is_visit(swipe: Swipe) -> bool:
    """Whether the card itself was at a terminal and paid there."""
    return (
        swipe.entry_mode in CARD_PRESENT
        and swipe.message_type == "authorisation"
        and swipe.response_code in APPROVED
    )


_event_time_ms = attrgetter("event_time_ms")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(CardState)


def encode_card_state(state: CardState) -> bytes:
    """The state as it is stored."""
    return _encoder.encode(state)


def decode_card_state(data: bytes) -> CardState:
    """The state as it was stored.

    Raises
    ------
    msgspec.ValidationError
        If the bytes are no card state of a version this job knows.
    """
    state = _decoder.decode(data)
    if state.version not in READ_VERSIONS:
        raise msgspec.ValidationError(
            f"card state has version {state.version}, this job reads up to {STATE_VERSION}"
        )
    state.version = STATE_VERSION
    return state
