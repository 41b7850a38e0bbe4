"""Does a whole run work on a Kafka that lets in whom it knows, and leave no secret behind?

Recorded cards with their numbers go in. Sender, job and collector are users of their own with the
rights that each needs; nothing that they leave on topics, in state, logs and results may hold the
number of a card, or a password.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest
from rich.console import Console

from evaluation.evaluate import Evaluation
from generator.recorded.settings import RecordedSettings
from job.contracts import Topics
from stack import kafka_access
from stack.local import LocalStack
from stack.settings import StackSettings
from tests.e2e.card_numbers import Found, in_files, in_topics
from tests.generator.recorded.layouts import CARDS, sparkov, write_csv
from tests.listening import beyond_loopback, listening
from workbench.console import Phases
from workbench.intervention import Intervention
from workbench.live import LiveJob
from workbench.plan import JobPlan, RunPlan
from workbench.simulate import simulate

pytestmark = [pytest.mark.stack, pytest.mark.slow]

ROWS: Final = 3_000


class LookAround(Intervention):
    """Searches topics and state while the job still runs: both are gone after it."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.state_bytes = 0
        self.open_to_others: set[Any] = set()
        self.ports: set[int] = set()

    def when_sent(self, live: LiveJob) -> None:
        settings = live.stack.settings
        prefix = live.topics.swipes.removesuffix(Topics.with_prefix().swipes)
        self.found += in_topics(settings.kafka_address, prefix, CARDS)
        for folder in (settings.flink_folder / "checkpoints", settings.rocksdb_folder):
            files = [file for file in folder.rglob("*") if file.is_file()]
            self.state_bytes += sum(file.stat().st_size for file in files if file.exists())
            self.found += in_files(folder, CARDS)
        pids = [each.pid for each in live.stack.status() if each.pid is not None]
        self.open_to_others = beyond_loopback(pids)
        self.ports = {port for _, _, port in listening(pids)}


class Done(NamedTuple):
    folder: Path
    evaluation: Evaluation
    looked: LookAround
    settings: StackSettings
    data: Path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    root = tmp_path_factory.mktemp("secured")
    settings = StackSettings.with_free_ports(root / "stack", secured=True)
    data = write_csv(root / "data" / "cards.csv", _rows(root / "data"))
    replay = RecordedSettings.parse(data, "sparkov", rate_per_min=24_000, bad_rows="skip")
    plan = RunPlan(replay=replay, job=JobPlan(checkpoint_interval_ms=500))
    looked = LookAround()
    stack = LocalStack(settings)
    stack.up()
    try:
        folder, evaluation = simulate(
            plan,
            Phases(Console()),
            root / "runs",
            settings=settings,
            replays=root / "replays",
            keep_stack=True,
            intervention=looked,
        )
        yield Done(folder, evaluation, looked, settings, data)
    finally:
        stack.down()


def _rows(folder: Path) -> list[dict[str, Any]]:
    folder.mkdir()
    rows = sparkov(ROWS, days=300.0)
    # One that cannot be used, with the number where an amount belongs: it will be complained of.
    rows[7] |= {"amt": CARDS[1]}
    return rows


def test_the_job_decides_right_and_each_program_had_the_rights_it_needs(done: Done) -> None:
    delivery = done.evaluation.judge("delivery")
    assert delivery is not None
    assert delivery.verdict == "pass", delivery.reason
    job = msgspec.json.decode((done.folder / "history" / "job.json").read_bytes())
    assert job["complete"], job["incomplete_because"]
    assert job["restarts"] == 0


def test_it_ran_on_tls(done: Done) -> None:
    facts = msgspec.json.decode((done.folder / "run.json").read_bytes())
    assert facts["stack"]["secured"] is True
    properties = (done.settings.kafka_folder / "server.properties").read_text()
    assert "PLAINTEXT" not in properties


def test_no_card_number_left_the_generator(done: Done) -> None:
    assert done.looked.state_bytes > 10_000
    assert done.looked.found == []
    for folder in (
        done.folder,
        done.folder.parents[1] / "replays",
        done.settings.flink_folder,
        done.settings.kafka_folder,
    ):
        assert any(folder.rglob("*"))
        assert list(in_files(folder, CARDS)) == []


def test_the_search_finds_the_numbers_in_the_data_that_went_in(done: Done) -> None:
    found = {each.digits for each in in_files(done.data.parent)}
    assert found == set(CARDS)


def test_no_password_stands_in_logs_graph_state_or_results(done: Done) -> None:
    passwords = {
        kafka_access.password_file(done.settings, user).read_bytes()
        for user in (*kafka_access.USERS, "keystore")
    }
    kept = kafka_access.folder(done.settings)
    found = [
        file
        for folder in (done.folder, done.folder.parents[1] / "replays", done.settings.data_folder)
        for file in folder.rglob("*")
        if file.is_file() and not file.is_symlink() and not file.is_relative_to(kept)
        if any(password in file.read_bytes() for password in passwords)
    ]
    assert found == []


def test_nothing_took_connections_from_other_machines(done: Done) -> None:
    settings = done.settings
    assert done.looked.open_to_others == set()
    assert set(settings.ports().values()) <= done.looked.ports
