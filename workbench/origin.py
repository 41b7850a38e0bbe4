"""By which command, at which commit and on which machine did a page of figures come to be?"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

from workbench.machine import provenance


def origin() -> dict[str, Any]:
    """Facts for people by name, and all that is known under ``provenance``."""
    known = provenance()
    machine = known["machine"]
    return {
        "command": " ".join(["paystream", *sys.argv[1:]]),
        "commit": f"{known['commit']}{' with changes' if known['dirty'] else ''}",
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{machine['cores']} cores {machine['processor']}, {machine['memory_gib']} GiB; "
        "sender, broker, readers and job all on it",
        "provenance": known,
    }
