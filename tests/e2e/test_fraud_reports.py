"""Do fraud reports, sent while swipes go on, prove on Flink what they prove to the oracle?"""

from __future__ import annotations

import base64
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from evaluation.evaluate import Evaluation
from generator.bookends import open_producer
from job.contracts import Alert, DeadLetter, FraudReport
from tests.e2e.test_parity_with_oracle import NOTHING_WRONG, committed, delivery_figures
from workbench.intervention import Intervention
from workbench.live import LiveJob
from workbench.plan import JobPlan

pytestmark = pytest.mark.stack

RULE = "compromised_terminal"
UNREADABLE = {b"{": "not_json", b"\xff": "not_utf8", b"": "empty"}


def proofs(folder: Path) -> list[Alert]:
    decode = msgspec.json.Decoder(Alert).decode
    alerts = [decode(value) for value in committed(folder, "alerts")]
    return [alert for alert in alerts if alert.findings[0].rule == RULE]


def merchants(folder: Path) -> set[str]:
    """Where cards were copied, by the truth."""
    facts = msgspec.json.decode((folder / "run.json").read_bytes())
    replay = (folder / facts["replay"]["path"]).resolve()
    return set(pq.read_table(replay / "incidents.parquet").column("entity_id").to_pylist())


class Unreadable(Intervention):
    """Sends records that are no reports, from 1970, while the run goes on."""

    def while_sending(self, live: LiveJob, _collector: Any) -> AbstractContextManager[None]:
        producer = open_producer(live.stack.settings.kafka_address)
        for value in UNREADABLE:
            producer.produce(live.topics.fraud_reports, value, b"c1", timestamp=1_000)
        assert producer.flush(10) == 0
        return nullcontext()


@pytest.mark.slow
class TestCopiedCards:
    """One run with unreadable reports among the others, looked at from several sides."""

    @pytest.fixture(scope="class")
    def run(self, run_it: Any) -> tuple[Path, Evaluation]:
        found: tuple[Path, Evaluation] = run_it(
            scenario=RULE, difficulty="easy", incidents=4, intervention=Unreadable()
        )
        return found

    def test_every_output_is_the_oracle_s(self, run: Any) -> None:
        _, evaluation = run
        assert evaluation.judge("delivery").verdict == "pass", evaluation.judge("delivery").reason
        figures = delivery_figures(evaluation)
        assert {name: figures[name] for name in NOTHING_WRONG} == NOTHING_WRONG

    def test_each_terminal_is_found_once_while_its_cards_are_in_use(self, run: Any) -> None:
        folder, _ = run
        found = proofs(folder)
        assert sorted(alert.entity_id for alert in found) == sorted(merchants(folder))

    def test_an_alert_names_the_reported_swipes(self, run: Any) -> None:
        folder, _ = run
        decode = msgspec.json.Decoder(FraudReport).decode
        sent = pq.read_table(folder / "history" / "reports.parquet").column("value").to_pylist()
        reported = {decode(value).swipe_id for value in sent if value not in UNREADABLE}
        for alert in proofs(folder):
            (finding,) = alert.findings
            assert len(finding.swipe_ids) == finding.value >= finding.threshold
            assert set(finding.swipe_ids) <= reported

    def test_reports_hold_no_window_back(self, run: Any) -> None:
        """Windows of a BIN's minutes close by the swipes' clock alone, and all of them do."""
        figures = delivery_figures(run[1])
        assert {name: figures[f"windows_{name}"] for name in NOTHING_WRONG} == NOTHING_WRONG

    def test_what_is_no_report_is_a_dead_letter_that_says_so(self, run: Any) -> None:
        decode = msgspec.json.Decoder(DeadLetter).decode
        letters = [decode(value) for value in committed(run[0], "dead-letters")]
        of_reports = [each for each in letters if each.topic.endswith("fraud-reports")]
        assert {base64.b64decode(each.payload_base64): each.reason for each in of_reports} == (
            UNREADABLE
        )


@pytest.mark.slow
def test_several_tasks_find_the_same(run_it: Any) -> None:
    job = JobPlan(parallelism=2)
    folder, evaluation = run_it(job=job, scenario=RULE, difficulty="medium", incidents=4)
    assert evaluation.judge("delivery").verdict == "pass", evaluation.judge("delivery").reason
    assert sorted(alert.entity_id for alert in proofs(folder)) == sorted(merchants(folder))
