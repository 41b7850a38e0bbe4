"""How is a board read in a terminal?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from evaluation.board.board import Board, Share


def print_board(board: Board, folder: Path, console: Console) -> None:
    """Print a board: the figures, then by scenario, by rule, beside baselines, and the flags."""
    colour = "green" if board.verdict == "pass" else "yellow"
    measured = "MEASURED" if board.verdict == "pass" else "INCONCLUSIVE"
    console.print(
        f"[bold {colour}]{measured}[/]  {board.swipes:,} swipes of {board.cards:,} cards over "
        f"{board.days:,.0f} portfolio-days; {board.attacks:,} attacks "
        f"({board.fraudulent_swipes:,} swipes), {board.look_alikes:,} look-alikes"
    )
    for reason in board.reasons[:8]:
        console.print(f"  {reason}")
    console.print()
    console.print(_figures(board))
    console.print()
    console.print(_scenarios(folder))
    console.print()
    console.print(_rules(board))
    console.print()
    console.print(_baselines(board))
    if board.flags:
        console.print()
        for flag in board.flags:
            console.print(f"  {flag}")


def _figures(board: Board) -> Table:
    table = Table("figure", "value", "95% interval", "", box=None, pad_edge=False)
    for share in board.shares:
        table.add_row(share.name, _value(share), _interval(share), share.of)
    for each in board.at_prevalence:
        precision = "-" if each.swipe_precision is None else f"{each.swipe_precision:.3f}"
        table.add_row(
            f"swipe precision, {each.name}",
            precision,
            "",
            f"at {each.prevalence:.3%} fraud; {each.alerts_per_1000:.2f} alerts per 1,000 swipes",
        )
    table.add_row(
        "average precision (PR-AUC)",
        f"{board.average_precision['score']:.3f}",
        "",
        ", ".join(f"{each.average_precision:.3f} at {each.name}" for each in board.at_prevalence),
    )
    ranking = board.ranking
    table.add_row(
        f"precision@{ranking.k_a_day:.0f} a day",
        f"{ranking.precision:.3f}",
        "",
        f"{ranking.possible:.3f} is possible; {ranking.filled:.0%} of the places are filled",
    )
    table.add_row(
        "false cases",
        f"{board.false_cases_per_10000_a_day:.2f}",
        "",
        "a day and 10,000 cards",
    )
    if board.delay_swipes_p50 is not None and board.delay_min_p50 is not None:
        table.add_row(
            "delay, median",
            f"{board.delay_swipes_p50:.0f}",
            "",
            f"fraudulent swipes before the first alert; {board.delay_min_p50:.1f} min",
        )
    table.add_row("lost before the alert", _part(board.lost_minor, board.at_stake_minor), "", "")
    blocking = board.blocking
    table.add_row(
        "block mode: saved",
        _part(blocking.saved_minor, blocking.attempted_minor),
        "",
        f"{blocking.holders_wrongly_per_10000_a_day:.2f} holders wrongly stopped a day and 10,000",
    )
    issuer = board.issuer
    recall = "-" if issuer.incident_recall is None else f"{issuer.incident_recall:.3f}"
    precision = "-" if issuer.alert_precision is None else f"{issuer.alert_precision:.3f}"
    table.add_row(
        "as an issuer knows it",
        recall,
        "",
        f"recall of {issuer.known:,} attacks reported by then; alert precision {precision}",
    )
    return table


def _value(share: Share) -> str:
    return "-" if share.value is None else f"{share.value:.4f}"


def _interval(share: Share) -> str:
    if share.low is None or share.high is None:
        return ""
    return f"{share.low:.4f} to {share.high:.4f}"


def _part(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def _scenarios(folder: Path) -> Table:
    """Recall, or false alarms, at each difficulty, with the rules that fire."""
    rows = pq.read_table(folder / "by_scenario.parquet").to_pylist()
    matrix = pq.read_table(folder / "matrix.parquet").to_pylist()
    table = Table(box=None, pad_edge=False)
    table.add_column("scenario", no_wrap=True)
    for heading in ("easy", "medium", "hard", "fires most, of all incidents"):
        table.add_column(heading)
    for role, heading in (("attack", "attacks: caught"), ("look_alike", "look-alikes: alerted")):
        table.add_row(f"[bold]{heading}[/]")
        for name in sorted({row["scenario"] for row in rows if row["role"] == role}):
            of_name = {row["difficulty"]: row for row in rows if row["scenario"] == name}
            cells = [_cell(of_name.get(level)) for level in ("easy", "medium", "hard")]
            table.add_row(f"  {name}", *cells, _firing(matrix, name))
    return table


def _cell(row: dict[str, Any] | None) -> str:
    if row is None:
        return "-"
    low, high = row["alerted_share_low"], row["alerted_share_high"]
    return f"{row['alerted_share']:.2f} ({low:.2f}-{high:.2f})"


def _firing(matrix: list[dict[str, Any]], scenario: str) -> str:
    counts: dict[str, int] = {}
    incidents = 0
    for cell in matrix:
        if cell["scenario"] == scenario:
            counts[cell["rule"]] = counts.get(cell["rule"], 0) + cell["fired"]
            incidents += cell["incidents"]
    incidents //= max(len(counts), 1)
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{rule} {count / incidents:.0%}" for rule, count in ranked[:1] if count)


def _rules(board: Board) -> Table:
    table = Table(
        "rule", "caught", "it alone", "false alerts", "it alone", "PR-AUC", box=None, pad_edge=False
    )
    for row in board.by_rule:
        name = row["rule"] + (" (shadow)" if row["shadow"] else "")
        table.add_row(
            name,
            f"{row['incidents_caught']:,}",
            f"{row['only_caught']:,}",
            f"{row['false_alerts']:,}",
            f"{row['only_false']:,}",
            f"{board.average_precision[row['rule']]:.3f}",
        )
    return table


def _baselines(board: Board) -> Table:
    table = Table(
        "beside",
        "recall",
        "alert precision",
        "false cases/day/10,000",
        "lost",
        box=None,
        pad_edge=False,
    )
    for row in board.baselines:
        recall = "-" if row.incident_recall is None else f"{row.incident_recall:.3f}"
        precision = "-" if row.alert_precision is None else f"{row.alert_precision:.3f}"
        lost = "-" if row.lost_share is None else f"{row.lost_share:.0%}"
        table.add_row(row.name, recall, precision, f"{row.false_cases_per_10000_a_day:.2f}", lost)
    return table
