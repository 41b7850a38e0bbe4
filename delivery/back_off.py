"""How long does one wait before asking again a service that did not answer?"""

from __future__ import annotations

import time
from secrets import SystemRandom
from typing import Final

#: First wait and longest wait, in seconds. Choices: short enough for a restart, and a service
#: that has been away for minutes is not asked all the time.
FIRST_S: Final = 0.5
LONGEST_S: Final = 15.0

_random = SystemRandom()


class BackOff:
    """Waits that double, each drawn from its upper half so that many clients do not ask at once.

    Parameters
    ----------
    give_up_s
        After so long without success nobody waits any more; None for ever.

    Examples
    --------
    >>> patience = BackOff(give_up_s=None)
    >>> 0.25 <= patience.next_s() <= 0.5 <= patience.next_s() <= 1.0
    True
    """

    def __init__(self, give_up_s: float | None) -> None:
        self.give_up_s = give_up_s
        self._longest_s = FIRST_S
        self._since_s: float | None = None

    @property
    def exhausted(self) -> bool:
        """Whether it has lasted as long as one was ready to wait."""
        if self.give_up_s is None or self._since_s is None:
            return False
        return time.monotonic() - self._since_s > self.give_up_s

    def next_s(self) -> float:
        """Seconds to wait now."""
        if self._since_s is None:
            self._since_s = time.monotonic()
        longest_s = self._longest_s
        self._longest_s = min(2 * longest_s, LONGEST_S)
        return _random.uniform(longest_s / 2, longest_s)

    def succeed(self) -> None:
        """Begin anew: it answered."""
        self._longest_s, self._since_s = FIRST_S, None
