"""Is there already a replay with these settings?

A replay is a function of its settings and the code that makes it, so it is made once and kept
below ``replays/`` under its key.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from generator.recorded.settings import RecordedSettings
from generator.replay import cached_replay, load_manifest, replay_key
from generator.settings import ReplaySettings
from workbench.console import Phases
from workbench.density_lines import flag_lines, summary_line
from workbench.folders import REPLAYS
from workbench.recorded_replays import make_recorded_replay


def ensure_replay(
    settings: ReplaySettings,
    on_progress: Callable[[str, float], None] | None = None,
    root: Path = REPLAYS,
) -> tuple[Path, bool]:
    """Return the folder of the replay with these settings, made now if need be.

    Parameters
    ----------
    on_progress
        Called with a step's name and the share done (0 to 1).

    Returns
    -------
    tuple of Path and bool
        The folder; whether it was made now.
    """
    folder = root / replay_key(settings)
    if (folder / "manifest.json").exists():
        return folder, False
    root.mkdir(parents=True, exist_ok=True)
    return cached_replay(settings, root, on_progress), True


def make_replay(
    settings: ReplaySettings | RecordedSettings, phases: Phases, root: Path = REPLAYS
) -> Path:
    """Go through a run's phase of the replay, and say how dense its traffic is.

    Returns
    -------
    Path
        The replay's folder.
    """
    if isinstance(settings, RecordedSettings):
        return make_recorded_replay(settings, phases, root)
    with phases.phase("replay") as bar:
        folder, made = ensure_replay(
            settings, lambda step, share: bar.update(share, 1.0, step), root
        )
        bar.note = "made" if made else "from an earlier run"
    densities = load_manifest(folder).densities
    phases.line("densities", summary_line(densities))
    for flag in flag_lines(densities):
        phases.line("unlike life", flag, style="yellow")
    return folder
