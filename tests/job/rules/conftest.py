"""What do the rules' tests swipe?

Seeded streams that hit the edges: times at a window's length from an earlier swipe, amounts at a
parameter's value, both give or take one; disorder to just beyond the bound; places near and far.
Times and amounts of the edges are read off the rules' parameters, so a new rule has its own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec
import pytest

from job.contracts import CardProfile, FraudReport, Swipe
from job.rules.discovery import report_rule_classes, rule_classes

START_MS = 1_760_000_000_000
DAY_MS = 86_400_000
#: Paris, its outskirts, and about 100 km off it; New York and both sides of the date line.
HOME_PLACES = [(48.85, 2.35), (49.0, 2.5), (49.75, 2.35)]
PLACES = [*HOME_PLACES, (40.71, -74.0), (-16.5, 179.9), (-16.5, -179.8)]
COUNTRIES = ["FR", "BE", "US", "FJ", "BR"]
CODES = ["00"] * 10 + ["10", "85", "05", "51", "14", "54", "55", "55", "75", "82", "N7"]
MODES = ["chip", "contactless", "magstripe", "fallback", "recurring"] + ["ecommerce"] * 4
DEVICES = [None, "phone", "laptop", *(f"device{index}" for index in range(12))]
TYPES = ["authorisation"] * 16 + ["zero_amount_check"] * 3 + ["reversal"] * 2


@dataclass
class Stream:
    """Swipes in order of arrival, the profiles of their cards, and reports in any order."""

    arrivals: list[Swipe] = field(default_factory=list)
    profiles: dict[str, CardProfile] = field(default_factory=dict)
    reports: list[FraudReport] = field(default_factory=list)


def parameter_values(suffix: str) -> list[int]:
    """The defaults of all rules' parameters whose names end like this.

    But for rules on reports: their weeks have streams of their own.
    """
    fields: dict[str, Any] = {}
    for rule_name, rule_class in rule_classes().items():
        if rule_name in report_rule_classes():
            continue
        table = msgspec.to_builtins(rule_class.Parameters())
        fields |= {f"{rule_name}.{name}": value for name, value in table.items()}
    return sorted({value for name, value in fields.items() if name.endswith(suffix)})


class CardWriter:
    """Writes one card's swipes in order of arrival."""

    def __init__(self, random: Random, token: str) -> None:
        self.random = random
        self.token = token
        self.spans_ms = parameter_values("_ms")
        self.edges_minor = parameter_values("_minor")
        self.past: list[Swipe] = []
        self.span_ms = self.spans_ms[0]
        self.echoed: Swipe | None = None

    def swipe(self, event_time_ms: int, **changed: Any) -> Swipe:
        random = self.random
        mode, device_id = random.choice(MODES), random.choice(DEVICES)
        if self.echoed is not None and random.random() < 0.6:
            mode, device_id = self.echoed.entry_mode, self.echoed.device_id
        self.echoed = None
        message_type = random.choice(TYPES)
        latitude, longitude = self.place(mode)
        amount_minor = 0 if message_type == "zero_amount_check" else self.amount_minor()
        fields: dict[str, Any] = {
            "swipe_id": f"{self.token}-{len(self.past)}",
            "card_token": self.token,
            "bin": "400000",
            "event_time_ms": event_time_ms,
            "amount_minor": amount_minor if random.random() < 0.9 else self.amount_minor(),
            "currency": "EUR",
            "mcc": "5411",
            "merchant_id": random.choice(["m1", "m2"]),
            "terminal_id": "t1",
            "country": random.choice(COUNTRIES),
            "latitude": latitude,
            "longitude": longitude,
            "entry_mode": mode,
            "device_id": device_id,
            "ip_country": random.choice([None, *COUNTRIES]),
            "response_code": random.choice(CODES),
            "message_type": message_type,
        }
        swipe = Swipe(**(fields | changed))
        self.past.append(swipe)
        return swipe

    def place(self, mode: str) -> tuple[float | None, float | None]:
        random = self.random
        if random.random() < (0.1 if mode != "ecommerce" else 0.6):
            return random.choice([(None, None), (None, 2.35), (48.85, None)])
        latitude, longitude = random.choice(PLACES if random.random() < 0.3 else HOME_PLACES)
        return latitude + random.uniform(-0.05, 0.05), longitude + random.uniform(-0.05, 0.05)

    def amount_minor(self) -> int:
        random = self.random
        draw = random.random()
        if draw < 0.4:
            return max(0, random.choice(self.edges_minor) + random.choice([-1, 0, 1]))
        if draw < 0.7 and self.past:
            climbed = self.past[-1].amount_minor * 3 // 2 + random.choice([-1, 0, 0, 1, 10])
            return min(max(0, climbed), 10**7)
        return int(math.exp(random.gauss(8.3 if draw < 0.9 else 13.0, 1.0)))

    def next_time_ms(self) -> int:
        random = self.random
        if not self.past:
            return START_MS
        high_ms = max(swipe.event_time_ms for swipe in self.past)
        draw = random.random()
        if draw < 0.2:
            return high_ms - random.choice([0, 1, 5_000, 15_000, 29_999, 30_000, 30_001, 45_000])
        if draw < 0.5:
            return high_ms + random.choice([0, 1, 1_000, 20_000, 60_000])
        if draw < 0.9:
            return self.a_span_after_an_earlier_one(high_ms)
        return high_ms + int(random.expovariate(1 / 300_000))

    def a_span_after_an_earlier_one(self, high_ms: int) -> int:
        # Several swipes in a row keep the span, so that they stand a span after a busy time.
        if self.random.random() < 0.15:
            self.span_ms = self.random.choice(self.spans_ms)
        ahead = [
            swipe
            for swipe in sorted(self.past, key=lambda swipe: swipe.event_time_ms)
            if swipe.event_time_ms + self.span_ms >= high_ms - 29_999
        ]
        self.echoed = self.random.choice(ahead[:5])
        return self.echoed.event_time_ms + self.span_ms + self.random.choice([-1, 0, 0, 1])


