"""In which order does an evaluation in bulk happen?

rules frozen -> shards -> every rule on every swipe -> board. The rules' hash is recorded before
the exam is opened, and a ledger keeps which rules have seen which exam: one that has been looked
at often is no exam any more.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from generator.bulk import ExamSettings
from generator.settings import SettingsError
from workbench.bulk import Engine, RulesChanged, engine_at, make_shards, score_shards, unchanged
from workbench.children import Child
from workbench.console import Phases
from workbench.folders import EXAMS, SHARDS
from workbench.machine import commit, provenance

LEDGER: Final = "ledger.jsonl"


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the ledger: these rules saw this exam."""

    at: str
    exam: str
    split: str
    seed: int
    rules: str
    commit: str | None


def workers_here() -> int:
    """Processes at once: as many as this machine has cores for us."""
    return max(1, len(os.sched_getaffinity(0)))


def run_exam(
    settings: ExamSettings,
    rules_file: Path | None,
    phases: Phases,
    *,
    workers: int,
    exams: Path = EXAMS,
    cache: Path = SHARDS,
) -> Path:
    """Judge the rules over an exam; gives the folder of the results.

    Parameters
    ----------
    settings
        What the exam is over.
    rules_file
        Rule parameters; None for those that ship with the job.
    phases
        Where progress is told.
    workers
        Processes at once.
    exams, cache
        Folders of all results and of all shards.

    Raises
    ------
    RulesChanged
        If the rules changed while they sat the exam.
    """
    # An unreadable ledger must not cost an exam.
    versions_that_saw(exams / LEDGER, settings.split, settings.seed)
    engine = engine_at(rules_file=rules_file)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{settings.split}-{secrets.token_hex(2)}"
    folder = exams / f"{name}.partial"
    folder.mkdir(parents=True)
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        with phases.phase("shards") as bar:
            shards = make_shards(settings, folder, bar, workers, cache)
        facts = _facts(name, settings, engine)
        _write_json(folder / "exam.json", facts)
        enter(exams / LEDGER, name, settings, engine)
        with phases.phase("rules") as bar:
            score_shards(engine, shards, folder, bar, workers)
        with phases.phase("board"):
            make_board(shards, engine, folder / "board")
        if not unchanged(engine):
            raise RulesChanged
        _write_json(folder / "exam.json", {**facts, "phases_s": phases.seconds})
        final = exams / name
        folder.rename(final)
    return final


def _facts(name: str, settings: ExamSettings, engine: Engine) -> dict[str, object]:
    return {
        "exam_id": name,
        "settings": settings.model_dump(mode="json"),
        "rules_sha256": engine.hash,
        "rules_file": None if engine.rules_file is None else str(engine.rules_file),
        **provenance(),
    }


def make_board(shards: list[Path], engine: Engine, out: Path) -> None:
    """Write the board of an engine that has judged these shards, in a process of its own."""
    child = Child(
        "the board",
        [
            *(sys.executable, "-m", "evaluation.board"),
            *("--shards", *map(str, shards)),
            *("--scores-hash", engine.short),
            *("--out", str(out)),
        ],
        out.with_name(out.name + ".log"),
    )
    try:
        child.wait()
    finally:
        child.stop()


def enter(ledger: Path, exam: str, settings: ExamSettings, engine: Engine) -> None:
    """Write into the ledger that these rules are about to see this exam."""
    line = Sitting(
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        exam=exam,
        split=settings.split,
        seed=settings.seed,
        rules=engine.hash,
        commit=str(commit().get("commit") or "none"),
    )
    with ledger.open("ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")


def versions_that_saw(ledger: Path, split: str, seed: int) -> list[str]:
    """Hashes of all rules that have seen this exam, in the order in which they first did.

    Raises
    ------
    SettingsError
        If a line of the ledger cannot be read, with its number.
    """
    if not ledger.exists():
        return []
    sittings = []
    for number, line in enumerate(ledger.read_bytes().splitlines(), 1):
        try:
            sittings += [msgspec.json.decode(line, type=Sitting)] if line.strip() else []
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"{ledger}: line {number}: {error}; who has seen this exam cannot be told: mend or "
                "remove the line"
            ) from None
    seen = [each.rules for each in sittings if (each.split, each.seed) == (split, seed)]
    return list(dict.fromkeys(seen))


def worn_out(ledger: Path, split: str, seed: int) -> str:
    """What is said of an exam that several versions of the rules have seen; else nothing."""
    seen = versions_that_saw(ledger, split, seed)
    if split == "tuning" or len(seen) < 2:
        return ""
    return (
        f"{len(seen)} versions of the rules have seen this {split}: the more they are, the less "
        "its figures say of fraud to come (another --seed is another exam)"
    )


def _write_json(file: Path, value: object) -> None:
    file.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2))
