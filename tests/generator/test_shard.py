"""Is each record of a replay sent by exactly one shard, the one that owns its partition?"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.partitioner import murmur2, partition_of
from generator.send_worker import load_share
from generator.shard import Shard

#: Of Kafka's own tests of its hash (`org.apache.kafka.common.utils.UtilsTest`), signed.
KAFKAS_HASHES = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "signed"), KAFKAS_HASHES.items())
def test_the_hash_is_kafkas(key, signed):
    assert murmur2(key) == signed % 2**32


@given(
    st.lists(st.none() | st.binary(max_size=20), max_size=60),
    st.integers(1, 6),
    st.integers(1, 12),
)
def test_shards_share_all_records_and_no_partition(keys, count, total):
    shards = [Shard(number=number, count=count) for number in range(count)]
    mine = [shard.positions(keys, total).tolist() for shard in shards]
    assert sorted(position for each in mine for position in each) == list(range(len(keys)))
    for shard, positions in zip(shards, mine, strict=True):
        assert positions == sorted(positions)
        owned = set(shard.partitions(total))
        assert {partition_of(keys[position], total) for position in positions} <= owned
    assert sorted(p for shard in shards for p in shard.partitions(total)) == list(range(total))


@pytest.mark.parametrize(("number", "count"), [(-1, 2), (2, 2), (0, 0)])
def test_a_shard_that_is_none_is_refused(number, count):
    with pytest.raises(ValueError, match=f"shard {number} of {count}"):
        Shard(number=number, count=count)


def test_workers_of_a_shard_share_what_is_the_shards(tmp_path):
    keys = [None if n % 9 == 8 else f"tok_{n % 41}" for n in range(500)]
    columns = {
        "index": pa.array(range(500), pa.int64()),
        "due_us": pa.array(range(500), pa.int64()),
        "record_time_ms": pa.array(range(500), pa.int64()),
        "key": pa.array(keys, pa.string()),
        "value": pa.array([b"%d" % n for n in range(500)], pa.binary()),
    }
    file = tmp_path / "records.parquet"
    pq.write_table(pa.table(columns), file)
    parts = {
        (number, worker): load_share(file, worker, 2, Shard(number=number, count=3), 4)
        for number in range(3)
        for worker in range(2)
    }
    assert sorted(index for part in parts.values() for index in part.index) == list(range(500))
    for part in parts.values():
        # Rows stay whole: a key beside another's value would be another swipe.
        assert part.values == [b"%d" % index for index in part.index]
        assert part.keys == [keys[i].encode() if keys[i] else None for i in part.index]
    by_card = {}
    for place, part in parts.items():
        for key in part.keys:
            assert by_card.setdefault(key, place) == place
