"""Under which name and for how long does Flink keep what the job remembers of a card?"""

from __future__ import annotations

from typing import Final

from pyflink.common import Time, Types
from pyflink.datastream.state import StateTtlConfig, ValueStateDescriptor

#: Of the operator that owns the cards: state is found again by it.
CARDS_UID: Final = "judge-by-card"
_COMPACTION_PERIOD: Final = Time.milliseconds(30 * 86_400_000)


def card_value(ttl_ms: int) -> ValueStateDescriptor:
    """Describe the one value a card: the bytes of an encoded `job.engine.card_state.CardState`.

    Parameters
    ----------
    ttl_ms
        Wall-clock backstop, see :class:`job.flink.options.JobOptions`.
    """
    # An array type fails on the first read in thread mode.
    descriptor = ValueStateDescriptor("card", Types.PICKLED_BYTE_ARRAY())
    descriptor.enable_time_to_live(
        StateTtlConfig.new_builder(Time.milliseconds(ttl_ms))
        .disable_cleanup_in_background()
        # The default of the second argument would start a gateway process in the TaskManager.
        .cleanup_in_rocksdb_compact_filter(1000, _COMPACTION_PERIOD)
        .build()
    )
    return descriptor