def profile_of(random: Random, token: str) -> CardProfile:
    writer = CardWriter(random, token)
    times_ms = sorted(START_MS - random.randrange(90_000_000) for _ in range(random.randrange(6)))
    recent = [writer.swipe(at_ms, swipe_id=f"{token}-r{at_ms}") for at_ms in times_ms]
    return CardProfile(
        card_token=token,
        bin="400000",
        updated_ms=START_MS,
        home_country="FR",
        home_latitude=48.85,
        home_longitude=2.35,
        currency="EUR",
        amount_count=random.choice([0, 1, 4, 5, 19, 20, 60]),
        amount_log_mean=random.uniform(7.0, 9.0),
        amount_log_sd=random.choice([0.0, 0.2, 0.6]),
        device_ids=["phone", "laptop"],
        usual_countries=["BE"],
        recent=recent,
    )


def write_card_stream(seed: int) -> Stream:
    """Several cards, each with a long and busy past; about a quarter without a profile."""
    random = Random(seed)
    stream = Stream()
    writers = [CardWriter(random, f"card{index}") for index in range(16)]
    for writer in writers[:12]:
        stream.profiles[writer.token] = profile_of(random, writer.token)
    for _ in range(3_200):
        writer = random.choice(writers)
        stream.arrivals.append(writer.swipe(writer.next_time_ms()))
    return stream


def write_crowd_stream(seed: int) -> Stream:
    """Many cards of few BINs at few merchants, on one clock, often at a minute's edge.

    Half of them come from devices on which a handful of cards are tried, a few more or less.
    """
    random, devices = Random(seed), Random(seed)
    stream = Stream()
    writers = [CardWriter(random, f"crowd{index}") for index in range(40)]
    clock_ms = START_MS - START_MS % 60_000
    for _ in range(5_000):
        clock_ms += int(random.expovariate(1 / 300))
        at_ms = clock_ms - random.choice([0, 0, 0, 1_000, 20_000])
        if random.random() < 0.1:
            at_ms -= at_ms % 60_000 + random.choice([0, 1])
        writer = random.choice(writers)
        merchant_id = random.choice(["m1", "m1", "m2"])
        bank = random.choice(["400000", "510000"])
        is_shared = devices.random() < 0.5
        more = {"device_id": f"shared{devices.randrange(120)}"} if is_shared else {}
        stream.arrivals.append(writer.swipe(at_ms, bin=bank, merchant_id=merchant_id, **more))
    return stream


def write_report_stream(seed: int) -> Stream:
    """Forty days of 300 cards at the shops of one town, and many reports, some made at once.

    So many that reported cards are about a tenth of those seen at a shop.
    """
    random = Random(seed)
    stream = Stream()
    writers = [CardWriter(random, f"holder{index}") for index in range(300)]
    shops = [f"shop{index}" for index in range(40)]
    popularity = [(rank + 1) ** -0.5 for rank in range(len(shops))]
    for moment_ms in sorted(random.randrange(40 * DAY_MS) for _ in range(6_000)):
        at_ms = START_MS + moment_ms
        if random.random() < 0.05:
            at_ms -= at_ms % DAY_MS + random.choice([0, 1])
        mode = random.choice(["chip", "contactless", "contactless", "magstripe", "ecommerce"])
        stream.arrivals.append(
            random.choice(writers).swipe(
                at_ms,
                entry_mode=mode,
                merchant_id=random.choices(shops, popularity)[0],
                message_type=random.choice(TYPES),
            )
        )
    for number, swipe in enumerate(random.sample(stream.arrivals, 150)):
        delay_ms = random.choice([0, 1, DAY_MS // 2, *(random.randrange(30 * DAY_MS),) * 6])
        stream.reports.append(
            FraudReport(
                report_id=f"report{number}",
                swipe_id=swipe.swipe_id,
                card_token=swipe.card_token,
                merchant_id=swipe.merchant_id,
                terminal_id=swipe.terminal_id,
                event_time_ms=swipe.event_time_ms,
                reported_ms=swipe.event_time_ms + delay_ms,
                kind=random.choice(["counterfeit", "card_not_present", "other", "lost_or_stolen"]),
            )
        )
    return stream


@pytest.fixture(scope="session")
def report_streams() -> list[Stream]:
    return [write_report_stream(seed) for seed in (1, 2)]


@pytest.fixture(scope="session")
def card_streams() -> list[Stream]:
    return [write_card_stream(seed) for seed in (1, 2)]


@pytest.fixture(scope="session")
def crowd_streams() -> list[Stream]:
    return [write_crowd_stream(seed) for seed in (1, 2)]
