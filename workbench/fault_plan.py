"""Which faults come in a run, and when?

One fault comes when half of the records are sent; several, joined by commas, are spread evenly; and
``random`` draws a sequence from a seed, so that one that did harm can be brought about again:
three, or in a soak as many as are asked for, with calm between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from generator.settings import BurstKind
from stack.faults import discover
from stack.process import StackError
from stack.settings import StackSettings

#: Faults that lie in the input (`workbench.floods`): the kind of record by the fault's name.
FLOODS: Final[dict[str, BurstKind]] = {
    "poison_burst": "unreadable",
    "late_flood": "late",
    "repeat_flood": "repeat",
}
#: Planned moves (`workbench.moves`), by name: whoever plans a run need not load them.
MOVES: Final = ("rescale", "upgrade")
#: Draws a sequence of faults from the seed.
RANDOM: Final = "random"
#: Faults of a random sequence. A choice: the later ones meet a job that has just recovered.
RANDOM_COUNT: Final = 3
#: Each of them has a part of the sending to itself and comes within these shares of it. A choice: a
#: checkpoint completes before the first; two can be close, but a fault whose recovery takes a
#: third of a part still leaves time for the next one, since none comes before the last is undone.
RANDOM_FROM_PART: Final = 0.1
RANDOM_TO_PART: Final = 0.7
#: The first and the last of several that a person named come at these shares of the sending. A
#: choice: before them and after them there is time for a checkpoint.
FIRST_SHARE: Final = 0.2
LAST_SHARE: Final = 0.8
#: Of a sequence with calm, each fault has a part of the sending to itself and comes within these
#: shares of it. A choice: two are at least half a part from each other, and a quarter of one is
#: calm at both ends.
FIRST_OF_PART: Final = 0.25
LAST_OF_PART: Final = 0.75


class Moment(NamedTuple):
    """A fault, and the share of the records that are sent when it comes."""

    fault: str
    at_share: float


def fault_names(text: str) -> tuple[str, ...]:
    """The faults that a person asked for, by name.

    Parameters
    ----------
    text
        A name, several joined by commas, or ``random``.

    Raises
    ------
    stack.process.StackError
        If one is unknown, listing the valid ones.

    Examples
    --------
    >>> fault_names("kafka_pause, taskmanager_kill")
    ('kafka_pause', 'taskmanager_kill')
    """
    names = tuple(name.strip() for name in text.split(","))
    for alone in (RANDOM, *FLOODS):
        if alone in names and len(names) > 1:
            raise StackError(f"{alone} cannot be joined with other faults; give it alone")
    known = known_faults()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise StackError(f"unknown fault {unknown[0]!r}; known are: {', '.join(known)}")
    return names


def known_faults() -> tuple[str, ...]:
    """All that can be asked for, sorted, `RANDOM` last."""
    return (*sorted({*discover(), *MOVES, *FLOODS}), RANDOM)


def moments(
    text: str, seed: int, settings: StackSettings, count: int | None = None
) -> tuple[Moment, ...]:
    """What is broken in a run, in order; nothing where its fault lies in the input.

    Parameters
    ----------
    text
        As in `fault_names`.
    seed
        Of a random sequence.
    settings
        Of the stack that is broken; a random sequence draws from what it has.
    count
        How many a random sequence has, with calm between them; None for `RANDOM_COUNT`, which may
        follow each other closely.

    Raises
    ------
    stack.process.StackError
        If a fault is unknown.
    """
    names = fault_names(text)
    if names == (RANDOM,):
        return _drawn(seed, settings) if count is None else _drawn_calmly(seed, settings, count)
    if names[0] in FLOODS:
        return ()
    return tuple(map(Moment, names, _spread(len(names))))


def _spread(count: int) -> Sequence[float]:
    """Evenly over the sending; one in the middle."""
    if count == 1:
        return [0.5]
    step = (LAST_SHARE - FIRST_SHARE) / (count - 1)
    return [FIRST_SHARE + number * step for number in range(count)]


def drawn_from(settings: StackSettings) -> tuple[str, ...]:
    """The faults that a random sequence can have on such a stack, sorted."""
    return tuple(sorted(name for name, fault in discover().items() if fault.fits(settings)))


def _drawn(seed: int, settings: StackSettings) -> tuple[Moment, ...]:
    known = drawn_from(settings)
    rng = np.random.default_rng(seed)
    names = rng.choice(known, RANDOM_COUNT).tolist()
    shares = _in_parts(rng, RANDOM_COUNT, RANDOM_FROM_PART, RANDOM_TO_PART)
    return tuple(map(Moment, names, shares))


def _drawn_calmly(seed: int, settings: StackSettings, count: int) -> tuple[Moment, ...]:
    """One in each of `count` equal parts; every kind comes once before any comes again."""
    known = drawn_from(settings)
    rng = np.random.default_rng(seed)
    rounds = -(-count // len(known))
    names = [name for _ in range(rounds) for name in rng.permutation(known).tolist()]
    shares = _in_parts(rng, count, FIRST_OF_PART, LAST_OF_PART)
    return tuple(map(Moment, names[:count], shares))


def _in_parts(rng: np.random.Generator, count: int, first: float, last: float) -> list[float]:
    """A moment in each of `count` equal parts of the sending, between these shares of it."""
    within = rng.uniform(first, last, count).tolist()
    return [(number + share) / count for number, share in enumerate(within)]
