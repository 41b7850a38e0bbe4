"""Does each of 100,000 fuzzed records leave the engine with the one fate that it must get?"""

from __future__ import annotations

from collections import Counter
from typing import Final

from job.engine.settings import EngineSettings
from job.local import LocalJob, Record
from job.rules.parameters import load_rules
from tests.job.fates import fate_of
from tests.job.fuzzed_records import KINDS, LIMIT_MS, Fuzzed, fuzzed, good

COUNT: Final = 100_000
#: A good record after so many others.
EVERY: Final = 20


def fate(job: LocalJob, offset: int, record: Fuzzed) -> str:
    key = (record.key or b"").decode("utf-8", errors="replace")
    sent = Record(0, offset, record.record_time_ms, key, record.value or b"")
    fates = [found for _, output in job.process(sent) if (found := fate_of(output))]
    assert len(fates) == 1, record.kind
    return fates[0]


def test_each_gets_the_fate_that_it_must_and_the_good_ones_beside_them_are_judged() -> None:
    job = LocalJob(load_rules(), EngineSettings(event_time_limit_ms=LIMIT_MS))
    wrong: list[tuple[str, str, str]] = []
    kinds: Counter[str] = Counter()
    for offset, record in enumerate(fuzzed(1, COUNT)):
        kinds[record.kind] += 1
        found = fate(job, offset, record)
        if record.expected not in ("any", found):
            wrong.append((record.kind, record.expected, found))
        if offset % EVERY == 0:
            assert fate(job, COUNT + offset, good(COUNT + offset)) == "judged"
    assert wrong == []
    # That none is left out, and that the rare ones came.
    assert set(KINDS) | {"huge", "very deep"} == set(kinds)


def test_the_same_seed_gives_the_same_records() -> None:
    assert list(fuzzed(3, 500)) == list(fuzzed(3, 500)) != list(fuzzed(4, 500))


def test_a_record_that_is_taken_for_another_is_noticed() -> None:
    """What is asked above must be able to fail."""
    job = LocalJob(load_rules(), EngineSettings(event_time_limit_ms=LIMIT_MS))
    assert fate(job, 0, good(1)._replace(value=b"{")) == "not_json" != good(1).expected
