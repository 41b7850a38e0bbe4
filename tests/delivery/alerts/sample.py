"""Alerts to index."""

from __future__ import annotations

import msgspec
from confluent_kafka import Producer

from job.contracts import Alert, Finding

START_MS = 1_700_000_000_000


def alert(number: int) -> Alert:
    """An alert of its own; every third blocks, every fifth is of `geo_jump`."""
    rule = "impossible_travel" if number % 5 == 0 else "velocity"
    return Alert(
        v=1,
        alert_id=f"card:s{number}",
        entity_type="card",
        entity_id=f"c{number % 100}",
        swipe_id=f"s{number}",
        event_time_ms=START_MS + number * 1_000,
        score=0.9 if number % 3 == 0 else 0.6,
        action="block" if number % 3 == 0 else "review",
        findings=[
            Finding(
                rule=rule,
                reason_code=rule.upper(),
                value=7.0,
                threshold=6.0,
                unit="authorisations",
                saw={"window_ms": 600_000, "from_country": None, "to_country": "FR"},
                swipe_ids=[f"s{number - 1}"],
            )
        ],
    )


def send_alerts(bootstrap: str, topic: str, values: list[bytes], *, commit: bool = True) -> None:
    """Write values in one transaction, as the job does; or break it off."""
    producer = Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": f"{topic}-{commit}-{id(values)}"}
    )
    producer.init_transactions(30)
    producer.begin_transaction()
    for number, value in enumerate(values):
        producer.produce(topic, value, f"c{number % 100}")
    producer.flush(30)
    if commit:
        producer.commit_transaction(30)
    else:
        producer.abort_transaction(30)


def encoded(first: int, count: int) -> list[bytes]:
    """Alerts as they travel."""
    return [msgspec.json.encode(alert(number)) for number in range(first, first + count)]
