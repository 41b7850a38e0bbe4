"""In which order are the gates of a profile measured and judged?

thresholds, baseline -> runs on one stack -> benchmarks -> exam -> gates -> files. A folder that was
not finished is removed.
"""

from __future__ import annotations

import math
import secrets
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from evaluation.gates.against import Reference, reference
from evaluation.gates.baseline import Baseline, Measured, read_baseline, write_baseline
from evaluation.gates.detection_gates import (
    detection_figures,
    detection_gates,
    detection_settings,
    newest_exam,
)
from evaluation.gates.engine_gates import engine_figures, engine_gates, engine_settings
from evaluation.gates.gate import PARTS, Gate, Part
from evaluation.gates.junit import JUNIT_FILE, junit_xml
from evaluation.gates.live_gates import live_figures, live_gates, live_settings, machine_doubt
from evaluation.gates.markdown import SUMMARY_FILE, summary
from evaluation.gates.profiles import Profile
from evaluation.gates.repetition import read_repetition
from evaluation.gates.results import GatesResult, verdict_of, write_result
from generator.bulk import ExamSettings
from stack.settings import StackSettings
from workbench.bulk import engine_at
from workbench.console import Phases
from workbench.exam import run_exam, workers_here
from workbench.folders import BASELINES, EXAMS, GATES, REPLAYS, RUNS
from workbench.gate_bench import measure_engine
from workbench.gate_runs import Made, make_runs, replay_of
from workbench.machine import PROJECT_ROOT, provenance


