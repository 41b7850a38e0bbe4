"""The job's entry point: `flink run -py job/flink/main.py [options]`, here and in production."""

from __future__ import annotations

import sys

from job.flink.options import parse_options
from job.flink.standing_rules import RulesUnreadable
from job.flink.topology import JarError, build
from job.rules.parameters import ParametersError


def main(arguments: list[str]) -> int:
    """Build the job and submit it.

    Returns
    -------
    int
        0, or 2 where a setting, a parameter, the jar or the topic of the rules' changes is wrong.
    """
    options = parse_options(arguments)
    try:
        environment = build(options)
    except (ParametersError, RulesUnreadable, JarError) as error:
        sys.stderr.write(f"paystream-job: {error}\n")
        return 2
    environment.execute(options.job_name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
