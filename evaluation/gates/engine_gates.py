"""Has the engine or the rendering become dearer than at the baseline?

Read from the files of pytest-benchmark. Of the rounds of a benchmark the fastest counts: other work
on the machine only adds (Chen and Revels (2016), "Robust benchmarking in noisy environments"). It
is taken in units of a fixed loop, which ran in the same process just before and after. Several
processes give several such figures, as two processes of the same code differ (Kalibera and Jones
(2013)).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from evaluation.gates.against import Asked, Reference, cost_gate
from evaluation.gates.gate import Gate

#: A parameter of this name only varies what is done; costs of its values are added up.
_VARIED: Final = "kind"
_PREFIX: Final = "bench_"
_UNIT: Final = "loops"


class _Stats(msgspec.Struct, frozen=True):
    min: float


class _Extra(msgspec.Struct, frozen=True):
    calibration: int
    calibration_s: list[float]


class _Benchmark(msgspec.Struct, frozen=True):
    name: str
    fullname: str
    params: dict[str, Any] | None
    stats: _Stats
    extra_info: _Extra


class _BenchFile(msgspec.Struct, frozen=True):
    benchmarks: list[_Benchmark]


class Session(msgspec.Struct, frozen=True):
    """What one process measured.

    Attributes
    ----------
    calibration
        Version of the loop in whose times costs are stated.
    costs
        By subject, in calibration loops.
    seconds
        By subject, of the fastest round.
    """

    calibration: int
    costs: dict[str, float]
    seconds: dict[str, float]


def read_session(file: Path) -> Session:
    """Read what ``--benchmark-json`` wrote.

    Raises
    ------
    msgspec.DecodeError
        If a benchmark has no calibration beside it.
    ValueError
        If there is no benchmark.
    """
    found = msgspec.json.decode(file.read_bytes(), type=_BenchFile).benchmarks
    if not found:
        raise ValueError(f"{file.name}: no benchmark was run")
    costs: dict[str, float] = {}
    seconds: dict[str, float] = {}
    for each in found:
        name = subject(each.name, each.params or {})
        costs[name] = costs.get(name, 0.0) + each.stats.min / min(each.extra_info.calibration_s)
        seconds[name] = seconds.get(name, 0.0) + each.stats.min
    return Session(found[0].extra_info.calibration, costs, seconds)


def subject(name: str, parameters: Mapping[str, Any]) -> str:
    """What a benchmark is about; those that differ only in kind are about the same.

    Examples
    --------
    >>> subject("bench_measure[velocity-at home]", {"name": "velocity", "kind": "at home"})
    'measure velocity'
    >>> subject("bench_render_swipes", {})
    'render_swipes'
    """
    about = [str(value) for key, value in parameters.items() if key != _VARIED]
    return " ".join([name.partition("[")[0].removeprefix(_PREFIX), *about])


def engine_gates(
    sessions: Sequence[Session], compared_with: Reference, ratio_max: float
) -> list[Gate]:
    """A gate for each subject, of the baseline too: one that is gone was not measured."""
    figures = engine_figures(sessions)
    known = compared_with.measured.figures if compared_with.measured is not None else {}
    gates = []
    for name in dict.fromkeys((*figures, *known)):
        asked = Asked(name, _question(name), "engine", _UNIT)
        gates.append(cost_gate(asked, figures.get(name, []), compared_with, ratio_max))
    return gates


def engine_figures(sessions: Sequence[Session]) -> dict[str, list[float]]:
    """What a baseline keeps: one cost for each session, by subject."""
    names = dict.fromkeys(name for session in sessions for name in session.costs)
    return {name: list(_costs(sessions, name)) for name in names}


def engine_settings(sessions: Sequence[Session]) -> dict[str, Any]:
    """What must be the same for costs to be compared."""
    return {"calibration loop": max(session.calibration for session in sessions)}


def _costs(sessions: Sequence[Session], name: str) -> Iterator[float]:
    yield from (session.costs[name] for session in sessions if name in session.costs)


def _question(name: str) -> str:
    what, _, about = name.partition(" ")
    if what == "measure":
        return f"Is the rule {about} as cheap as it was?"
    return f"Is {' '.join([what.replace('_', ' '), about]).strip()} as cheap as it was?"
