"""What does a person want to know first of an exam?

The verdict, then the headline, scenarios by difficulty, which rule fires where, what each rule
adds, what the job is held against, and last what to know before believing any of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from evaluation.board.board import Board
from evaluation.board.rows import ALL, ISSUER, Line, ScenarioRow
from evaluation.board.systems import JOB, NULL, PERFECT, RANDOM
from scenarios.mixes import PREVALENCES

_COLOURS: Final = {"pass": "green", "fail": "red", "inconclusive": "yellow"}
#: Columns of the matrix side by side; more rules go into a second block.
_RULES_WIDE: Final = 8
_Justify = Literal["left", "right"]


def print_board(board: Board, console: Console) -> None:
    """Print the report; fits 100 columns, plain where there is no terminal.

    Parameters
    ----------
    board
        To show.
    console
        Where to.
    """
    verdict, extent = board.verdict, board.extent
    colour = _COLOURS[verdict.value]
    console.print(f"[bold {colour}]{verdict.value.upper()}[/]  {escape(verdict.reason)}")
    console.print(
        f"{extent.split}: {extent.swipes:,} swipes of {extent.cards:,} cards over "
        f"{extent.days:g} days, {extent.fraud_swipes:,} of them fraudulent; "
        f"{extent.attacks:,} attacks, {extent.look_alikes:,} look-alikes",
        markup=False,
    )
    _show(console, "", ("", "", "95% interval", "of"), list(_headline(board)), "lrrl")
    _prevalences(board, console)
    _scenarios(board, console)
    _matrix(board, console)
    _rules(board, console)
    _baselines(board, console)
    _remarks(board, console)


def _headline(board: Board) -> Iterator[tuple[str, ...]]:
    labels = {
        "incident_recall": "attacks caught",
        "case_recall": "cases of fraud caught",
        "case_precision": "cases that were right",
        "alert_precision": "alerts that credit an attack",
        "swipe_precision": "precision by swipe",
        "swipe_recall": "recall by swipe",
        "average_precision": "average precision (PR-AUC)",
        "alert_rate": "alert rate",
        "precision_at_k_day": "precision@k a day",
        "precision_at_k_day_possible": "  the most possible",
        "saved_share": "money saved after the alert",
        "delay_swipes_p50": "swipes before the alert, p50",
        "delay_swipes_p90": "swipes before the alert, p90",
        "delay_min_p50": "minutes to the alert, p50",
        "fraud_amount_stopped": "block: money stopped",
        "fraud_swipes_stopped": "block: fraud swipes stopped",
    }
    for name, label in labels.items():
        line = board.line(name)
        if line is not None:
            yield label, _value(line), _interval(line), _of(line)


def _prevalences(board: Board, console: Console) -> None:
    names = {
        "swipe_precision": "precision by swipe",
        "case_precision": "cases that were right",
        "alert_rate": "alert rate",
        "holders_wrongly_called": "holders wrongly called*",
        "holders_wrongly_stopped": "block: holders wrongly stopped*",
        "genuine_swipes_stopped": "block: genuine swipes stopped*",
    }
    rows = []
    for name, label in names.items():
        lines = [board.line(name, prevalence=each) for each in ("sample", *PREVALENCES)]
        rows.append((label, *(_value(line) for line in lines)))
    heads = [f"{name} {share:.3%}" for name, share in PREVALENCES.items()]
    title = "At a named prevalence (* for each 10,000 cards a day)"
    _show(console, title, ("", "sample", *heads), rows, "lrrr")


def _scenarios(board: Board, console: Console) -> None:
    for role, title, verb in (
        ("attack", "Attacks: share caught (easy, medium, hard: all)", "random"),
        ("look_alike", "Look-alikes: share that raised an alert", "random"),
    ):
        rows = [row for row in board.by_scenario if row.role == role]
        shown = []
        for scenario in dict.fromkeys(row.scenario for row in rows):
            of = {row.difficulty: row for row in rows if row.scenario == scenario}
            shares = [_share(of.get(level)) for level in ("easy", "medium", "hard", ALL)]
            whole = of[ALL]
            interval = f"{whole.low:.2f}-{whole.high:.2f}"
            more = (
                (_figure(whole.pair_precision), _figure(whole.delay_swipes_p50))
                if role == "attack"
                else ()
            )
            shown.append(
                (
                    scenario,
                    *shares,
                    interval,
                    f"{whole.incidents:,}",
                    _figure(whole.random_share),
                    *more,
                )
            )
        extra = ("pair prec.", "delay") if role == "attack" else ()
        heads = ("", "easy", "medium", "hard", "all", "95%", "of", verb, *extra)
        _show(console, title, heads, shown, "l" + "r" * (len(heads) - 1))


def _matrix(board: Board, console: Console) -> None:
    rows = [row for row in board.matrix if row.difficulty == ALL]
    rules = list(dict.fromkeys(row.rule for row in rows))
    share = {(row.scenario, row.rule): row.share for row in rows}
    for begin in range(0, len(rules), _RULES_WIDE):
        some = rules[begin : begin + _RULES_WIDE]
        shown = [
            (scenario, *(_percent(share.get((scenario, rule))) for rule in some))
            for scenario in dict.fromkeys(row.scenario for row in rows)
        ]
        title = "Which rule fires where (% of incidents): " + ", ".join(
            f"{number}={rule}" for number, rule in enumerate(some, start=begin + 1)
        )
        heads = ("", *(str(number) for number in range(begin + 1, begin + 1 + len(some))))
        _show(console, title, heads, shown, "l" + "r" * len(some))


def _rules(board: Board, console: Console) -> None:
    rows = [
        (
            rule.rule
            + (" (shadow)" if rule.shadow else "")
            + (" (across)" if rule.across_cards else ""),
            f"{rule.fired:,}",
            _figure(rule.precision),
            _figure(rule.recall),
            _figure(rule.average_precision),
            f"{rule.caught:,}",
            f"{rule.only_incidents:,}",
            f"{rule.false_alerts:,}",
            f"{rule.only_false_alerts:,}",
            _figure(rule.precision_eea),
        )
        for rule in board.by_rule
    ]
    heads = ("", "fired", "prec.", "recall", "AP", "caught", "only it", "false", "only it", "eea")
    title = "Rules: swipes fired on, attacks caught alone, attacks and false alerts of only it"
    _show(console, title, heads, rows, "l" + "r" * 9)


def _baselines(board: Board, console: Console) -> None:
    names = (
        *("alert_rate", "swipe_precision", "swipe_recall", "average_precision"),
        *("case_precision", "incident_recall"),
    )
    rows = []
    for system, labels, title in (
        (JOB, "truth", "the job"),
        (JOB, ISSUER, "the job, as the issuer knows"),
        (NULL, "truth", "null: never alerts"),
        (RANDOM, "truth", "random: as many alerts"),
        (PERFECT, "truth", "perfect: knows the truth"),
    ):
        rows.append((title, *(_value(board.line(name, system, labels)) for name in names)))
    heads = ("", "alert rate", "precision", "recall", "AP", "cases right", "attacks")
    _show(console, "Held against", heads, rows, "l" + "r" * len(names))


def _remarks(board: Board, console: Console) -> None:
    if board.flags:
        console.print("\n[bold]Flags[/]")
    for kind in dict.fromkeys(flag.kind for flag in board.flags):
        of_kind = [flag for flag in board.flags if flag.kind == kind]
        where: dict[str, list[str]] = {}
        for flag in of_kind:
            where.setdefault(flag.scenario, []).append(flag.difficulty)
        names = ", ".join(f"{name} ({', '.join(at)})" for name, at in where.items())
        console.print(f"  {kind.replace('_', ' ')}: {names}: {of_kind[0].text}", markup=False)
    notes = list(board.notes)
    if board.extent.not_judged:
        notes.append(f"{board.extent.not_judged:,} swipes were late or repeats, and not judged")
    console.print("\n[bold]Notes[/]")
    for note in notes:
        console.print(f"  {note}", markup=False)


def _show(
    console: Console, title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], sides: str
) -> None:
    """A table without lines; the same on a terminal and elsewhere, but for colours."""
    console.print()
    if title:
        console.print(Text(title, style="bold"))
    table = Table(box=None, collapse_padding=True, padding=(0, 1), show_header=any(heads))
    for at, (head, side) in enumerate(zip(heads, sides, strict=True)):
        justify: _Justify = "left" if side == "l" else "right"
        # A name cut in two is hard to read and cannot be searched for.
        table.add_column(
            head, justify=justify, overflow="fold", no_wrap=at == 0, header_style="dim"
        )
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)


def _value(line: Line | None) -> str:
    return "-" if line is None else _figure(line.value)


def _interval(line: Line) -> str:
    return "" if line.low is None else f"{_figure(line.low)} to {_figure(line.high)}"


def _of(line: Line) -> str:
    if line.denominator is None:
        return line.of
    part = "" if line.numerator is None else f"{line.numerator:,.0f} of "
    return f"{part}{line.denominator:,.0f} {line.of}"


def _share(row: ScenarioRow | None) -> str:
    return "-" if row is None else _figure(row.share)


def _percent(share: float | None) -> str:
    return "-" if share is None else "." if share == 0 else f"{100 * share:.0f}"


def _figure(value: float | None) -> str:
    """Three digits that matter, whatever the size."""
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return (
        f"{value:.2f}" if abs(value) >= 1 else f"{value:.3f}" if value >= 0.01 else f"{value:.1e}"
    )
