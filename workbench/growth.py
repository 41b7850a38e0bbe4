"""Does what the services take grow with the time, beside what it must?

Pure functions over readings that a soak takes while it sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from stack.footprint import Footprint

#: Shorter, and processes that warm up would pass for ones that grow, seconds. A choice.
JUDGED_FROM_S: Final = 600.0
#: As much of the beginning is left out: caches and heaps are filled. A choice.
_WARMING_SHARE: Final = 0.2
#: What is left is cut into three; steady is what grows by this share from each to the next, by the
#: median, which a restart in between does not move. A choice.
_STEP_SHARE: Final = 0.05
#: Fewer readings in a third have no median worth the name. A choice.
_READINGS_MIN: Final = 3
_MIB: Final = 2**20


class Reading(NamedTuple):
    """One look at the services.

    Attributes
    ----------
    at_s
        Since the sending began.
    sent
        Swipes sent by then.
    footprint
        What they took.
    """

    at_s: float
    sent: int
    footprint: Footprint


class Measure(NamedTuple):
    """Something that could grow.

    Attributes
    ----------
    name, unit
        For people.
    of
        Its value in a reading.
    """

    name: str
    unit: str
    of: Callable[[Reading], float]


MEASURES: Final = (
    Measure("TaskManagers, memory", "MiB", lambda each: each.footprint.taskmanagers / _MIB),
    Measure("JobManagers, memory", "MiB", lambda each: each.footprint.jobmanagers / _MIB),
    Measure("checkpoints, disk", "MiB", lambda each: each.footprint.checkpoints / _MIB),
    Measure("Kafka, disk", "MiB", lambda each: each.footprint.kafka / _MIB),
    # A run keeps all that it sent, to judge it: only what comes on top of that is growth.
    Measure(
        "Kafka, disk by swipe",
        "bytes",
        lambda each: each.footprint.kafka / each.sent if each.sent else 0.0,
    ),
)
#: Grows with what is sent, as it must.
_MUST_GROW: Final = "Kafka, disk"
_HEADINGS: Final = ("takes", "start", "middle", "end")


def start_middle_end(readings: Sequence[Reading]) -> tuple[Reading, Reading, Reading]:
    """The first, the one nearest to half of the time, and the last."""
    first, last = readings[0], readings[-1]
    half_s = (first.at_s + last.at_s) / 2
    return first, min(readings, key=lambda each: abs(each.at_s - half_s)), last


def grows_steadily(readings: Sequence[Reading], measure: Measure) -> bool:
    """Whether it grew from each third of the time to the next; False for a time too short to say.

    Parameters
    ----------
    readings
        At even distances, in order.
    measure
        What is looked at.
    """
    if not readings or readings[-1].at_s - readings[0].at_s < JUDGED_FROM_S:
        return False
    values = [measure.of(each) for each in readings[int(len(readings) * _WARMING_SHARE) :]]
    third = len(values) // 3
    if third < _READINGS_MIN:
        return False
    cuts = (values[:third], values[third:-third], values[-third:])
    medians = [median(cut) for cut in cuts]
    return all(later > earlier * (1 + _STEP_SHARE) for earlier, later in pairwise(medians))


def growing(readings: Sequence[Reading]) -> tuple[str, ...]:
    """Names of what grew steadily and need not."""
    return tuple(
        each.name for each in MEASURES if each.name != _MUST_GROW and grows_steadily(readings, each)
    )


def summary(readings: Sequence[Reading]) -> dict[str, Any]:
    """What is stored: each measure at start, middle and end, and what grew."""
    if not readings:
        return {}
    three = start_middle_end(readings)
    return {
        "at_s": [each.at_s for each in three],
        "sent": [each.sent for each in three],
        **{
            each.name: {"unit": each.unit, "values": [round(each.of(one), 1) for one in three]}
            for each in MEASURES
        },
        "grew_steadily": list(growing(readings)),
    }


def print_growth(readings: Sequence[Reading], console: Console) -> None:
    """A row a measure, and whether it grew."""
    table = Table(box=None, pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading == _HEADINGS[0] else "right")
    for row in rows(readings):
        table.add_row(*row)
    console.print(table)
    style = "bold yellow" if growing(readings) else None
    console.print(verdict_line(readings), style=style, soft_wrap=True)


def growth_page(readings: Sequence[Reading]) -> str:
    """The same as a section of a page."""
    lines = ["## What grew", "", f"| {' | '.join(_HEADINGS)} |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {' | '.join(row)} |" for row in rows(readings)]
    return "\n".join([*lines, "", f"{verdict_line(readings)}.", ""])


def rows(readings: Sequence[Reading]) -> Iterator[tuple[str, str, str, str]]:
    """Of each measure its name and its value at start, middle and end; none without readings."""
    if not readings:
        return
    three = start_middle_end(readings)
    for each in MEASURES:
        start, middle, end = (f"{each.of(reading):,.0f} {each.unit}" for reading in three)
        yield each.name, start, middle, end


def verdict_line(readings: Sequence[Reading]) -> str:
    """Whether anything grew, in a sentence."""
    found = growing(readings)
    if found:
        return f"WARNING: grew steadily: {'; '.join(found)}"
    if not readings or readings[-1].at_s - readings[0].at_s < JUDGED_FROM_S:
        return f"under {JUDGED_FROM_S / 60:g} minutes nobody can tell whether anything grows"
    return "nothing grew steadily"
