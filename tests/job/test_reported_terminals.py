"""Are copied cards found at the merchant that they share, and nobody else suspected?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from generator.replay import write_replay
from generator.settings import Disturbances, ReplaySettings
from job.bulk import BulkScores, score_file
from job.contracts import APPROVED, CARD_PRESENT, Alert, FraudReport
from job.engine.settings import EngineSettings
from job.local import LocalJob, read_records
from job.rules.compromised_terminal import CompromisedTerminal
from scenarios.base import Difficulty
from workbench.local_run import as_sent

RULE = "compromised_terminal"
INCIDENTS = 6


def suspected(job: LocalJob, replay: Path, reports: Path) -> list[str]:
    """The merchants that the rule alerts on, as the oracle finds them."""
    sent, reported = replay / "sent.parquet", replay / "sent-reports.parquet"
    as_sent(replay / "records.parquet", sent, 4)
    as_sent(reports, reported, 4)
    for row in pq.read_table(replay / "profiles.parquet").to_pylist():
        assert job.load_profile(row["card_token"], row["value"]) == []
    job.expect_reports(read_records(reported))
    written = [output for record in read_records(sent) for _, output in job.process(record)]
    written += [output for _, output in job.finish()]
    decode = msgspec.json.Decoder(Alert).decode
    alerts = [decode(each.value) for each in written if each.topic == "alerts"]
    return [alert.entity_id for alert in alerts if alert.findings[0].rule == RULE]


def only_this_rule() -> LocalJob:
    return LocalJob([CompromisedTerminal()], EngineSettings())


@pytest.mark.parametrize("difficulty", ["easy", "medium"])
def test_a_minute_finds_every_terminal_whose_first_cards_are_reported_in_it(
    difficulty: Difficulty, tmp_path: Path
) -> None:
    settings = ReplaySettings(
        scenario=RULE,
        difficulty=difficulty,
        incidents=INCIDENTS,
        rate_per_min=12_000,
        duration_s=20,
        warm_up_s=2,
    )
    replay = tmp_path / "replay"
    write_replay(settings, replay)
    attacked = pq.read_table(replay / "incidents.parquet").column("entity_id").to_pylist()
    found = suspected(only_this_rule(), replay, replay / "reports.parquet")
    assert sorted(found) == sorted(attacked)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four weeks of 1,500 cards; one in a hundred is the victim of something else."""
    settings = ReplaySettings(
        scenario="ordinary",
        rate_per_min=750,
        duration_s=28 * 120,
        warm_up_s=0,
        speedup=720,
        disturbances=Disturbances.none(),
        incident_plan=(("amount_spike_cnp", "medium", 10), ("magstripe_fallback", "medium", 5)),
    )
    folder = tmp_path_factory.mktemp("month") / "replay"
    write_replay(settings, folder)
    return folder


def suspected_in(month: Path, extra: list[FraudReport]) -> set[str]:
    """The merchants suspected, with further reports among those of the replay, in bulk."""
    decode = msgspec.json.Decoder(FraudReport).decode
    known = pq.read_table(month / "reports.parquet").column("value").to_pylist()
    reports = sorted([*map(decode, known), *extra], key=lambda report: report.reported_ms)
    file = month / "more-reports.parquet"
    pq.write_table(pa.table({"value": [msgspec.json.encode(each) for each in reports]}), file)
    scores = BulkScores([CompromisedTerminal()], EngineSettings())
    swipes, profiles = month / "swipes.parquet", month / "profiles.parquet"
    score_file(scores, swipes, profiles, month / "scores.parquet", reports=file)
    return {row["entity_id"] for row in scores.entity_alerts}


def visits(month: Path) -> list[dict[str, Any]]:
    """Swipes in which the card was present and paid, with those who made them."""
    rows = pq.read_table(month / "swipes.parquet").to_pylist()
    return [
        row
        for row in rows
        if row["entry_mode"] in CARD_PRESENT
        and row["response_code"] in APPROVED
        and row["message_type"] == "authorisation"
    ]


def reported(card_token: str, merchant_id: str, event_time_ms: int, number: int) -> FraudReport:
    """A report, made three days later, of a payment on the net that nobody here saw."""
    return FraudReport(
        report_id=f"made-up-{number}",
        swipe_id=f"made-up-{number}",
        card_token=card_token,
        merchant_id=merchant_id,
        terminal_id="any",
        event_time_ms=event_time_ms,
        reported_ms=event_time_ms + 3 * 86_400_000,
        kind="card_not_present",
    )


def late_moment_ms(month: Path) -> int:
    """Event time three weeks after the replay's beginning."""
    manifest = msgspec.json.decode((month / "manifest.json").read_bytes())
    return int(manifest["event_time_start_ms"]) + 21 * 86_400_000


def test_what_other_fraud_and_wrong_reports_leave_behind_is_nobody_s_fault(month: Path) -> None:
    assert suspected_in(month, []) == set()


def test_victims_who_share_a_popular_merchant_by_chance_are_no_proof(month: Path) -> None:
    """Six customers of the busiest shop are reported: it has hundreds of them."""
    at_ms, made = late_moment_ms(month), visits(month)
    (busiest, _), *_ = Counter(row["merchant_id"] for row in made).most_common(1)
    customers = {row["card_token"] for row in made if row["merchant_id"] == busiest}
    chosen = Random(1).sample(sorted(customers), 6)
    more = [reported(card, "a-site", at_ms + n, n) for n, card in enumerate(chosen)]
    assert busiest not in suspected_in(month, more)


def test_victims_who_share_a_small_merchant_are(month: Path) -> None:
    at_ms, made = late_moment_ms(month), visits(month)
    before = [row for row in made if row["event_time_ms"] < at_ms]
    customers: dict[str, set[str]] = {}
    for row in before:
        customers.setdefault(row["merchant_id"], set()).add(row["card_token"])
    small = next(shop for shop, cards in sorted(customers.items()) if len(cards) == 6)
    more = [reported(card, "site", at_ms + n, n) for n, card in enumerate(customers[small])]
    assert small in suspected_in(month, more)


def test_wrong_reports_of_payments_at_a_merchant_do_not_speak_against_it(month: Path) -> None:
    at_ms, made = late_moment_ms(month), visits(month)
    customers: dict[str, set[str]] = {}
    for row in made:
        customers.setdefault(row["merchant_id"], set()).add(row["card_token"])
    disputed = next(shop for shop, cards in sorted(customers.items()) if len(cards) == 6)
    more = [reported(card, disputed, at_ms + n, n) for n, card in enumerate(customers[disputed])]
    assert disputed not in suspected_in(month, more)
