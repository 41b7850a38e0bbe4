"""Which figures of a board stand first, and in which words?"""

from __future__ import annotations

from typing import Final, NamedTuple

from evaluation.board import Board
from evaluation.board.rows import SAMPLE, TRUTH, Line
from scenarios.mixes import PREVALENCES

_NEARLY_ALL: Final = 0.9995
MONITOR, BLOCK = "monitor", "block"
#: Words for a named prevalence.
PREVALENCE_TEXTS: Final = {
    SAMPLE: "as in the exam",
    **{name: f"{name} ({share:.3%})" for name, share in PREVALENCES.items()},
}


class Words(NamedTuple):
    """How a figure is called, and what it says."""

    label: str
    meaning: str


_PREVALENT: Final = {
    "alert_precision": Words("Alerts that are right", "Alerts that credit an attack, of all."),
    "case_precision": Words(
        "Cases that are right", "A case is a card within 24 h of its first alert."
    ),
    "swipe_precision": Words("Flagged swipes that are fraud", "Precision by swipe."),
    "alert_rate": Words("Swipes flagged", "The alert rate."),
    "holders_wrongly_called": Words(
        "Holders wrongly called", "Cases that credit nothing, a day for each 10,000 cards."
    ),
}
_OF_ATTACKS: Final = {
    "incident_recall": Words("Attacks caught", "Credited by at least one alert."),
    "case_recall": Words("Cases of fraud caught", "Recall by card within 24 h."),
    "swipe_recall": Words("Fraudulent swipes flagged", "Recall by swipe."),
    "saved_share": Words("Money saved", "Approved fraud from the first alert on, of all."),
    "lost_share": Words("Money lost", "Approved fraud before the first alert, of all."),
    "delay_swipes_p50": Words("Swipes before the alert", "Median over attacks caught."),
    "delay_min_p50": Words("Minutes to the alert", "Median over attacks caught."),
}
_OF_SAMPLE: Final = {
    "average_precision": Words("Average precision", "Area under the precision-recall curve."),
    "precision_at_k_day": Words("Precision of the day's calls", "Of the k cards called each day."),
    "precision_at_k_day_possible": Words("The most possible of that", "If all calls were right."),
}
_BLOCKED: Final = {
    "fraud_amount_stopped": Words("Fraud stopped, by money", "Of all approved fraud."),
    "fraud_swipes_stopped": Words("Fraud stopped, by swipe", "Of all fraudulent swipes."),
    "genuine_swipes_stopped": Words(
        "Genuine swipes stopped", "A day for each 10,000 cards; they would have been approved."
    ),
    "holders_wrongly_stopped": Words(
        "Holders wrongly stopped", "Stops for nothing, a day for each 10,000 cards."
    ),
}


def figures(board: Board, prevalence: str, mode: str) -> list[tuple[Words, Line]]:
    """The figures of a mode at a prevalence, the most important first.

    What does not depend on how much fraud there is (recall, delay, money) is that of the exam.
    """
    if mode == BLOCK:
        names: dict[str, Words] = _BLOCKED
    elif prevalence == SAMPLE:
        names = {**_OF_ATTACKS, **_PREVALENT, **_OF_SAMPLE}
    else:
        names = {**_PREVALENT, **_OF_ATTACKS}
    found = []
    for name, words in names.items():
        at = prevalence if name in {**_PREVALENT, **_BLOCKED} else SAMPLE
        line = _line(board, name, at, mode)
        if line is None and name in ("fraud_amount_stopped", "fraud_swipes_stopped"):
            line = _line(board, name, SAMPLE, mode)
        if line is not None:
            found.append((words, line))
    return found


def _line(board: Board, name: str, prevalence: str, mode: str) -> Line | None:
    for each in board.headline:
        if (each.name, each.system, each.labels, each.prevalence, each.mode) == (
            name,
            "job",
            TRUTH,
            prevalence,
            mode,
        ):
            return each
    return None


def value_text(value: float | None, unit: str) -> str:
    """A figure for people.

    Examples
    --------
    >>> value_text(0.1234, "1"), value_text(3.0, "min"), value_text(None, "1")
    ('12.3%', '3 min', 'unknown')
    >>> value_text(0.001392, "1"), value_text(1.0, "1")
    ('0.139%', '100%')
    """
    if value is None:
        return "unknown"
    if unit == "1":
        # Nearly all is not all.
        return ">99.9%" if _NEARLY_ALL <= value < 1 else f"{100 * value:.3g}%"
    short = {"fraudulent swipes": "", "1/10,000 cards/day": ""}.get(unit, unit)
    return f"{value:.3g} {short}".strip()


def interval_text(line: Line) -> str:
    """The 95% interval and what the denominator counts."""
    of = f"of {line.denominator:,.0f} {line.of}" if line.denominator else f"of {line.of}"
    if line.of.startswith("10,000 ") and line.denominator:
        of = f"over {line.denominator:,.0f} times {line.of}"
    if line.low is None or line.high is None:
        return of
    return f"95%: {value_text(line.low, line.unit)} to {value_text(line.high, line.unit)}, {of}"
