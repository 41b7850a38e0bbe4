"""Is what the autoscaler says and the sampler sees written down, whatever comes between?"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from evaluation.autoscaling.record import AUTOSCALING_FILE, Decision, Sample, read_autoscaling
from generator.send import SendProgress
from stack.flink_rest import RestError
from workbench import autoscale
from workbench import autoscaling as module
from workbench.autoscale import AutoscalePlan
from workbench.autoscaling import AutoscaledRun
from workbench.children import ChildFailed
from workbench.problems import RunBroken
from workbench.scaling_target import target_of

EVENTS: list[dict[str, Any]] = [
    {"event": "started", "library": "1.10.0", "settings": {}},
    {
        "event": "evaluated",
        "window_full": True,
        "vertices": {"v1": {"parallelism": 1.0}, "v2": {"parallelism": 1.0}},
    },
    {
        "event": "decided",
        "message": "begin",
        "vertices": {
            "v1": {
                "load": 0.5,
                "target_per_s": 500.0,
                "capacity_per_s": 900.0,
                "before": 1,
                "after": 2,
            }
        },
    },
    {"event": "applied", "parallelism": {"v1": 2}},
    {"event": "noted", "type": "Normal", "reason": "ScalingLimited", "message": "three"},
    {"event": "noted", "type": "Normal", "reason": "ScalingLimited", "message": "three"},
]


class FakeSampler:
    """Sees a job every time but the second."""

    def __init__(self, _live: Any) -> None:
        self.vertex_names = {"v1": "judge by card"}
        self.looks = 0

    def sample(self, _progress: SendProgress) -> Sample:
        self.looks += 1
        if self.looks == 2:
            raise RestError("restarting")
        return Sample(at_s=float(self.looks), parallelism=1, running=True, busy=0.3)


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    began_ns = time.monotonic_ns() - 100 * 10**9
    progress = SendProgress(
        phase="sending", records=9, start_monotonic_ns=began_ns, time_ns=time.monotonic_ns()
    )
    monkeypatch.setattr(module, "JobSampler", FakeSampler)
    monkeypatch.setattr(module, "read_progress", lambda _folder: progress)
    monkeypatch.setattr(module, "_SAMPLE_EVERY_S", 0.05)
    vertices = [
        SimpleNamespace(id="v1", name="judge by card -> outgoing"),
        SimpleNamespace(id="v2", name="count across cards -> outgoing_across"),
        SimpleNamespace(id="v3", name="Source: incoming"),
    ]
    rest = SimpleNamespace(job=lambda _id: SimpleNamespace(vertices=vertices))
    return SimpleNamespace(
        stack=SimpleNamespace(settings=None, rest=rest),
        job_id="job",
        folder=tmp_path,
        history=tmp_path,
    )


def program(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(module, "command", lambda *_: (sys.executable, "-c", code))


def scale(live: Any, told: list[Decision], seconds: float = 1.5) -> None:
    run = AutoscaledRun(
        {"job.autoscaler.enabled": "true"}, "judge by card", 50.0, (110.0, 150.0), told.append
    )
    with run.while_sending(live, None):  # type: ignore[arg-type]
        deadline_s = time.monotonic() + seconds
        while time.monotonic() < deadline_s and not (told and len(run.record.samples) > 4):
            time.sleep(0.05)


def test_what_was_said_and_seen_is_written_down(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now_ms = int(time.time() * 1_000)
    lines = "\n".join(json.dumps({**each, "time_ms": now_ms}) for each in EVENTS)
    program(monkeypatch, f"import time; print('a logger'); print({lines!r}); time.sleep(60)")
    told: list[Decision] = []
    scale(live, told, 10)
    record = read_autoscaling(live.history / AUTOSCALING_FILE)
    assert record is not None
    assert record.decided_by == "flink-autoscaler 1.10.0, the operator's own"
    assert record.decisions == told
    assert (told[0].before, told[0].after) == (1, 2)
    assert told[0].reason == "judge by card: busy 50%, 500/s to process, 900/s at most"
    assert told[0].at_s == pytest.approx(100, abs=2)
    assert len(record.applied_s) == 1
    assert [each.words for each in record.notes] == ["ScalingLimited: three"]
    assert [each.at_s for each in record.samples][:3] == [1.0, 3.0, 4.0]


def test_an_autoscaler_that_dies_breaks_the_run_and_what_was_seen_is_kept(
    live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "raise SystemExit('no class')")
    with pytest.raises(ChildFailed, match="no class"):
        scale(live, [], 1)
    record = read_autoscaling(live.history / AUTOSCALING_FILE)
    assert record is not None
    assert record.samples
    assert "did not come to run" in record.decided_by


def test_chains_that_are_not_to_be_scaled_are_excluded(
    live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "import time; time.sleep(60)")
    scale(live, [], 0.2)
    record = read_autoscaling(live.history / AUTOSCALING_FILE)
    assert record is not None
    assert record.settings["job.autoscaler.vertex.exclude.ids"] == "v2;v3"


def test_it_is_not_started_while_the_job_warms_up(
    live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "print('started')")
    run = AutoscaledRun({}, "judge by card", 1_000.0, (1_100.0, 1_200.0))
    with run.while_sending(live, None):  # type: ignore[arg-type]
        time.sleep(0.3)
    assert run.record.samples
    assert not (live.folder / "autoscaler.log").exists()


def test_a_job_without_the_chain_that_is_to_be_scaled_is_refused(live: Any) -> None:
    with (
        pytest.raises(RunBroken, match="score by card"),
        AutoscaledRun({}, "score by card", 0.0, (1.0, 2.0)).while_sending(live, None),  # type: ignore[arg-type]
    ):
        pass


def test_the_calm_load_is_by_how_fast_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for took_s, rate in ((0.83e-3, 23_000), (1.6e-3, 12_000), (1.0, 1_000)):
        monkeypatch.setattr(autoscale, "fastest_s", lambda took_s=took_s: took_s)
        assert AutoscalePlan().rate_per_min == rate


def test_the_plan_keeps_the_calm_rate_and_allows_no_more_tasks_than_slots() -> None:
    plan = AutoscalePlan(
        rate_per_min=10_000, warm_up_s=60, duration_s=240, taskmanagers=2, target_utilization=0.3
    )
    replay = plan.run_plan().replay
    assert (replay.load, replay.rate_per_min) == ("peak", 15_600)
    settings = plan.autoscaler_settings()
    assert settings["job.autoscaler.vertex.max-parallelism"] == "2"
    assert settings["job.autoscaler.target.utilization"] == "0.3"
    assert settings["job.autoscaler.target.utilization.boundary"] == "0.011"


def test_a_target_that_nobody_gave_lies_between_the_calm_load_and_the_tripled_one() -> None:
    plan = AutoscalePlan(rate_per_min=1)
    assert not any("target" in key for key in plan.autoscaler_settings())
    settings = plan.target_settings(target_of(0.3))
    assert settings == {
        "job.autoscaler.target.utilization": "0.66",
        "job.autoscaler.target.utilization.boundary": "0.024",
    }


def test_a_warm_up_in_which_the_calm_load_cannot_be_seen_is_refused() -> None:
    with pytest.raises(ValidationError, match="19 s of warm-up are too short"):
        AutoscalePlan(rate_per_min=1, warm_up_s=19)
    assert AutoscalePlan(rate_per_min=1, warm_up_s=0, target_utilization=0.5).warm_up_s == 0


def test_keys_that_follow_from_the_calm_load_reach_the_autoscaler(
    live: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, str]] = []
    told: list[float] = []

    def command(_settings: Any, _job_id: str, _every_ms: int, options: Any) -> tuple[str, ...]:
        given.append(dict(options))
        return (sys.executable, "-c", "import time; time.sleep(60)")

    def by_calm(busy: float) -> dict[str, str]:
        told.append(busy)
        return {"target": f"{busy:.2f}"}

    monkeypatch.setattr(module, "command", command)
    run = AutoscaledRun({}, "judge by card", 0.0, (1.0, 2.0), by_calm=by_calm)
    with run.while_sending(live, None):  # type: ignore[arg-type]
        deadline_s = time.monotonic() + 10
        while len(given) < 2:
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
    assert told == [pytest.approx(0.3)]
    assert [each.get("target") for each in given] == [None, "0.30"]
    record = read_autoscaling(live.history / AUTOSCALING_FILE)
    assert record is not None
    assert record.settings["target"] == "0.30"
