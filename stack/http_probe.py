"""Does a service answer at its address, over HTTP?"""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import Final

_REQUEST_TIMEOUT_S: Final = 2.0
#: Whatever proxy the environment names, it does not lead to loopback.
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def http_probe(address: str) -> Callable[[], bool]:
    """Make a check that an address answers, and says that all is well (status 200).

    Parameters
    ----------
    address
        On loopback.
    """

    def answers() -> bool:
        try:
            with _DIRECT.open(address, timeout=_REQUEST_TIMEOUT_S) as response:
                return bool(response.status == 200)
        except OSError:  # an answer that is an error is one, too
            return False

    return answers
