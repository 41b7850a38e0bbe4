"""How well do the rules detect, in all figures that an exam can give?

The board of an exam: one JSON file with what a person reads, and tables for whoever asks further.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow.parquet as pq

from evaluation.board.bootstrap import RESAMPLES
from evaluation.board.by_rule import curves_table, rule_rows
from evaluation.board.by_scenario import INCIDENTS_MIN, flags_of, matrix_rows, scenario_rows
from evaluation.board.cases_of import false_cases_table, incidents_table, opened_cases
from evaluation.board.daily import CALLS_PER_10000_CARDS
from evaluation.board.harm import block_lines, prevalence_lines
from evaluation.board.headline import daily_lines, delay_lines, system_lines, with_intervals
from evaluation.board.rows import (
    ISSUER,
    Flag,
    Line,
    MatrixRow,
    RuleRow,
    ScenarioRow,
    table,
)
from evaluation.board.sample import Sample
from evaluation.board.study import Judged, Study, as_issuer_knows, judge, study
from evaluation.board.systems import JOB, baselines, job_system, rule_systems
from evaluation.cases import CASE_MS
from evaluation.verdict import Verdict
from generator.fraud_reports import REPORT_MEDIAN_DAYS, UNREPORTED_SHARE
from scenarios.mixes import MIXED

BOARD_FILE: Final = "board.json"
#: Raised when a reader of ``board.json`` or of the tables must change.
BOARD_FORMAT: Final = 1
#: Says that a shard's scores do not tell whether a rule raised.
_TRUSTED: Final = "rule errors: the scores do not say; job.bulk ends badly where a rule raises"


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """What was judged. Swipes and incidents are those scored; ``cards`` of all portfolios."""

    split: str
    shards: list[str]
    cards: int
    days: float
    swipes: int
    fraud_swipes: int
    attacks: int
    look_alikes: int
    not_judged: int


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of an exam but the long tables (curves, incidents, false_cases)."""

    format: int = BOARD_FORMAT
    verdict: Verdict
    extent: Extent
    headline: list[Line]
    by_scenario: list[ScenarioRow]
    by_rule: list[RuleRow]
    matrix: list[MatrixRow]
    flags: list[Flag]
    notes: list[str]

    @property
    def exit_code(self) -> int:
        """0 measured, 3 inconclusive."""
        return self.verdict.exit_code

    def line(
        self, name: str, system: str = JOB, labels: str = "truth", prevalence: str = "sample"
    ) -> Line | None:
        """The figure of that name; None where it was not measured."""
        for each in self.headline:
            if (each.name, each.system, each.labels, each.prevalence) == (
                name,
                system,
                labels,
                prevalence,
            ):
                return each
        return None


def make_board(
    sample: Sample, per_10000_cards: float = CALLS_PER_10000_CARDS
) -> tuple[Board, dict[str, Any]]:
    """The board of a sample, and its long tables by name.

    Parameters
    ----------
    per_10000_cards
        Cards that the staff calls a day for each 10,000 cards of the portfolios.
    """
    base = study(sample)
    alone = [judge(sample, system) for system in rule_systems(sample)]
    cases = opened_cases(base)
    headline = list(with_intervals(sample, base.job, system_lines(sample, base.job)))
    headline += delay_lines(base.job)
    headline += daily_lines(base, per_10000_cards)
    headline += prevalence_lines(base, cases)
    headline += block_lines(base)
    issuer = as_issuer_knows(sample)
    headline += system_lines(issuer, judge(issuer, job_system(issuer)), ISSUER)
    headline += _others(sample, base, alone)
    scenarios = scenario_rows(base)
    flags = flags_of(scenarios)
    board = Board(
        verdict=_verdict(sample, flags, len(base.job.attacks)),
        extent=_extent(sample, base),
        headline=headline,
        by_scenario=scenarios,
        by_rule=rule_rows(base, alone),
        matrix=matrix_rows(base),
        flags=flags,
        notes=_notes(base),
    )
    tables = {
        "curves": curves_table(sample),
        "incidents": incidents_table(base),
        "false_cases": false_cases_table(base, cases),
    }
    return board, tables


