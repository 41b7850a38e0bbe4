"""Are the JSON Schemas those of the contracts, and do they accept what the job writes?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from job.contracts import (
    RECORDS_BY_TOPIC,
    WINDOW_KINDS,
    Alert,
    CardProfile,
    ClockRecord,
    DeadLetter,
    Decision,
    Finding,
    FraudReport,
    LateSwipe,
    RefusedAlert,
    RuleAudit,
    RuleChange,
    Snooze,
    WindowDrop,
    WindowResult,
)
from job.rules.example import example_swipe
from job.schemas import main, render, schema_of

COMMITTED = Path(__file__).parents[2] / "docs" / "schemas"
SWIPE = example_swipe(swipe_id="s1", latitude=48.85, longitude=2.35)
EXAMPLES: dict[str, list[msgspec.Struct]] = {
    "swipes": [SWIPE, ClockRecord(clock_time_ms=1)],
    "card-profiles": [
        CardProfile(
            card_token="c1",
            bin="400000",
            updated_ms=1,
            home_country="FR",
            home_latitude=48.85,
            home_longitude=2.35,
            currency="EUR",
            amount_count=3,
            amount_log_mean=8.0,
            amount_log_sd=0.5,
            device_ids=["d1"],
            recent=[SWIPE],
        )
    ],
    "decisions": [
        Decision(
            v=1,
            swipe_id="s1",
            card_token="c1",
            event_time_ms=1,
            fate="judged",
            score=0.6,
            action="review",
            partition=0,
            offset=7,
            rules=["velocity"],
            card_count=2,
        ),
        Decision(
            v=1,
            swipe_id="s1",
            card_token="c1",
            event_time_ms=1,
            fate="repeat",
            score=0.0,
            action="clear",
            partition=0,
            offset=8,
        ),
    ],
    "alerts": [
        Alert(
            v=1,
            alert_id="card:s1",
            entity_type="card",
            entity_id="c1",
            swipe_id="s1",
            event_time_ms=1,
            score=0.6,
            action="review",
            findings=[
                Finding(
                    rule="velocity",
                    reason_code="VELOCITY",
                    value=6.0,
                    threshold=6.0,
                    unit="authorisations",
                    saw={"window_ms": 600_000, "from_country": None},
                    swipe_ids=["s0"],
                )
            ],
        )
    ],
    "late-swipes": [LateSwipe(v=1, lateness_ms=30_001, partition=0, offset=7, swipe=SWIPE)],
    "dead-letters": [
        DeadLetter(
            v=1,
            reason="empty",
            detail="the record has no value",
            topic="swipes",
            partition=0,
            offset=7,
            key="c1",
            payload_base64="",
        )
    ],
    "window-drops": [
        WindowDrop(
            v=1,
            rule="bin_attack",
            entity_id="400000|m1",
            swipe_id="s1",
            event_time_ms=1,
            window_start_ms=0,
            window_end_ms=60_000,
            lateness_ms=5,
        )
    ],
    "rules": [
        RuleChange(
            change_id="c1",
            version=1,
            rule="velocity",
            mode="shadow",
            parameters={"swipes": 8, "weight": 0.5},
            author="somebody",
            changed_ms=1,
        ),
        Snooze(
            change_id="c2",
            version=1,
            entity_type="card",
            entity_id="c1",
            until_ms=1,
            author="somebody",
            changed_ms=1,
        ),
    ],
    "rule-audit": [
        RuleAudit(
            v=1,
            key="velocity",
            change_id="c1",
            change_version=1,
            rules_version="0123456789ab",
            previous_rules_version="ba9876543210",
            part="card",
            subtask=0,
            parallelism=1,
            partition=0,
            offset=7,
            applied_ms=1,
        )
    ],
    **{
        f"windows-{kind.replace('_', '-')}": [
            WindowResult(
                v=1,
                window=kind,
                entity_id="m1",
                window_start_ms=0,
                window_end_ms=60_000,
                swipes=2,
                declined=1,
                spent_minor={"EUR": 1_000},
                first_event_time_ms=1,
                last_event_time_ms=59_999,
            )
        ]
        for kind in WINDOW_KINDS
    },
    "alerts-dead-letters": [
        RefusedAlert(
            v=1,
            reason="refused",
            detail="mapper_parsing_exception: failed to parse field [score]",
            index="paystream-alerts",
            topic="alerts",
            partition=0,
            offset=7,
            key="c1",
            payload_base64="e30=",
            payload_bytes=2,
        )
    ],
    "fraud-reports": [
        FraudReport(
            report_id="report:s1",
            swipe_id="s1",
            card_token="c1",
            merchant_id="m1",
            terminal_id="t1",
            event_time_ms=1,
            reported_ms=2,
            kind="counterfeit",
        )
    ],
}


def validator(topic: str) -> Any:
    schema = schema_of(topic)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_committed_schemas_are_up_to_date() -> None:
    committed = {file.name: file.read_text(encoding="utf-8") for file in COMMITTED.iterdir()}
    assert committed == render(), "run: python -m job.schemas docs/schemas"


def test_every_topic_has_a_schema() -> None:
    assert set(render()) == {f"{topic}.json" for topic in RECORDS_BY_TOPIC}


@pytest.mark.parametrize("topic", RECORDS_BY_TOPIC)
def test_an_encoded_example_of_every_record_validates(topic: str) -> None:
    assert {type(example) for example in EXAMPLES[topic]} == set(RECORDS_BY_TOPIC[topic])
    for example in EXAMPLES[topic]:
        validator(topic).validate(json.loads(msgspec.json.encode(example)))


@pytest.mark.parametrize("topic", RECORDS_BY_TOPIC)
def test_a_record_without_its_fields_does_not_validate(topic: str) -> None:
    assert not validator(topic).is_valid({"v": 1})


def test_an_amount_that_is_negative_does_not_validate() -> None:
    wrong = msgspec.to_builtins(SWIPE) | {"amount_minor": -1}
    assert not validator("swipes").is_valid(wrong)


def test_the_schemas_are_written_where_asked(tmp_path: Path) -> None:
    main([str(tmp_path / "schemas")])
    assert {file.name for file in (tmp_path / "schemas").iterdir()} == set(render())


def test_without_a_folder_it_says_how_to_call_it() -> None:
    with pytest.raises(SystemExit, match="usage"):
        main([])
