"""What does a person want to know first?

The verdict and why in one line; then about ten figures; then what failed or could not be known,
with what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from evaluation.evaluate import Evaluation
from evaluation.verdict import Figure, JudgeResult, Value

_COLOURS: Final[dict[Value, str]] = {"pass": "green", "fail": "red", "inconclusive": "yellow"}

#: What to do about a figure that did not pass.
_ADVICE: Final[dict[str, str]] = {
    "missing": "results/delivery_faults.parquet has the first 20 by position",
    "repeated": "results/delivery_faults.parquet has the first 20; is the sink exactly-once?",
    "unexpected": "results/delivery_faults.parquet has the first 20; is another job writing here?",
    "different": "results/delivery_faults.parquet has both versions of the first 20",
    "alerts_missing": "results/delivery_faults.parquet has the first 20 by alert id",
    "alerts_repeated": "results/delivery_faults.parquet has the first 20 by alert id",
    "alerts_different": "results/delivery_faults.parquet has the first 20 by alert id",
    **dict.fromkeys(
        ("windows_missing", "windows_repeated", "windows_unexpected", "windows_different"),
        "results/delivery_faults.parquet has the first 20 by kind, key and start, both versions",
    ),
    "out_of_order": "results/delivery_faults.parquet has the first 20; are outputs keyed by card?",
    "ledger_wrong": "results/delivery_faults.parquet has the first 20 cards with their counts",
    "rule_errors": "the log of the TaskManager has the traceback",
    "send_errors": "sends.parquet names the error of each; is Kafka reachable and large enough?",
    "slip_p99": "more sending processes (workers) or a lower rate",
    "off_schedule": "is the sender one of your own? due times are those of the replay's records",
    "uncommitted_p99": "results/latency_by_second.parquet shows when; the split shows where",
    "committed_p99": "results/latency_by_second.parquet shows when; checkpoints set its floor",
    "achieved_rate": (
        "results/backlog.parquet shows when; lower the rate, make checkpoints rarer "
        "(checkpoint_interval_ms), add slots, or measure a warm stack (`make stack-up jit=full`)"
    ),
    "backlog_growth": "results/backlog.parquet shows it; a lower rate or more slots",
    "incident_recall": "results/detection_incidents.parquet lists the attacks that were missed",
    "false_alerts_per_1000": "results/detection_by_rule.parquet shows which rules raise them",
}


class Line(NamedTuple):
    """One figure for a person."""

    label: str
    value: str
    note: str
    verdict: Value | None = None


def print_report(evaluation: Evaluation, console: Console) -> None:
    """Print the short report.

    Parameters
    ----------
    evaluation
        What was judged.
    console
        A table on a terminal, plain lines elsewhere.
    """
    verdict = evaluation.verdict
    colour = _COLOURS[verdict.value]
    console.print(f"[bold {colour}]{verdict.value.upper()}[/]  {escape(verdict.reason)}")
    lines = list(_lines(evaluation))
    if console.is_terminal:
        console.print(_table(lines))
    else:
        for line in lines:
            mark = "" if line.verdict in (None, "pass") else f"  [{line.verdict}]"
            text = f"  {line.label:<24} {line.value:<26} {line.note}{mark}".rstrip()
            console.print(text, markup=False, soft_wrap=True)
    for problem in _problems(evaluation):
        console.print(problem, markup=False, soft_wrap=not console.is_terminal)


def _table(lines: list[Line]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=True, padding=(0, 1))
    for _ in range(3):
        table.add_column(overflow="fold")
    for line in lines:
        colour = "" if line.verdict is None else _COLOURS[line.verdict]
        value = f"[{colour}]{escape(line.value)}[/]" if colour else escape(line.value)
        table.add_row(line.label, value, f"[dim]{escape(line.note)}[/]")
    return table


def _lines(evaluation: Evaluation) -> Iterator[Line]:
    by_name = {result.judge: result for result in evaluation.judges}
    if evaluation.mode == "live":
        if "delivery" in by_name:
            yield from _delivery(by_name["delivery"])
        if "latency" in by_name:
            yield from _latency(by_name["latency"])
    if "detection" in by_name:
        yield from _detection(by_name["detection"])
    if evaluation.mode == "live":
        if "throughput" in by_name:
            yield from _throughput(by_name["throughput"], by_name.get("latency"))
        yield from _job(evaluation)


def _delivery(result: JudgeResult) -> Iterator[Line]:
    total = _number(result.figure("expected_outputs") or result.figure("owed_answers"))
    for kind in ("missing", "repeated", "different"):
        figure = result.figure(kind)
        if figure is not None:
            alerts = _number(result.figure(f"alerts_{kind}"))
            note = f"alerts: {alerts}"
            value = f"{_number(figure)} of {total}"
            if figure.value is None:
                value, note = "nobody knows", figure.note
            yield Line(kind, value, note, figure.verdict)
    ledger = result.figure("ledger_wrong")
    if ledger is not None:
        of = f"{_number(ledger)} of {_number(result.figure('ledger_cards'))} cards"
        value = "nobody knows" if ledger.value is None else of
        note = ledger.note if ledger.value is None else "counts unlike the replay's"
        yield Line("card ledger", value, note, ledger.verdict)
    phantoms = result.figure("phantoms")
    if phantoms is not None:
        yield Line("phantoms", _number(phantoms), phantoms.note)


def _latency(result: JudgeResult) -> Iterator[Line]:
    floor = f"floor {_ms(result.figure('floor_p50'))} / {_ms(result.figure('floor_p99'))}"
    for view in ("uncommitted", "committed"):
        p99 = result.figure(f"{view}_p99")
        if p99 is not None:
            value = f"{_ms(result.figure(f'{view}_p50'))} / {_ms(p99)}"
            note = f"at most {p99.threshold:g} ms; {floor}"
            yield Line(f"{view} p50 / p99", value, note, p99.verdict)


def _detection(result: JudgeResult) -> Iterator[Line]:
    recall, false = result.figure("incident_recall"), result.figure("false_alerts_per_1000")
    if recall is not None:
        caught = _number(result.figure("incidents_caught"))
        of = f"{caught} of {_number(result.figure('incidents'))}"
        yield Line("attacks caught", of, _interval(recall), recall.verdict)
    if false is not None:
        yield Line("false alerts per 1,000", _number(false), _interval(false), false.verdict)
    delay, lost = result.figure("delay_swipes_p50"), result.figure("lost_share")
    if delay is not None and delay.value is not None:
        share = "" if lost is None or not isinstance(lost.value, float) else f"{lost.value:.0%}"
        note = f"{share} of the approved money went before the first alert" if share else ""
        yield Line("swipes before the alert", f"{_number(delay)} (median)", note)


def _throughput(result: JudgeResult, latency: JudgeResult | None) -> Iterator[Line]:
    offered, achieved = result.figure("offered_rate"), result.figure("achieved_rate")
    if offered is not None and achieved is not None:
        value = f"{_number(offered)} / {_number(achieved)} a second"
        growth = result.figure("backlog_growth")
        note = f"backlog {_number(growth)} records/s" if growth and growth.value is not None else ""
        yield Line("offered / achieved", value, note, achieved.verdict)
    slip = None if latency is None else latency.figure("slip_p99")
    if slip is not None:
        yield Line("sender's slip, p99", _ms(slip), f"at most {slip.threshold:g} ms", slip.verdict)


def _job(evaluation: Evaluation) -> Iterator[Line]:
    per_million = evaluation.job.get("cpu_s_per_million_swipes", {}).get("taskmanager")
    if per_million is not None:
        yield Line("TaskManager CPU", f"{per_million:.1f} s per million swipes", _speed(evaluation))
    if evaluation.job.get("external"):
        yield Line("restarts, checkpoints", "nobody knows", "another cluster", "inconclusive")
        return
    restarts = evaluation.job.get("restarts")
    completed, failed = (evaluation.job.get(f"checkpoints_{s}", 0) for s in ("completed", "failed"))
    note = f"{completed} checkpoints completed, {failed} failed"
    yield Line("restarts", "unknown" if restarts is None else str(restarts), note)


def _speed(evaluation: Evaluation) -> str:
    """How fast the machine was: with it, what a swipe costs rises and falls."""
    calibration = evaluation.figure("latency", "calibration")
    if calibration is None or calibration.value is None:
        return ""
    return f"a fixed loop took {calibration.value:.2f} ms when it began"


def _problems(evaluation: Evaluation) -> Iterator[str]:
    for result in evaluation.judges:
        measured = evaluation.mode == "live" or bool(result.figures)
        if result.verdict == "pass" or not measured:
            continue
        aside = "" if result.decides else " (reported, not part of the verdict)"
        yield f"{result.judge}: {result.verdict}{aside}: {result.reason}"
        for figure in result.figures:
            if figure.verdict in ("fail", "inconclusive") and figure.name in _ADVICE:
                yield f"  -> {figure.name}: {_ADVICE[figure.name]}"
    for rule, fields in evaluation.blind_rules.items():
        yield f"{rule}: inconclusive, the data has no {', '.join(fields)}"
    for problem in evaluation.problems:
        yield f"history: {problem}"


def _number(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "not measured"
    if isinstance(figure.value, str):
        return figure.value
    if isinstance(figure.value, int):
        return f"{figure.value:,}"
    return f"{figure.value:,.2f}" if abs(figure.value) < 100 else f"{figure.value:,.0f}"


def _ms(figure: Figure | None) -> str:
    if figure is None or not isinstance(figure.value, int | float):
        return _number(figure)
    return f"{figure.value:.1f} ms"


def _interval(figure: Figure) -> str:
    return figure.note.partition(", ")[2] or figure.note
