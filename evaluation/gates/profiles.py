"""Against which thresholds does a profile hold a change, and how is it measured?

One TOML file with a table for each profile over a common one; a file of one's own states only what
differs, and may add a profile. Wrong fields are refused by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from evaluation.toml_file import SettingsFileError, laid_over, read_tables, settings_of

#: The thresholds that ship with the package, each with its source.
DEFAULT_FILE: Final = Path(__file__).with_name("gates.toml")
#: The table that holds for all profiles.
EVERY: Final = "every"

Count = Annotated[int, Meta(ge=0)]
Some = Annotated[int, Meta(ge=1)]
Positive = Annotated[float, Meta(gt=0.0)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
#: Below 1 a gate would ask for an improvement.
Ratio = Annotated[float, Meta(ge=1.0)]


class VerdictOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which inconclusive gates keep the whole from passing."""

    inconclusive_blocks: Literal["promises", "all"]


class Runs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is run on the real stack, and how often; seconds, swipes a minute."""

    scenario: str
    rate_per_min: Some
    duration_s: Some
    warm_up_s: Count
    repetitions: Some
    repetitions_min: Annotated[int, Meta(ge=2)]
    uncounted: Count


class Promises(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds on every machine; records, repetitions, milliseconds."""

    missing: Count
    repeated: Count
    different: Count
    other_judges_failed: Count
    uncommitted_p99_ms: Positive


class LatencyBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How latency is resampled, when it counts, and its relative bounds."""

    resamples: Annotated[int, Meta(ge=100)]
    block_s: Positive
    samples_beyond: Some
    blocks_min: Annotated[int, Meta(ge=2)]
    steal_share_max: Share
    floor_p99_ms_max: Positive
    slip_p99_ms_max: Positive
    p50_floors_max: Positive
    committed_p99_ratio_max: Ratio


class CpuBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much dearer than the baseline a swipe may be."""

    ratio_max: Ratio


class EngineBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much dearer than the baseline a benchmark may be, and how often it is run."""

    ratio_max: Ratio
    sessions: Annotated[int, Meta(ge=2)]


class DetectionBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much worse than the baseline an exam may go."""

    incident_recall_loss_max: Share
    alert_precision_loss_max: Share
    saved_share_loss_max: Share
    holders_wrongly_called_ratio_max: Ratio


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of one profile, by table."""

    verdict: VerdictOf
    runs: Runs
    promises: Promises
    latency: LatencyBounds
    cpu: CpuBounds
    engine: EngineBounds
    detection: DetectionBounds


def load_profile(name: str, file: Path | None = None) -> Profile:
    """The thresholds of a profile.

    Parameters
    ----------
    name
        ``laptop``, ``ci``, ``release``, or one that the file adds.
    file
        States what differs from the file of the package; None for that alone.

    Raises
    ------
    SettingsFileError
        Naming the file, the field and what is wrong with it.
    """
    source = file or DEFAULT_FILE
    layers = read_tables(DEFAULT_FILE)
    if file is not None:
        layers = laid_over(layers, read_tables(file))
    names = [each for each in layers if each != EVERY]
    if name not in names:
        raise SettingsFileError(f"{source}: {name}: no such profile; there are {', '.join(names)}")
    # All of them, so that a wrong field does not wait for the day of a release.
    profiles = {
        each: settings_of(laid_over(layers[EVERY], layers[each]), Profile, source, each)
        for each in names
    }
    return profiles[name]
