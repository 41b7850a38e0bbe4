"""Under which keys does CI keep the baselines that a machine's figures can be held against?

    python -m tools.baseline_keys       prints NAME=KEY, as the steps of a workflow hand on values

``any`` begins the keys of all baselines that can be read here: those of exams are the same on every
machine. ``kind`` begins those of machines like this one, with whose times the gates compare. What
follows tells one baseline of a kind from the next.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from typing import Any

from evaluation.gates.baseline import BASELINE_FORMAT, SAME_MACHINE, SAME_VERSION
from workbench.calibration import CALIBRATION
from workbench.machine import describe, versions


def keys(machine: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, str]:
    """The beginnings of keys, by name.

    Parameters
    ----------
    machine
        As a baseline describes it.
    known
        Versions, by name.
    """
    same = [*(machine.get(name) for name in SAME_MACHINE), known.get(SAME_VERSION)]
    kind = hashlib.sha256(json.dumps(same).encode()).hexdigest()[:12]
    readable = f"gates-{BASELINE_FORMAT}.{CALIBRATION}-"
    return {"any": readable, "kind": f"{readable}{kind}-"}


def main() -> int:
    """Print those of this machine."""
    for name, key in keys(describe(), versions()).items():
        sys.stdout.write(f"{name}={key}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
