"""Are committed alerts of a real Kafka read each once, shared by members, and after a rest?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from delivery.alerts.documents import Source
from delivery.alerts.intake import Intake
from delivery.stopping import Stopping
from generator.topics import create_run_topics
from tests.delivery.alerts.sample import encoded, send_alerts

pytestmark = pytest.mark.stack

COUNT = 400


@pytest.fixture
def topic(kafka_address: str, prefix: str) -> str:
    """A topic with alerts, and with some that were taken back."""
    create_run_topics(kafka_address, prefix)
    send_alerts(kafka_address, f"{prefix}alerts", encoded(0, COUNT))
    send_alerts(kafka_address, f"{prefix}alerts", encoded(9_000, 50), commit=False)
    return f"{prefix}alerts"


@pytest.fixture
def member(kafka_address: str, topic: str, prefix: str) -> Iterator[Callable[[], Intake]]:
    """Makes members of one group."""
    made: list[Intake] = []

    def make() -> Intake:
        made.append(Intake(kafka_address, prefix, topic, {}))
        return made[-1]

    yield make
    for each in made:
        each.close()


def read_all(*members: Intake) -> list[Source]:
    """Read until each member has come to the end, noting every place."""
    found: list[Source] = []
    deadline_s = time.monotonic() + 120
    while True:
        assert time.monotonic() < deadline_s
        taken = [each.take(70) for each in members]
        for each, records in zip(members, taken, strict=True):
            found += records
            if records:
                each.done(records)
        if not any(taken) and all(each.at_end for each in members):
            return found


def test_what_is_committed_is_read_once_in_the_order_of_each_partition(member) -> None:
    found = read_all(member())
    assert sorted(record.value for record in found) == sorted(encoded(0, COUNT))
    for partition in range(4):
        offsets = [record.offset for record in found if record.partition == partition]
        assert offsets == sorted(offsets)


def test_the_next_member_goes_on_where_the_place_was_noted(
    kafka_address: str, topic: str, member
) -> None:
    first = member()
    assert len(read_all(first)) == COUNT
    first.close()
    send_alerts(kafka_address, topic, encoded(COUNT, 5))
    assert sorted(record.value for record in read_all(member())) == sorted(encoded(COUNT, 5))


def test_what_was_read_and_not_noted_is_read_again(member) -> None:
    first = member()
    while not first.take(70):
        pass
    first.close()
    assert len(read_all(member())) == COUNT


def test_two_members_share_the_partitions(member) -> None:
    members = [member(), member()]
    found = read_all(*members)
    assert {record.value for record in found} == set(encoded(0, COUNT))
    places = [{place.partition for place in each._ours()} for each in members]
    assert places[0] | places[1] == {0, 1, 2, 3}
    assert not places[0] & places[1]


def test_after_a_rest_nothing_is_missing_or_read_twice(member) -> None:
    resting = member()
    taken: list[Source] = []
    while not taken:
        taken = resting.take(70)
    resting.rest(1.0, Stopping())
    found = [*taken, *read_all(resting)]
    assert sorted(record.value for record in found) == sorted(encoded(0, COUNT))


def test_it_knows_how_far_it_is_behind_where_it_has_read(member) -> None:
    reader = member()
    taken: list[Source] = []
    while not taken:
        taken = reader.take(10)
    behind = reader.behind()
    of_all = [*taken, *read_all(reader)]
    begun = {record.partition for record in taken}
    left = sum(record.partition in begun for record in of_all) - len(taken)
    # Kafka's own records, of commits and of what was taken back, count too.
    assert left <= behind <= COUNT + 50 + 2 * 4
    assert reader.behind() <= 50 + 2 * 4


def test_a_rest_ends_when_it_is_told_to_stop(member) -> None:
    stopping = Stopping()
    stopping.ask()
    member().rest(3_600, stopping)
