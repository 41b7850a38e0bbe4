"""How is the cards' state filled at once, without the swipes that would have made it?

A job of its own: numbers -> one card each -> keyed by card -> the operator that owns the cards in
the detection job, by uid, key and state. That job is then started from its checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow.parquet as pq
from pyflink.common import Row, Types, WatermarkStrategy
from pyflink.datastream import (
    FlatMapFunction,
    KeyedBroadcastProcessFunction,
    RuntimeContext,
    StreamExecutionEnvironment,
)
from pyflink.datastream.connectors.number_seq import NumberSequenceSource
from pyflink.table import StreamTableEnvironment

from job.contracts import Topics
from job.engine.card_engine import CardEngine, Source
from job.engine.card_state import CardState, encode_card_state
from job.engine.full_card import models
from job.engine.settings import EngineSettings
from job.flink.card_value import CARDS_UID, card_value
from job.flink.options import JobOptions
from job.flink.rule_changes import RULES_STATE
from job.flink.topology import configuration, keyed_by_card
from job.rules.parameters import DEFAULT_FILE, read_tables, rules_from_tables
from job.version import check_code_hash, code_hash

_CARD: Final = Types.ROW([Types.STRING(), Types.PRIMITIVE_ARRAY(Types.BYTE())])


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """What the state is filled with.

    Attributes
    ----------
    profiles
        Parquet file with ``card_token`` and ``value`` (an encoded `CardProfile`): the traffic's
        cards, whose state becomes what the topic ``card-profiles`` would have made of it. What
        they would tell the rules across cards is left out: it is another operator's state.
    cards
        In all; the others are full ones that no swipe ever asks for.
    swipes_per_card
        Of each full one.
    """

    profiles: Path
    cards: int
    swipes_per_card: int


class MakeCards(FlatMapFunction):  # type: ignore[misc]
    """Makes one card of each number: the traffic's lie evenly among the others.

    Parameters
    ----------
    filling
        What to make.
    rule_tables
        Rule parameters: they say how long swipes are kept.
    """

    def __init__(self, filling: Filling, rule_tables: dict[str, dict[str, Any]]) -> None:
        self._filling = filling
        self._rule_tables = rule_tables
        self._code_hash = code_hash()

    def open(self, runtime_context: RuntimeContext) -> None:  # noqa: ARG002
        """Read the profiles, and make the models."""
        check_code_hash(self._code_hash)
        filling = self._filling
        table = pq.read_table(filling.profiles, columns=["card_token", "value"])
        self._tokens, self._values = table["card_token"], table["value"]
        self._engine = CardEngine(
            rules_from_tables(self._rule_tables), EngineSettings(), Topics.with_prefix("")
        )
        self._apart = filling.cards // max(len(self._tokens), 1)
        self._models = models(
            (value.as_py() for value in self._values),
            filling.swipes_per_card,
            self._engine.detector.retention_ms,
        )

    def flat_map(self, value: int) -> Iterator[Row]:
        """Give the card of this number: its key and its state."""
        known, place = divmod(value, self._apart)
        if place == 0 and known < len(self._tokens):
            token = self._tokens[known].as_py()
            yield Row(token, self._as_warm_start(token, self._values[known].as_py()))
        else:
            yield Row(f"full-{value:012d}", self._models[value % len(self._models)])

    def _as_warm_start(self, token: str, profile: bytes) -> bytes:
        card = CardState()
        refused = self._engine.load_profile(profile, token, card, Source("", 0, 0), [])
        if refused:
            raise ValueError(f"the profile of {token} is not one: {refused[0].value[:300]!r}")
        return encode_card_state(card)


class KeepCards(KeyedBroadcastProcessFunction):  # type: ignore[misc]
    """Puts each card where the detection job looks for it.

    Parameters
    ----------
    state_ttl_ms
        As the detection job has it: the state's type holds it.
    """

    def __init__(self, state_ttl_ms: int) -> None:
        self._state_ttl_ms = state_ttl_ms

    def open(self, runtime_context: RuntimeContext) -> None:
        """Take the state."""
        self._state = runtime_context.get_state(card_value(self._state_ttl_ms))

    def process_element(
        self,
        value: bytes,
        ctx: KeyedBroadcastProcessFunction.ReadOnlyContext,  # noqa: ARG002
    ) -> Iterable[Any]:
        """Keep one card."""
        self._state.update(value)
        return ()

    def process_broadcast_element(
        self,
        value: Any,  # noqa: ARG002
        ctx: KeyedBroadcastProcessFunction.Context,  # noqa: ARG002
    ) -> Iterable[Any]:
        """Nothing: it keeps the job running when all cards are there."""
        return ()


def build_filling(options: JobOptions, filling: Filling) -> StreamExecutionEnvironment:
    """Build the job that fills the state, ready to execute; it never ends by itself.

    Raises
    ------
    job.rules.parameters.ParametersError
        If the rules' parameter file cannot be used.
    """
    rule_tables = read_tables(Path(options.rules_file) if options.rules_file else DEFAULT_FILE)
    env = StreamExecutionEnvironment.get_execution_environment(configuration(options))
    if options.parallelism is not None:
        env.set_parallelism(options.parallelism)
    tables = StreamTableEnvironment.create(env)
    # A job whose sources have all ended takes its checkpoints with it.
    tables.execute_sql(
        "CREATE TEMPORARY TABLE ticks (tick INT) "
        "WITH ('connector' = 'datagen', 'rows-per-second' = '1')"
    )
    tables.execute_sql(
        "CREATE TEMPORARY TABLE nowhere (nothing BYTES) WITH ('connector' = 'blackhole')"
    )
    ticks = tables.to_data_stream(tables.from_path("ticks")).broadcast(RULES_STATE)
    numbers = env.from_source(
        NumberSequenceSource(0, filling.cards - 1), WatermarkStrategy.no_watermarks(), "numbers"
    )
    cards = numbers.flat_map(MakeCards(filling, rule_tables), _CARD).name("make cards")
    kept = (
        keyed_by_card(cards)
        .connect(ticks)
        .process(KeepCards(options.state_ttl_ms), Types.ROW([Types.PRIMITIVE_ARRAY(Types.BYTE())]))
        .name("keep cards")
        .uid(CARDS_UID)
    )
    statements = tables.create_statement_set()
    statements.add_insert("nowhere", tables.from_data_stream(kept))
    statements.attach_as_datastream()
    return env
