"""What must a swipe have for each rule of this run?

Written into the run's folder, since the evaluation reads of the job nothing but files.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from evaluation.run_folder import RULE_NEEDS_FILE
from job.rules.parameters import DEFAULT_FILE, load_rules


def write_rule_needs(folder: Path, rules_file: Path | None) -> dict[str, list[str]]:
    """Write ``rule_needs.json``, and give it back: the fields by rule, of those that are enabled.

    Parameters
    ----------
    folder
        Of the run.
    rules_file
        Rule parameters; None for those that ship with the job.
    """
    needs = {rule.name: sorted(rule.needs) for rule in load_rules(rules_file or DEFAULT_FILE)}
    (folder / RULE_NEEDS_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(needs)))
    return needs
