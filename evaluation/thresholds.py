"""What is a run held against?

One TOML file with a table for each judge; every field has a default in the file that ships with
the package, and a file of one's own states only what differs. Wrong fields are refused by name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from evaluation.toml_file import laid_over, read_tables, settings_of

#: The thresholds that ship with the package, each with its source.
DEFAULT_FILE: Final = Path(__file__).with_name("thresholds.toml")

Count = Annotated[int, Meta(ge=0)]
Milliseconds = Annotated[float, Meta(gt=0.0)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class VerdictThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which judges decide; the others are only reported.

    ``external_judges`` came later: results from before have none, and can still be read.
    """

    live_judges: list[str]
    fault_judges: list[str]
    local_judges: list[str]
    external_judges: list[str] = []


class LatencyThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of the latency judge; milliseconds, samples, shares."""

    uncommitted_p99_ms: Milliseconds
    committed_p99_ms: Milliseconds
    slip_p99_ms: Milliseconds
    p99_samples: Annotated[int, Meta(ge=1)]
    p999_samples: Annotated[int, Meta(ge=1)]
    floor_p99_ms: Milliseconds
    floor_samples: Annotated[int, Meta(ge=1)]
    steal_share: Share


class DeliveryThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most that may go wrong, in records; of the card ledger in cards.

    ``ledger_wrong`` came later: results from before have none, and can still be read.
    """

    missing: Count
    repeated: Count
    unexpected: Count
    different: Count
    out_of_order: Count
    rule_errors: Count
    send_errors: Count
    ledger_wrong: Count = 0


class DetectionThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Incidents that a verdict needs, and optional targets (None: reported, not judged)."""

    incidents: Annotated[int, Meta(ge=1)]
    incident_recall_min: Share | None = None
    false_alerts_per_1000_max: Annotated[float, Meta(ge=0.0)] | None = None


class ThroughputThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of the throughput judge; shares of the offered rate, seconds."""

    achieved_share_min: Share
    backlog_growth_share_max: Share
    disturbed_share: Share
    window_s: Annotated[float, Meta(gt=0.0)]


class StabilityThresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most that may go wrong in a run that nobody breaks on purpose."""

    restarts: Count
    fault_restarts: Count
    failed_commits: Count


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All thresholds, by judge."""

    verdict: VerdictThresholds
    latency: LatencyThresholds
    delivery: DeliveryThresholds
    detection: DetectionThresholds
    throughput: ThroughputThresholds
    stability: StabilityThresholds


def load_thresholds(file: Path | None = None) -> Thresholds:
    """The thresholds of a run.

    Parameters
    ----------
    file
        States what differs from the defaults; None for the defaults.

    Raises
    ------
    evaluation.toml_file.SettingsFileError
        Naming the file, the field and what is wrong with it.
    """
    tables = read_tables(DEFAULT_FILE)
    if file is not None:
        tables = laid_over(tables, read_tables(file))
    return settings_of(tables, Thresholds, file or DEFAULT_FILE)
