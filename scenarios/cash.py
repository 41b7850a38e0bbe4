"""What is common to drawing cash, by whomever?"""

from __future__ import annotations

from typing import Final

from scenarios.base import World

#: Cash machines, ISO 18245.
CASH_MACHINE_MCC: Final = "6011"
#: They pay out multiples of this, minor units; as for ordinary swipes.
NOTE_MINOR: Final = 1_000
_DAY_MS: Final = 86_400_000
_NIGHT_MS: Final = 5 * 3_600_000


def moved_to_night(world: World, times_ms: list[int]) -> list[int]:
    """The same swipes, the first of them between midnight and five (UTC) of its day.

    Where the world's span has no such moment they stay where they are.
    """
    first_ms = times_ms[0]
    night_ms = first_ms - first_ms % _DAY_MS + int(world.rng.integers(_NIGHT_MS))
    for moved_ms in (night_ms, night_ms + _DAY_MS):
        last_ms = times_ms[-1] + moved_ms - first_ms
        if world.start_ms <= moved_ms and last_ms < world.end_ms:
            return [at_ms + moved_ms - first_ms for at_ms in times_ms]
    return times_ms
