"""Does a run say that Kafka no longer confirms what it is sent?

time ---- 100 of 100 confirmed ---- 150 sent, still 100 confirmed ------- 150 confirmed ---->
          nothing to say            after three seconds: said            nothing to say
"""

from __future__ import annotations

from generator.send import SendProgress
from workbench.live import Confirmations


def _sent(sent: int, delivered: int, failed: int = 0) -> SendProgress:
    return SendProgress(
        phase="sending", records=1_000, sent=sent, delivered=delivered, failed=failed, time_ns=0
    )


def test_silence_is_told_with_its_length_and_what_waits_until_it_ends() -> None:
    confirmations = Confirmations()
    assert confirmations.words(_sent(100, 100), 10.0) == ""
    assert confirmations.words(_sent(1_150, 100), 12.9) == ""
    told = "  Kafka has confirmed nothing for 7 s, 1,050 swipes wait"
    assert confirmations.words(_sent(1_150, 100), 17.0) == told
    assert confirmations.words(_sent(1_150, 1_150), 18.0) == ""


def test_where_nothing_waits_there_is_no_silence() -> None:
    confirmations = Confirmations()
    confirmations.words(_sent(100, 90, failed=10), 10.0)
    assert confirmations.words(_sent(100, 90, failed=10), 60.0) == ""


def test_a_kafka_that_never_confirms_is_told_too() -> None:
    confirmations = Confirmations()
    confirmations.words(_sent(5, 0), 1.0)
    assert "for 4 s, 5 swipes" in confirmations.words(_sent(5, 0), 5.0)
