"""A job of somebody else's, as small as can be: reads `swipes`, writes `alerts` or `decisions`.

Arguments: bootstrap, prefix and, for decisions that are lost and repeated, the word `decisions`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from confluent_kafka import Consumer, Producer

FLAGGED_FROM_MINOR = 20_000


def alert_on(swipe: dict[str, Any]) -> dict[str, Any]:
    amount = swipe["amount_minor"]
    return {
        "v": 1,
        "alert_id": f"card:{swipe['swipe_id']}",
        "entity_type": "card",
        "entity_id": swipe["card_token"],
        "swipe_id": swipe["swipe_id"],
        "event_time_ms": swipe["event_time_ms"],
        "score": 0.8,
        "action": "review",
        "findings": [
            {
                "rule": "amount",
                "reason_code": "AMOUNT",
                "value": amount,
                "threshold": FLAGGED_FROM_MINOR,
                "unit": "minor",
            }
        ],
    }


def decision_on(swipe: dict[str, Any], message: Any) -> dict[str, Any]:
    return {
        "v": 1,
        "swipe_id": swipe["swipe_id"],
        "card_token": swipe["card_token"],
        "event_time_ms": swipe["event_time_ms"],
        "fate": "judged",
        "score": 0.0,
        "action": "clear",
        "partition": message.partition(),
        "offset": message.offset(),
    }


def main(bootstrap: str, prefix: str, output: str = "alerts") -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"{prefix}tiny",
            "auto.offset.reset": "earliest",
        }
    )
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    consumer.subscribe(
        [f"{prefix}swipes"],
        on_assign=lambda *_: sys.stdout.write("reading\n") and sys.stdout.flush(),
    )
    count = 0
    while True:
        message = consumer.poll(0.1)
        producer.poll(0)
        if message is None or message.error():
            continue
        try:
            swipe = json.loads(message.value())
            key = swipe["card_token"]
            written = alert_on(swipe) if output == "alerts" else decision_on(swipe, message)
        except (ValueError, KeyError, TypeError):
            continue
        count += 1
        times = 0 if count % 100 == 0 else 2 if count % 150 == 1 else 1
        if output == "alerts":
            flagged = isinstance(swipe["amount_minor"], int)
            times = int(flagged and swipe["amount_minor"] >= FLAGGED_FROM_MINOR)
        for _ in range(times):
            producer.produce(f"{prefix}{output}", json.dumps(written).encode(), key)


if __name__ == "__main__":
    main(*sys.argv[1:])