@dataclass(frozen=True)
class Folders:
    """Where everything lies."""

    gates: Path = GATES
    baselines: Path = BASELINES
    runs: Path = RUNS
    exams: Path = EXAMS
    replays: Path = REPLAYS


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes
    ----------
    name, profile
        The profile's name and its thresholds.
    parts
        What is measured.
    of_runs
        Stored runs to judge in place of new ones; empty for new ones.
    repeat
        How often the benchmarks are judged, each time anew.
    sit_exam
        Sit an exam where these rules have sat none.
    store_baseline
        Whether what was measured becomes the baseline.
    bench_root
        The checkout whose benchmarks are run.
    """

    name: str
    profile: Profile
    parts: tuple[Part, ...] = PARTS
    of_runs: tuple[Path, ...] = ()
    repeat: int = 1
    sit_exam: bool = False
    store_baseline: bool = False
    bench_root: Path = PROJECT_ROOT

    @property
    def store_command(self) -> str:
        """What stores a baseline."""
        return f"paystream gates --profile {self.name} --store-baseline"


@dataclass
class Session:
    """One gating under way.

    Attributes
    ----------
    measured
        What may become the baseline, by part.
    unfit
        Why a part must not, by part.
    """

    request: Request
    folders: Folders
    phases: Phases
    baseline: Baseline
    facts: dict[str, Any]
    settings: StackSettings | None = None
    gates: list[Gate] = field(default_factory=list)
    measured: dict[Part, Measured] = field(default_factory=dict)
    unfit: dict[Part, str] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)
    exam: str | None = None

    def against(self, part: Part, *, timed: bool, **what: Any) -> Reference:
        """Note what was measured of a part; gives what it can be compared with."""
        names = ("commit", "dirty", "machine", "versions")
        figures = what.pop("figures")
        # A figure that is missing in one repetition is no baseline, and JSON has no word for it.
        known = {
            name: values for name, values in figures.items() if all(map(math.isfinite, values))
        }
        now = Measured(
            figures=known,
            measured_at=self.facts["started_at"],
            **{name: self.facts[name] for name in names},
            **what,
        )
        self.measured[part] = now
        command = self.request.store_command
        return reference(now, self.baseline.part(part), command, timed=timed)


def run_gates(
    request: Request,
    phases: Phases,
    folders: Folders | None = None,
    settings: StackSettings | None = None,
) -> tuple[Path, GatesResult]:
    """Measure what is asked for, and hold it against the profile.

    Parameters
    ----------
    phases
        Where progress is told.
    settings
        The stack to run on; the environment's when left out.

    Returns
    -------
    tuple of Path and GatesResult
        The folder of the result, and what stands there.
    """
    folders = folders or Folders()
    # Read before anything else: a wrong file must not cost an hour.
    baseline = read_baseline(folders.baselines, request.name)
    replay_of(request.profile.runs)
    facts = provenance()
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{request.name}-{secrets.token_hex(2)}"
    partial = folders.gates / f"{name}.partial"
    session = Session(request, folders, phases, baseline, facts, settings)
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for part, measure in (("live", _live), ("engine", _engine), ("detection", _detection)):
            if part in request.parts:
                measure(session)
        result = _result(session, name)
        write_result(result, partial)
        (partial / JUNIT_FILE).write_text(junit_xml(result), encoding="utf-8")
        (partial / SUMMARY_FILE).write_text(summary(result), encoding="utf-8")
        final = folders.gates / name
        partial.rename(final)
    if request.store_baseline:
        store(session)
    return final, result


def _live(session: Session) -> None:
    request, profile = session.request, session.request.profile
    made = Made(list(request.of_runs), 0, "")
    if not request.of_runs:
        made = make_runs(
            profile.runs,
            session.phases,
            session.folders.runs,
            settings=session.settings,
            replays=session.folders.replays,
        )
    repetitions = []
    with session.phases.phase("read the repetitions") as bar:
        for number, folder in enumerate(made.folders):
            bar.update(number, len(made.folders), folder.name)
            counts = number >= made.uncounted
            repetitions.append(read_repetition(folder, profile.latency, counts=counts))
    session.runs = [folder.name for folder in made.folders]
    compared_with = session.against(
        "live",
        timed=True,
        settings=live_settings(repetitions),
        source=session.runs,
        figures=live_figures(repetitions),
    )
    gates = live_gates(repetitions, profile, compared_with)
    counting = [each for each in repetitions if each.counts]
    doubt = made.broken or machine_doubt(counting, profile)
    enough = len(counting) >= profile.runs.repetitions_min
    session.unfit["live"] = doubt or ("" if enough else "too few repetitions")
    session.gates += [with_broken(gate, made.broken) for gate in gates]


def with_broken(gate: Gate, broken: str) -> Gate:
    """A gate over repetitions of which one broke: what failed stands, the rest nobody knows."""
    if not broken or gate.verdict == "fail":
        return gate
    return msgspec.structs.replace(gate, verdict="inconclusive", note=broken)


def _engine(session: Session) -> None:
    request = session.request
    for turn in range(request.repeat):
        label = "benchmarks" if request.repeat == 1 else f"benchmarks {turn + 1}/{request.repeat}"
        with session.phases.phase(label) as bar:
            sessions = measure_engine(request.profile.engine.sessions, bar, request.bench_root)
        compared_with = session.against(
            "engine",
            timed=True,
            settings=engine_settings(sessions),
            source=["tests/bench"],
            figures=engine_figures(sessions),
        )
        gates = engine_gates(sessions, compared_with, request.profile.engine.ratio_max)
        if request.repeat > 1:
            session.phases.line("", in_one_line(gates))
            gates = [
                msgspec.structs.replace(gate, name=f"{gate.name} (turn {turn + 1})")
                for gate in gates
            ]
        session.gates += gates


def in_one_line(gates: Sequence[Gate]) -> str:
    """Verdicts counted, and the gate with the highest ratio to its baseline."""
    counts = dict.fromkeys(("pass", "fail", "inconclusive"), 0)
    for gate in gates:
        counts[gate.verdict] += 1
    said = ", ".join(f"{count} {value}" for value, count in counts.items() if count)
    ratios = {
        gate.name: gate.value / gate.baseline
        for gate in gates
        if isinstance(gate.value, float) and gate.baseline
    }
    if not ratios:
        return said
    highest = max(ratios, key=ratios.__getitem__)
    return f"{said}; highest {ratios[highest]:.2f} ({highest})"


def _detection(session: Session) -> None:
    request, folders = session.request, session.folders
    before = session.baseline.part("detection")
    shards = None if before is None else before.settings.get("swipes of")
    with session.phases.phase("newest exam") as bar:
        rules_hash = engine_at().hash
        exam = newest_exam(folders.exams, rules_hash, shards)
        bar.note = "none of these rules" if exam is None else exam.name
    if exam is None and request.sit_exam:
        run_exam(ExamSettings(), None, session.phases, workers=workers_here(), exams=folders.exams)
        exam = newest_exam(folders.exams, rules_hash, shards)
    compared_with = Reference(None, "")
    if exam is not None:
        session.exam = exam.name
        compared_with = session.against(
            "detection",
            timed=False,
            settings=detection_settings(exam),
            source=[exam.name],
            figures=detection_figures(exam),
            subject=exam.rules_hash,
        )
    absent = "these rules have sat no exam: run `make evaluate`, or give --evaluate"
    session.gates += detection_gates(exam, compared_with, request.profile.detection, absent)


def _result(session: Session, name: str) -> GatesResult:
    request = session.request
    names = ("commit", "dirty", "started_at", "machine", "versions")
    return GatesResult(
        gates_id=name,
        profile=request.name,
        verdict=verdict_of(session.gates, request.profile),
        gates=session.gates,
        thresholds=request.profile,
        parts=list(request.parts),
        runs=session.runs,
        exam=session.exam,
        **{each: session.facts[each] for each in names},
    )


def store(session: Session) -> None:
    """Replace the parts of the baseline that were measured and are fit for it."""
    broken = [
        gate.name for gate in session.gates if gate.kind == "promise" and gate.verdict == "fail"
    ]
    if broken:
        session.unfit["live"] = f"{', '.join(broken)} failed"
    fit = {part: each for part, each in session.measured.items() if not session.unfit.get(part)}
    for part in session.request.parts:
        if part not in fit:
            reason = session.unfit.get(part) or "not measured"
            session.phases.line(f"baseline, {part}", f"not stored: {reason}")
    if not fit:
        return
    file = write_baseline(session.folders.baselines, session.baseline.with_parts(fit))
    session.phases.line("baseline", f"{', '.join(fit)} stored in {file.name}")
