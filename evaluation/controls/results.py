"""Was every control caught, and where is that kept?"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Protocol

import msgspec

from evaluation.controls.base import CannotTry, Control, Expected
from evaluation.controls.material import Material
from evaluation.evaluate import Evaluation
from evaluation.verdict import EXIT_CODES, Value
from generator.whole_file import write_whole

RESULTS_FILE: Final = "controls.json"

Outcome = Literal["caught", "not caught", "not tried"]


class Named(Protocol):
    """How a control names itself, what it breaks, and who must notice."""

    name: ClassVar[str]
    broken: ClassVar[str]
    judge: ClassVar[str]
    figure: ClassVar[str]
    expected: ClassVar[Expected]


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One control, and what came of it.

    Parameters
    ----------
    control, broken, judge, figure, expected
        As the control names them.
    live
        Whether it was broken on real services, not in a recorded history.
    before, after, unit
        The figure's value without and with the break.
    verdict
        Of the figure, with the break.
    reason
        What the judge said; why it could not be tried.
    run_verdict
        Of the whole run, with the break; None where there is no run.
    """

    control: str
    broken: str
    judge: str
    figure: str
    expected: Expected
    live: bool = False
    before: int | float | str | None = None
    after: int | float | str | None = None
    unit: str = ""
    verdict: Value | None = None
    reason: str
    run_verdict: Value | None = None
    outcome: Outcome

    @classmethod
    def of(cls, control: Named, **found: Any) -> Tried:
        """What came of a control, as it names itself."""
        return cls(
            control=control.name,
            broken=control.broken,
            judge=control.judge,
            figure=control.figure,
            expected=control.expected,
            **found,
        )


class Positive(msgspec.Struct, frozen=True):
    """One deciding judge of the unbroken history: it must pass."""

    judge: str
    verdict: Value
    reason: str
    live: bool = False


class Controls(msgspec.Struct, frozen=True, kw_only=True):
    """The positive control first, then all negative ones."""

    verdict: Value
    facts: dict[str, Any]
    positive: list[Positive]
    controls: list[Tried]

    @property
    def exit_code(self) -> int:
        """0 all caught, 1 one was not, 3 one could not be tried."""
        return EXIT_CODES[self.verdict]


def positive_control(evaluation: Evaluation, *, live: bool = False) -> list[Positive]:
    """What the deciding judges say of a history in which nothing is broken."""
    return [
        Positive(result.judge, result.verdict, result.reason, live)
        for result in evaluation.judges
        if result.decides
    ]


def try_control(control: Control, material: Material) -> Tried:
    """Break what the control breaks, and see who notices."""
    try:
        before = control.unbroken(material)
        if before.value is None:
            raise CannotTry(f"the figure is not measured without the break: {before.reason}")
        if before.verdict not in ("pass", None):
            raise CannotTry(f"the figure is {before.verdict} without the break: {before.reason}")
        after = control.sighted(material)
    except CannotTry as error:
        return Tried.of(control, reason=str(error), outcome="not tried")
    return Tried.of(
        control,
        before=before.value,
        after=after.value,
        unit=after.unit,
        verdict=after.verdict,
        reason=after.reason,
        run_verdict=after.run_verdict,
        outcome="caught" if control.noticed(before, after) else "not caught",
    )


def summed_up(positive: list[Positive], tried: list[Tried], facts: dict[str, Any]) -> Controls:
    """The worst of all: what was not caught outweighs what could not be tried."""
    passed = {one.verdict for one in positive}
    outcomes = {one.outcome for one in tried}
    verdict: Value = "pass"
    if "fail" in passed or "not caught" in outcomes:
        verdict = "fail"
    elif "inconclusive" in passed or "not tried" in outcomes or not tried:
        verdict = "inconclusive"
    return Controls(verdict=verdict, facts=facts, positive=positive, controls=tried)


def write_controls(controls: Controls, folder: Path) -> Path:
    """Write ``controls.json``; the file's path."""
    file = folder / RESULTS_FILE
    write_whole(file, msgspec.json.format(msgspec.json.encode(controls), indent=2) + b"\n")
    return file


def read_controls(folder: Path) -> Controls:
    """What was written.

    Raises
    ------
    FileNotFoundError
        If no controls were tried there.
    msgspec.DecodeError
        If the file is damaged or of another layout.
    """
    return msgspec.json.decode((folder / RESULTS_FILE).read_bytes(), type=Controls)
