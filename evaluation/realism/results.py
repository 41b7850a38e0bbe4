"""What did the checks find, and where is it kept?"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import pandas as pd

from evaluation.realism.base import Check, Measure, check_classes
from evaluation.realism.sample import Sample
from evaluation.verdict import EXIT_CODES, Value, Verdict, worst

RESULTS_FILE: Final = "realism.json"
TABLE_FILE: Final = "realism.parquet"


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found; its verdict is the worst of its measures'."""

    check: str
    question: str
    source: str
    tolerance: str
    verdict: Value
    measures: list[Measure]


class Realism(msgspec.Struct, frozen=True, kw_only=True):
    """All checks, with what they were measured on."""

    verdict: Value
    facts: dict[str, Any]
    checks: list[CheckResult]

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.verdict]


def run_check(check: Check, sample: Sample) -> CheckResult:
    """Measure one check."""
    measures = check.measure(sample)
    return CheckResult(
        check=check.name,
        question=check.question,
        source=check.source,
        tolerance=check.tolerance,
        verdict=_worst(measure.verdict for measure in measures),
        measures=measures,
    )


def all_checks() -> list[Check]:
    """One of each."""
    return [kind() for kind in check_classes().values()]


def summed_up(checks: list[CheckResult], facts: dict[str, Any]) -> Realism:
    """The worst of all."""
    return Realism(verdict=_worst(one.verdict for one in checks), facts=facts, checks=checks)


def _worst(values: Iterable[Value | None]) -> Value:
    verdicts = [Verdict(value, "") for value in values if value is not None]
    return worst(verdicts, otherwise=Verdict("pass", "nothing has a bound")).value


def write_results(realism: Realism, folder: Path) -> None:
    """Write ``realism.json``, and ``realism.parquet`` with one row for each measure."""
    folder.mkdir(parents=True, exist_ok=True)
    encoded = msgspec.json.format(msgspec.json.encode(realism), indent=2)
    (folder / RESULTS_FILE).write_bytes(encoded)
    rows = [
        {"check": result.check, **msgspec.structs.asdict(measure), "verdict": measure.verdict}
        for result in realism.checks
        for measure in result.measures
    ]
    pd.DataFrame(rows).to_parquet(folder / TABLE_FILE, index=False)
