"""Has detection become worse than at the baseline, by the board of an exam?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow.parquet as pq

from evaluation.board.board import BOARD_FILE, Board, read_board
from evaluation.gates.against import Asked, Reference, exactly, gate, loss_gate, not_measured
from evaluation.gates.gate import Gate, by_interval
from evaluation.gates.profiles import DetectionBounds
from evaluation.gates.ratios import Compared, poisson_interval, ratio_of, share_by_resampling
from evaluation.intervals import Interval

RECALL: Final = Asked("incident_recall", "Which share of attacks is caught?", "detection", "1")
PRECISION: Final = Asked(
    "alert_precision", "Which share of alerts credits an attack?", "detection", "1"
)
SAVED: Final = Asked(
    "saved_share", "Which share of the money attempted is saved?", "detection", "1"
)
CALLED: Final = Asked(
    "holders_wrongly_called", "How many holders are called for nothing?", "detection", ""
)
ALL: Final = (RECALL, PRECISION, CALLED, SAVED)


class Exam(NamedTuple):
    """An exam that was sat, and what the gates read of it."""

    name: str
    rules_hash: str
    board: Board
    saved: Compared | None


def newest_exam(exams: Path, rules_hash: str, shards: list[str] | None = None) -> Exam | None:
    """The newest exam that these rules have sat; None where there is none.

    Parameters
    ----------
    rules_hash
        Of the rules, the engine and their parameters.
    shards
        Those of the baseline: an exam on the same swipes is taken before a newer one on others.
    """
    found = [
        folder.parent.parent
        for folder in exams.glob(f"*/board/{BOARD_FILE}")
        if _rules_of(folder.parent.parent) == rules_hash
    ]
    read = [
        each
        for folder in sorted(found, reverse=True)
        if (each := _read(folder, rules_hash)) is not None
    ]
    same = [each for each in read if each.board.extent.shards == shards]
    return next(iter([*same, *read]), None)


def detection_gates(
    exam: Exam | None, compared_with: Reference, bounds: DetectionBounds, absent: str
) -> list[Gate]:
    """All gates on an exam.

    Parameters
    ----------
    absent
        What to say where there is none.
    """
    if exam is None:
        return [not_measured(asked, absent) for asked in ALL]
    figures = detection_figures(exam)
    losses = {
        RECALL: bounds.incident_recall_loss_max,
        PRECISION: bounds.alert_precision_loss_max,
        SAVED: bounds.saved_share_loss_max,
    }
    gates = []
    for asked in ALL:
        known = figures.get(asked.name)
        if known is None:
            gates.append(not_measured(asked, f"{exam.name} does not say"))
        elif asked is CALLED:
            gates.append(
                _called(exam, known, compared_with, bounds.holders_wrongly_called_ratio_max)
            )
        else:
            now = Compared(known[0], Interval(known[1], known[2]))
            gates.append(loss_gate(asked, now, compared_with, losses[asked]))
    return gates


def detection_figures(exam: Exam) -> dict[str, list[float]]:
    """What a baseline keeps: value, low and high of each figure that was measured."""
    return {name: [each.value, *each.interval] for name, each in _figures(exam)}


def detection_settings(exam: Exam) -> dict[str, Any]:
    """What must be the same for two exams to be compared."""
    return {"swipes of": exam.board.extent.shards}


def _figures(exam: Exam) -> Iterator[tuple[str, Compared]]:
    for asked in (RECALL, PRECISION):
        line = exam.board.line(asked.name)
        if line is not None and None not in (line.value, line.low, line.high):
            assert line.value is not None  # noqa: S101 - checked above; for the type checker
            assert line.low is not None  # noqa: S101
            assert line.high is not None  # noqa: S101
            yield asked.name, Compared(line.value, Interval(line.low, line.high))
    called = exam.board.line(CALLED.name)
    if called is not None and called.numerator is not None and called.denominator:
        # The board counts holders; as events that are rare for each they are Poisson.
        low, high = poisson_interval(called.numerator)
        per = called.denominator
        yield CALLED.name, Compared(called.numerator / per, Interval(low / per, high / per))
    if exam.saved is not None:
        yield SAVED.name, exam.saved


def _called(exam: Exam, now: list[float], compared_with: Reference, ratio_max: float) -> Gate:
    line = exam.board.line(CALLED.name)
    asked = CALLED._replace(unit="" if line is None else line.unit)
    value, low, high = now
    before = compared_with.values(asked.name)
    if len(before) != 3:
        why = compared_with.why_none(asked.name)
        return not_measured(asked, why, value=value, low=low, high=high)
    base, base_low, base_high = before
    if not base_low > 0:
        return not_measured(asked, "the baseline has too few to compare with", value=value)
    known = Compared(base, Interval(base_low, base_high))
    found = ratio_of(Compared(value, Interval(low, high)), known)
    ratio, interval = exactly(value / base) if compared_with.unchanged else found
    return gate(
        asked,
        value=value,
        low=interval.low * base,
        high=interval.high * base,
        threshold=ratio_max * base,
        baseline=base,
        verdict=by_interval(interval, ratio_max),
        note=f"{ratio:.2f} times the baseline, at most {ratio_max:g}",
    )


def _rules_of(folder: Path) -> str | None:
    if folder.suffix == ".partial":
        return None
    try:
        facts = msgspec.json.decode((folder / "exam.json").read_bytes(), type=dict[str, Any])
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    found = facts.get("rules_sha256")
    return found if isinstance(found, str) else None


def _read(folder: Path, rules_hash: str) -> Exam | None:
    """An exam; None for one of another layout."""
    try:
        board = read_board(folder / "board")
    except msgspec.DecodeError:
        return None
    saved = None
    incidents = folder / "board" / "incidents.parquet"
    if incidents.exists():
        columns = pq.read_table(incidents, columns=["lost_minor", "saved_minor"])
        lost = columns.column("lost_minor").to_numpy()
        kept = columns.column("saved_minor").to_numpy()
        saved = share_by_resampling(kept, kept + lost)
    return Exam(folder.name, rules_hash, board, saved)
