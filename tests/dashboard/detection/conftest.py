"""A small exam and a small run, made by the real engine, and pages that show them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from streamlit.testing.v1 import AppTest

from dashboard.exams import Exam
from generator.bulk import ExamSettings
from generator.settings import ReplaySettings
from workbench.console import Phases
from workbench.exam import run_exam
from workbench.local_run import run_locally
from workbench.plan import RunPlan

SMALL_EXAM = ExamSettings(
    shards=1,
    cards_per_shard=2_000,
    days=2,
    incidents=4,
    scenarios=("geo_jump", "legit_travel", "velocity_burst", "bin_attack"),
)
SMALL_REPLAY = ReplaySettings(
    scenario="geo_jump", rate_per_min=6_000, duration_s=10, warm_up_s=0, incidents=8
)


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``exams``, ``runs`` and ``replays``, as the project has them."""
    root = tmp_path_factory.mktemp("results")
    phases = Phases(Console(file=io.StringIO()))
    cache = root / "replays" / "exam"
    run_exam(SMALL_EXAM, None, phases, workers=1, exams=root / "exams", cache=cache)
    run_locally(RunPlan(replay=SMALL_REPLAY), phases, root / "runs", replays=root / "replays")
    return root


@pytest.fixture
def exam(results: Path) -> Exam:
    folder = next(each for each in (results / "exams").iterdir() if each.is_dir())
    return Exam(folder.name, folder)


@pytest.fixture
def run_folder(results: Path) -> Path:
    return next((results / "runs").iterdir())


@pytest.fixture
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """Draw a page over the results, or over another folder, with an address."""

    def draw(view: str, root: Path | None = None, **address: str) -> AppTest:
        root = request.getfixturevalue("results") if root is None else root
        for name in ("exams", "runs"):
            monkeypatch.setenv(f"PAYSTREAM_DASHBOARD_{name.upper()}", str(root / name))
        script = f"from dashboard.views.{view} import VIEW\nVIEW.render()"
        app = AppTest.from_string(script, default_timeout=120)
        for name, value in address.items():
            app.query_params[name] = value
        return app.run()

    return draw
