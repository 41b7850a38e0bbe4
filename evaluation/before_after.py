"""What did a change of the rules gain and lose, on the same exam?

The same incidents and the same cards on both sides, so everything is compared in pairs: what both
sides caught or raised says nothing about the change. With identical rules nothing differs; beyond
that, each statement "better" or "worse" is made at a false-alarm rate that is stated.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import stats

from evaluation.change import Change, Finding

#: False-alarm rate of all statements of one comparison together; shared evenly among them
#: (Bonferroni). A choice.
FALSE_ALARM_RATE: Final = 0.05


class PairedCounts(msgspec.Struct, frozen=True):
    """Of things that either side may have: those that only one has."""

    both: int
    only_before: int
    only_after: int
    total: int


def paired_share(
    name: str, counts: PairedCounts, alpha: float, *, more_is_better: bool = True
) -> Change:
    """Compare two shares of the same things.

    McNemar's exact test on the discordant pairs: McNemar (1947), "Note on the sampling error of the
    difference between correlated proportions or percentages", Psychometrika 12. Interval: Wald with
    the continuity that Agresti and Min (2005), "Simple improved confidence intervals for comparing
    matched proportions", Statistics in Medicine 24, propose (half a pair added to each cell).

    Examples
    --------
    >>> paired_share("recall", PairedCounts(80, 0, 0, 100), 0.05).finding
    'no difference'
    >>> paired_share("recall", PairedCounts(60, 1, 20, 100), 0.05).finding
    'better'
    """
    if not counts.total:
        return _nothing(name, "1", "of none")
    gained, lost = counts.only_after, counts.only_before
    p_value = _sign_test(gained, lost)
    total = counts.total + 2.0
    up, down = (gained + 0.5) / total, (lost + 0.5) / total
    centre = up - down
    half = float(stats.norm.ppf(1 - alpha / 2)) * ((up + down - centre**2) / total) ** 0.5
    before = (counts.both + lost) / counts.total
    after = (counts.both + gained) / counts.total
    return Change(
        name=name,
        unit="1",
        before=before,
        after=after,
        difference=after - before,
        low=centre - half,
        high=centre + half,
        p_value=p_value,
        finding=_finding(after - before, p_value, alpha, more_is_better=more_is_better),
        note=f"{gained:,} gained, {lost:,} lost of {counts.total:,}",
    )


def paired_rate(name: str, unit: str, counts: PairedCounts, per: float, alpha: float) -> Change:
    """Compare two counts of the same kind of event, fewer being better.

    Parameters
    ----------
    per
        What the counts are divided by, e.g. days.

    Notes
    -----
    Events of both sides fall on the same cards, so only those that one side alone has differ:
    their split is binomial with 1/2 if nothing changed (exact sign test). The interval is for the
    difference of two Poisson counts.
    """
    added, removed = counts.only_after, counts.only_before
    p_value = _sign_test(added, removed)
    difference = (added - removed) / per
    half = float(stats.norm.ppf(1 - alpha / 2)) * max(added + removed, 1) ** 0.5 / per
    return Change(
        name=name,
        unit=unit,
        before=(counts.both + removed) / per,
        after=(counts.both + added) / per,
        difference=difference,
        low=difference - half,
        high=difference + half,
        p_value=p_value,
        finding=_finding(difference, p_value, alpha, more_is_better=False),
        note=f"{added:,} new, {removed:,} gone",
    )


def paired_ratio(
    name: str, unit: str, before: list[float], after: list[float], alpha: float
) -> Change:
    """Compare a cost measured in pairs: the mean of ln(after / before), less being better.

    Student's t over the pairs; what disturbs both sides of a pair alike falls out.

    Raises
    ------
    ValueError
        If the lists differ in length, or a cost is not above 0.
    """
    if len(before) != len(after):
        raise ValueError(f"{len(before)} and {len(after)} measurements are no pairs")
    if len(before) < 3:
        return _nothing(name, unit, f"{len(before)} pairs, 3 are needed")
    one, other = np.array(before), np.array(after)
    if (one <= 0).any() or (other <= 0).any():
        raise ValueError("a cost must be above 0")
    logs = np.log(other / one)
    mean, error = float(logs.mean()), float(logs.std(ddof=1)) / len(logs) ** 0.5
    quantile = float(stats.t.ppf(1 - alpha / 2, len(logs) - 1))
    p_value = (
        float(2 * stats.t.sf(abs(mean) / error, len(logs) - 1)) if error else float(mean == 0.0)
    )
    base = float(one.mean())
    return Change(
        name=name,
        unit=unit,
        before=base,
        after=float(other.mean()),
        difference=base * (float(np.exp(mean)) - 1),
        low=base * (float(np.exp(mean - quantile * error)) - 1),
        high=base * (float(np.exp(mean + quantile * error)) - 1),
        p_value=p_value,
        finding=_finding(mean, p_value, alpha, more_is_better=False),
        note=f"ratio {np.exp(mean):.3f} over {len(logs)} pairs",
    )


def _sign_test(one: int, other: int) -> float:
    if not one + other:
        return 1.0
    return float(stats.binomtest(one, one + other, 0.5).pvalue)


def _finding(difference: float, p_value: float, alpha: float, *, more_is_better: bool) -> Finding:
    if p_value > alpha or difference == 0:
        return "no difference"
    return "better" if (difference > 0) == more_is_better else "worse"


def _nothing(name: str, unit: str, why: str) -> Change:
    return Change(name=name, unit=unit, finding="inconclusive", note=why)


class DetectionChange(msgspec.Struct, frozen=True):
    """What changed in what was found.

    ``by_scenario`` are recall changes by scenario and difficulty; ``gained`` and ``lost`` list
    incidents; ``new_false`` and ``gone_false`` false cases.
    """

    changes: list[Change]
    by_scenario: list[Change]
    gained: pa.Table
    lost: pa.Table
    new_false: pa.Table
    gone_false: pa.Table


# The same cause on both sides: an incident, and a card on a day.
_TABLES: Final = """
CREATE TEMP TABLE false_before AS
  SELECT *, first_alert_ms // 86400000 AS day FROM raw_false_before;