def write_board(board: Board, tables: dict[str, Any], folder: Path) -> None:
    """Write ``board.json`` and all tables as Parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    short = {
        "headline": table(board.headline, Line),
        "by_scenario": table(board.by_scenario, ScenarioRow),
        "by_rule": table(board.by_rule, RuleRow),
        "matrix": table(board.matrix, MatrixRow),
    }
    for name, rows in (short | tables).items():
        pq.write_table(rows, folder / f"{name}.parquet", compression="zstd")
    written = msgspec.json.format(msgspec.json.encode(board), indent=2)
    (folder / BOARD_FILE).write_bytes(written)


def read_board(folder: Path) -> Board:
    """The board that was written to a folder."""
    return msgspec.json.decode((folder / BOARD_FILE).read_bytes(), type=Board)


def _others(sample: Sample, base: Study, alone: list[Judged]) -> list[Line]:
    lines: list[Line] = []
    for system in baselines(sample, base.job.system):
        lines += system_lines(sample, judge(sample, system))
    for judged in alone:
        lines += system_lines(sample, judged)
    return lines


def _verdict(sample: Sample, flags: list[Flag], attacks: int) -> Verdict:
    """No target is set for recall: measured, or too little to tell."""
    if sample.rule_errors:
        reason = f"rules raised {sample.rule_errors:,} times: what they would have said is unknown"
        return Verdict("inconclusive", reason)
    if not attacks:
        return Verdict("inconclusive", "no attack within the scored span")
    few = [f"{f.scenario} ({f.difficulty})" for f in flags if f.kind == "inconclusive"]
    if few:
        named = ", ".join(few[:3]) + (f" and {len(few) - 3} more" if len(few) > 3 else "")
        return Verdict("inconclusive", f"fewer than {INCIDENTS_MIN} incidents of {named}")
    return Verdict("pass", "measured; no target is set")


def _extent(sample: Sample, base: Study) -> Extent:
    role = np.array(sample.incidents.column("role").to_pylist(), dtype=object)
    scored = sample.incidents.column("scored").to_numpy(zero_copy_only=False)
    return Extent(
        split=", ".join(sorted({shard.split for shard in sample.shards})),
        shards=[shard.name for shard in sample.shards],
        cards=sum(shard.portfolio_cards for shard in sample.shards),
        days=max(shard.days for shard in sample.shards),
        swipes=int(sample.scored.sum()),
        fraud_swipes=int((sample.fraud & sample.scored).sum()),
        attacks=len(base.job.attacks),
        look_alikes=int(np.count_nonzero(scored & (role == "look_alike"))),
        not_judged=int(np.count_nonzero(sample.scored & (sample.fate != 0))),
    )


def _notes(base: Study) -> list[str]:
    notes = [
        "amounts are summed in minor units, whatever their currency",
        f"intervals: 95%; shares of swipes by {RESAMPLES} resamples of cards, others Wilson",
        f"block: it holds for {CASE_MS // 3_600_000} h; the engine is not run again behind it",
        f"issuer: reports after a median of {REPORT_MEDIAN_DAYS:g} days, {UNREPORTED_SHARE:.0%} "
        "never; what an alert's case would bring to light is not counted",
    ]
    for name, weights in base.weights.items():
        if weights is None:
            notes.append(f"{name}: not computed, this sample cannot be weighted to it")
        elif weights.missing:
            missing = ", ".join(weights.missing)
            notes.append(f"{name}: the mix does not have {missing}; they weigh nothing")
    here = set(base.sample.incidents.column("scenario").to_pylist())
    absent = len(MIXED.attack_shares.keys() - here)
    if absent and any(base.weights.values()):
        notes.append(
            f"the mix has {absent} attacks that are not in this sample; the others take their share"
        )
    if base.sample.rule_errors is None:
        notes.append(_TRUSTED)
    return notes
