"""What does the smallest job need that shows thread mode, keyed state and checkpoints at work?"""

import sys

from pyflink.common import Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext, StreamExecutionEnvironment
from pyflink.datastream.state import ValueStateDescriptor
from pyflink.table import StreamTableEnvironment


class Count(KeyedProcessFunction):
    """Counts the records of each key in the state backend."""

    def open(self, runtime_context: RuntimeContext) -> None:
        self._count = runtime_context.get_state(ValueStateDescriptor("count", Types.LONG()))

    def process_element(self, value, ctx):  # type: ignore[no-untyped-def]
        count = (self._count.value() or 0) + 1
        self._count.update(count)
        yield f"{value[0]}={count}"


def main(arguments: list[str]) -> None:
    """Count numbers by their last digit until cancelled."""
    if "--fail" in arguments:
        raise ValueError("the trivial job was told to fail")
    env = StreamExecutionEnvironment.get_execution_environment()
    env.enable_checkpointing(200)
    tables = StreamTableEnvironment.create(env)
    tables.execute_sql(
        "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', "
        "'rows-per-second' = '200', 'fields.n.kind' = 'random')"
    )
    numbers = tables.to_data_stream(
        tables.sql_query("SELECT CAST(MOD(n, 10) AS STRING), n FROM numbers")
    )
    numbers.key_by(lambda row: row[0], key_type=Types.STRING()).process(
        Count(), output_type=Types.STRING()
    ).uid("count").name("count").print()
    env.execute("trivial")


if __name__ == "__main__":
    main(sys.argv[1:])
