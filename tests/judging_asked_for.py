"""What does `paystream simulate` make of what judges a job elsewhere? Nothing runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import pytest
from typer.testing import CliRunner

from generator.settings import ReplaySettings
from workbench import cli, cli_run
from workbench.external_job import ExternalJob
from workbench.plan import CLOCK_GAP_MS


def judging_asked_for(
    words: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> tuple[ReplaySettings, ExternalJob]:
    """The replay and the job that the words behind `paystream` ask for."""
    seen: list[Any] = []

    class Stop(Exception):
        """Far enough."""

    def simulate(plan: Any, job: ExternalJob, *_: Any) -> None:
        seen.extend((plan.replay, job))
        raise Stop

    monkeypatch.setattr(cli_run, "simulate_external", simulate)
    result = CliRunner().invoke(cli.app, list(words))
    assert isinstance(result.exception, Stop), result.output
    replay, job = seen
    assert isinstance(replay, ReplaySettings)
    return replay, job


def clock_ahead_ms(replay: ReplaySettings) -> float:
    """By how much the clock records that end a replay are ahead of the present moment."""
    begins_ms = (replay.event_time_start.timestamp() - time.time()) * 1_000
    length_ms = (replay.warm_up_s + replay.duration_s) * 1_000 * replay.speedup
    return begins_ms + length_ms + CLOCK_GAP_MS