CREATE TEMP TABLE false_after AS
  SELECT *, first_alert_ms // 86400000 AS day FROM raw_false_after;
CREATE TEMP TABLE pairs AS
  SELECT b.*, a.caught AS caught_after, a.rules AS rules_after, a.lost_minor AS lost_minor_after
  FROM incidents_before b JOIN incidents_after a USING (shard, incident_id);
"""
_BY_SCENARIO: Final = """
SELECT scenario, difficulty, count(*), count(*) FILTER (caught AND caught_after),
  count(*) FILTER (caught AND NOT caught_after), count(*) FILTER (caught_after AND NOT caught)
FROM pairs GROUP BY ALL ORDER BY ALL
"""
_GAINED: Final = "SELECT * FROM pairs WHERE caught_after AND NOT caught ORDER BY ALL"
_LOST: Final = "SELECT * FROM pairs WHERE caught AND NOT caught_after ORDER BY ALL"
_NEW_FALSE: Final = (
    "SELECT * FROM false_after ANTI JOIN false_before USING (shard, card_token, day) ORDER BY ALL"
)
_GONE_FALSE: Final = (
    "SELECT * FROM false_before ANTI JOIN false_after USING (shard, card_token, day) ORDER BY ALL"
)


def compare_boards(before: Path, after: Path, days: float, alpha: float) -> DetectionChange:
    """Compare the incidents and false cases of two boards over the same shards.

    Parameters
    ----------
    before, after
        Folders of the boards, with ``incidents.parquet`` and ``false_cases.parquet``.
    days
        Scored event days of all shards together.
    alpha
        False-alarm rate of each statement; those on scenarios share one.
    """
    with duckdb.connect() as connection:
        for side, folder in (("before", before), ("after", after)):
            incidents, false = (
                pq.read_table(folder / f"{name}.parquet") for name in ("incidents", "false_cases")
            )
            connection.register(f"incidents_{side}", incidents)
            connection.register(f"raw_false_{side}", false)
        connection.execute(_TABLES)
        rows = connection.sql(_BY_SCENARIO).fetchall()
        gained, lost, new_false, gone_false = (
            connection.sql(query).to_arrow_table()
            for query in (_GAINED, _LOST, _NEW_FALSE, _GONE_FALSE)
        )
        cases_before = connection.sql("SELECT count(*) FROM false_before").fetchall()[0][0]
    # All scenarios together are one statement, however many there are.
    each = alpha / max(1, len(rows))
    by_scenario = [
        paired_share(f"{scenario} ({difficulty})", PairedCounts(both, only_b, only_a, total), each)
        for scenario, difficulty, total, both, only_b, only_a in rows
    ]
    whole = PairedCounts(*(sum(row[at] for row in rows) for at in (3, 4, 5, 2)))
    shared = cases_before - len(gone_false)
    false_counts = PairedCounts(shared, len(gone_false), len(new_false), 0)
    changes = [
        paired_share("incident recall", whole, alpha),
        paired_rate("false cases", "cases a day", false_counts, days, alpha),
    ]
    return DetectionChange(changes, by_scenario, gained, lost, new_false, gone_false)
