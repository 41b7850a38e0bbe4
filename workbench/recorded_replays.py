"""What became of the rows of recorded data, on the way to a replay?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generator.recorded.replay import recorded_replay_key, write_recorded_replay
from generator.recorded.settings import RecordedSettings
from generator.replay import MANIFEST, Manifest, load_manifest
from workbench.console import Phases


def make_recorded_replay(settings: RecordedSettings, phases: Phases, root: Path) -> Path:
    """Make the replay of recorded data unless it is there, and say what became of the rows.

    Returns
    -------
    Path
        The replay's folder.
    """
    with phases.phase("replay") as bar:
        folder = root / recorded_replay_key(settings)
        bar.note = "from an earlier run"
        if not (folder / MANIFEST).exists():
            write_recorded_replay(
                settings, folder, lambda step, share: bar.update(share, 1.0, step)
            )
            bar.note = "made"
    manifest = load_manifest(folder)
    for label, text in _lines(manifest):
        phases.line(label, text)
    return folder


def _lines(manifest: Manifest) -> Iterator[tuple[str, str]]:
    facts, counts = manifest.recorded, manifest.counts
    if facts is None:
        return
    yield (
        "rows",
        f"{facts.rows:,}: {facts.history_rows:,} are the cards' past ({facts.history_days} days), "
        f"{counts['swipes']:,} are sent, {facts.bad_rows:,} left out",
    )
    yield (
        "labels",
        f"{counts['fraudulent_swipes']:,} fraudulent swipes, {counts['incidents']:,} incidents, "
        f"{counts['cards']:,} cards",
    )
    if facts.not_sent_rows:
        yield "not sent", f"{facts.not_sent_rows:,} rows, later than the longest sending"
    if manifest.absent_fields:
        yield "absent", ", ".join(manifest.absent_fields)
    for line in facts.bad:
        yield "left out", line
    for line in facts.notes:
        yield "note", line
