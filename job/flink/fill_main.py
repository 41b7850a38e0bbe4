"""The entry point of the job that fills the cards' state for measurements: `make state`.

Takes ``--fill.profiles FILE --fill.cards N --fill.swipes-per-card N`` and the options of the
detection job, which say how state is kept.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from job.flink.filling import Filling, build_filling
from job.flink.options import parse_options
from job.rules.parameters import ParametersError


def main(arguments: list[str]) -> int:
    """Build the job and submit it.

    Returns
    -------
    int
        0, or 2 where the rules' parameters are wrong.
    """
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--fill.profiles", type=Path, required=True)
    parser.add_argument("--fill.cards", type=int, required=True)
    parser.add_argument("--fill.swipes-per-card", type=int, required=True)
    given, others = parser.parse_known_args(arguments)
    wanted = vars(given)
    filling = Filling(
        profiles=wanted["fill.profiles"],
        cards=wanted["fill.cards"],
        swipes_per_card=wanted["fill.swipes_per_card"],
    )
    options = parse_options(others)
    try:
        environment = build_filling(options, filling)
    except ParametersError as error:
        sys.stderr.write(f"paystream-fill: {error}\n")
        return 2
    environment.execute(options.job_name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
