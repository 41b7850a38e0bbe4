"""Does every planned swipe come out exactly once, whatever is asked for?"""

from __future__ import annotations

from collections import Counter

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.disturb import disturb, extra_records
from generator.settings import Disturbances, ReplaySettings
from generator.traffic import make_traffic

shares = st.floats(0, 0.1)
some_settings = st.builds(
    ReplaySettings,
    scenario=st.sampled_from(["ordinary", "geo_jump", "legit_travel"]),
    difficulty=st.sampled_from(["easy", "medium", "hard"]),
    rate_per_min=st.integers(600, 3_000),
    duration_s=st.integers(5, 10),
    warm_up_s=st.integers(0, 3),
    seed=st.integers(0, 2**63 - 1),
    speedup=st.sampled_from([1.0, 60.0, 5_000.0]),
    load=st.sampled_from(["constant", "daily_rhythm", "bursts", "peak"]),
    incidents=st.integers(0, 2),
    history_limit=st.integers(0, 4),
    disturbances=st.builds(
        Disturbances,
        disorder=shares,
        late=shares,
        repeat=shares,
        id_conflict=shares,
        unreadable=shares,
        ahead=shares,
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some_settings)
def test_every_planned_swipe_is_sent_once_and_every_extra_is_counted(asked: ReplaySettings) -> None:
    extra = extra_records(asked)
    planned = asked.records - sum(extra.values())
    traffic = make_traffic(asked, planned, b"test")
    sent = disturb(asked, traffic.swipes, msgspec.json.encode)
    assert len(traffic.swipes) == planned
    assert len(sent.records) == asked.records

    by_kind = Counter(record.disturbance for record in sent.records)
    assert {kind: by_kind[kind] for kind in extra} == extra
    plain = [r for r in sent.records if r.disturbance in ("none", "disorder")]
    assert Counter(r.swipe_id for r in plain) == Counter(
        one.swipe.swipe_id for one in traffic.swipes
    )
    marked = [one for one in traffic.swipes if one.incident_id is not None]
    assert {one.incident_id for one in marked} == {one.incident_id for one in traffic.incidents}
