"""What stands in a line of each of the board's tables?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
import pyarrow as pa

#: Of figures that are not reweighted.
SAMPLE: Final = "sample"
TRUTH, ISSUER = "truth", "issuer"
MONITOR: Final = "monitor"
ALL: Final = "all"

FlagKind = Literal["inconclusive", "untested", "expected_miss", "too_easy"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One figure with its denominator (table ``headline``).

    ``system``: job, null, random, perfect or a rule's name. ``labels``: truth or issuer.
    ``prevalence``: sample, or a named one to which the sample is weighted. ``mode``: monitor or
    block. ``value`` is numerator / denominator where both stand; ``low`` and ``high`` are a 95%
    interval. ``of`` says in words what the denominator counts.
    """

    system: str
    name: str
    value: float | None
    unit: str
    of: str
    labels: str = TRUTH
    prevalence: str = SAMPLE
    mode: str = MONITOR
    low: float | None = None
    high: float | None = None
    numerator: float | None = None
    denominator: float | None = None


class ScenarioRow(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario at one difficulty, or all of them (table ``by_scenario``).

    ``alerted``: attacks caught, or look-alikes that raised an alert. ``random_share``: what as many
    alerts at random would catch. ``marked_swipes`` are the fraudulent ones of an attack.
    ``pair_precision``: flagged fraudulent swipes of an attack, of those and the flagged swipes of
    its look-alikes at this difficulty. Amounts are approved fraud, minor units.
    """

    scenario: str
    role: str
    difficulty: str
    incidents: int
    alerted: int
    share: float | None
    low: float | None
    high: float | None
    random_share: float | None
    marked_swipes: int
    flagged_swipes: int
    pair_precision: float | None
    delay_swipes_p50: float | None
    delay_min_p50: float | None
    lost_minor: int
    saved_minor: int
    flags: list[FlagKind]


class RuleRow(msgspec.Struct, frozen=True, kw_only=True):
    """One rule alone, and what it adds (table ``by_rule``).

    Swipe figures are of the swipes on which it fired, against all fraud. ``caught``: attacks that
    its alerts alone catch. ``only_incidents``: attacks caught by the job in whose alerts no other
    rule fired. ``false_alerts``: false ones in which it fired; ``only_false_alerts``: no other did.
    """

    rule: str
    threshold: float
    unit: str
    shadow: bool
    across_cards: bool
    fired: int
    fired_fraud: int
    precision: float | None
    recall: float | None
    average_precision: float | None
    caught: int
    incident_recall: float | None
    false_alerts: int
    only_incidents: int
    only_false_alerts: int
    precision_eea: float | None
    precision_ecommerce_worldline: float | None


class MatrixRow(msgspec.Struct, frozen=True, kw_only=True):
    """How often one rule fires in one scenario (table ``matrix``).

    ``fired`` counts attacks in which it fired on a fraudulent swipe, or look-alikes in which it
    fired on a swipe that comes with them.
    """

    scenario: str
    role: str
    difficulty: str
    rule: str
    incidents: int
    fired: int
    share: float | None


class Flag(msgspec.Struct, frozen=True):
    """What a reader must know about a scenario before believing its figures."""

    kind: FlagKind
    scenario: str
    difficulty: str
    text: str


def table(rows: Sequence[msgspec.Struct], kind: type[msgspec.Struct]) -> Any:
    """Rows as a table; a schema of its own even where there are none."""
    built = [msgspec.structs.asdict(row) for row in rows]
    names = kind.__struct_fields__
    columns = {name: [row[name] for row in built] for name in names}
    return pa.table({name: pa.array(columns[name], _TYPES.get(name)) for name in names})


_FLOATS: Final = (
    "value low high numerator denominator share random_share pair_precision delay_swipes_p50 "
    "delay_min_p50 threshold precision recall average_precision incident_recall precision_eea "
    "precision_ecommerce_worldline"
)
_TYPES: Final[dict[str, Any]] = {
    **dict.fromkeys(_FLOATS.split(), pa.float64()),
    "flags": pa.list_(pa.string()),
}
