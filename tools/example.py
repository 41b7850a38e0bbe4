"""Write the small example that the dashboard can open: a run, and the board of an exam.

    .venv/bin/python tools/example.py runs/RUN exams/EXAM

Keeps what the pages read, packs it tightly, and says how large it is. See examples/README.md.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MAX_BYTES = 1_000_000
#: Of the replay: the schedule without the bytes sent, which history/sent.parquet has.
SCHEDULE = ["index", "due_us"]


def main(run: Path, exam: Path) -> int:
    """Replace the example; 1 if it came out too large."""
    for name in ("run", "exam"):
        shutil.rmtree(EXAMPLES / name, ignore_errors=True)
    write_run(run, EXAMPLES / "run")
    shutil.copytree(exam / "board", EXAMPLES / "exam" / "board")
    for name in ("exam.json", "board/board.json"):
        write(json.loads((exam / name).read_text()), EXAMPLES / "exam" / name)
    files = [f for name in ("run", "exam") for f in (EXAMPLES / name).rglob("*") if f.is_file()]
    size = sum(file.stat().st_size for file in files)
    sys.stdout.write(f"{len(files)} files, {size:,} bytes\n")
    return int(size > MAX_BYTES)


def write_run(run: Path, target: Path) -> None:
    """A run folder with its replay inside, so that it can be moved."""
    facts = json.loads((run / "run.json").read_text())
    replay = run / facts["replay"]["path"]
    facts["replay"]["path"] = "replay"
    (target / "history").mkdir(parents=True)
    write(facts, target / "run.json")
    for name in ("results.json", "history/job.json"):
        write(json.loads((run / name).read_text()), target / name)
    shutil.copytree(run / "results", target / "results")
    sends = json.loads((run / "sends.json").read_text())
    # Where the sender found its replay is this machine's business.
    sends.pop("settings", None)
    write(sends, target / "sends.json")
    pack(run / "sends.parquet", target / "sends.parquet")
    for file in sorted((run / "history").glob("*.parquet")):
        pack(file, target / "history" / file.name)
    (target / "replay").mkdir()
    shutil.copy(replay / "manifest.json", target / "replay")
    for name in ("labels", "incidents"):
        pack(replay / f"{name}.parquet", target / "replay" / f"{name}.parquet")
    pack(replay / "records.parquet", target / "replay" / "records.parquet", SCHEDULE)
    profiles = pq.read_table(replay / "profiles.parquet")
    told = pc.is_in(profiles.column("card_token"), value_set=cards_told_of(replay, run))
    pq.write_table(
        profiles.filter(told),
        target / "replay" / "profiles.parquet",
        compression="zstd",
        compression_level=19,
    )


def cards_told_of(replay: Path, run: Path) -> object:
    """Cards of incidents and of alerts: the dashboard tells their stories."""
    labels = pq.read_table(replay / "labels.parquet", columns=["card_token", "incident_id"])
    attacked = labels.filter(pc.is_valid(labels.column("incident_id"))).column("card_token")
    alerts = pq.read_table(run / "results" / "detection_alerts.parquet", columns=["entity_id"])
    named = attacked.to_pylist() + alerts.column("entity_id").to_pylist()
    return pq.read_table(
        replay / "profiles.parquet",
        columns=["card_token"],
        filters=[("card_token", "in", sorted(set(named)))],
    ).column("card_token")


def write(content: object, target: Path) -> None:
    """Write JSON without blanks."""
    target.write_text(json.dumps(content, separators=(",", ":")) + "\n")


def pack(source: Path, target: Path, columns: list[str] | None = None) -> None:
    """Copy a table, as small as it gets."""
    table = pq.read_table(source, columns=columns)
    pq.write_table(table, target, compression="zstd", compression_level=19)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
