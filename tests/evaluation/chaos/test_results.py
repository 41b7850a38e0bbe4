"""What a series of faults says, and how it reads."""

import io

from rich.console import Console

from evaluation.chaos.results import Chaos, FaultOutcome, outcomes_of
from evaluation.chaos.table import markdown, print_chaos
from evaluation.evaluate import evaluate
from evaluation.fault_record import FAULTS_FILE, FaultRecord, write_faults


def outcome(**changes):
    known = {
        "fault": "kafka_kill",
        "run_id": "r",
        "verdict": "pass",
        "reason": "held",
        "record": FaultRecord(fault="kafka_kill", landed=True, evidence=["gone | for good"]),
        "expected": 1_000,
        "counts": dict.fromkeys(("missing", "repeated", "unexpected", "ledger_wrong"), 0),
        "ledger_cards": 4_321,
        "ledger_cards_again": 65,
        "times_ms": {"committed_outage": 2_345.0, "recovery": None},
    }
    return FaultOutcome(**(known | changes))


def chaos(*outcomes):
    return Chaos(outcomes=list(outcomes), facts={"command": "paystream chaos", "commit": "abc"})


def test_the_worst_fault_is_the_verdict():
    assert chaos(outcome(), outcome(verdict="inconclusive")).exit_code == 3
    assert chaos(outcome(verdict="fail"), outcome(verdict="inconclusive")).exit_code == 1
    assert chaos(outcome(), outcome()).exit_code == 0
    assert chaos().exit_code == 3


def test_both_tables_name_each_fault_and_its_times():
    broken = outcome(fault="random", seed=4, verdict="fail", reason="2 missing")
    console = Console(file=io.StringIO(), width=200)
    print_chaos(chaos(outcome(), broken), console)
    printed = console.file.getvalue()
    page = markdown(chaos(outcome(), broken))
    for text in (printed, page):
        assert "kafka_kill" in text
        assert "random (seed 4)" in text
        assert "2.35" in text or "2.34" in text
        assert "2 missing" in text
    assert printed.startswith("FAIL  1 of 2")
    assert "paystream chaos" in page


def test_both_tables_say_of_how_many_cards_the_ledger_is_wrong_or_that_nobody_looked():
    console = Console(file=io.StringIO(), width=200)
    wrong = outcome(counts={"ledger_wrong": 3})
    unchecked = outcome(counts={"ledger_wrong": None}, ledger_cards=None)
    print_chaos(chaos(outcome(), wrong, unchecked), console)
    for text in (console.file.getvalue(), markdown(chaos(outcome(), wrong, unchecked))):
        rows = [line.split() for line in text.splitlines() if "kafka_kill" in line]
        assert "0 of 4,321" in " ".join(rows[0])
        assert "3 of 4,321" in " ".join(rows[1])
        assert "of" not in rows[2]
    assert "| 0 of 4,321 | 65 |" in markdown(chaos(outcome()))


def test_a_page_is_of_whole_table_rows():
    rows = [line for line in markdown(chaos(outcome())).splitlines() if line.startswith("|")]
    assert all(row.endswith("|") for row in rows)
    assert len({row.count(" | ") for row in rows[:1] + rows[2:3]}) == 1


def run(recording, guarantee):
    recording.run["settings"] = {
        "fault": "taskmanager_kill",
        "job": {"sink_guarantee": guarantee},
    }
    folder = recording.write()
    start_ns = recording.sends_json["start_monotonic_ns"]
    faults = [
        FaultRecord(
            fault="taskmanager_kill", landed=True, invoked_monotonic_ns=start_ns + 3_000_000_000
        )
    ]
    write_faults(folder / "history" / FAULTS_FILE, faults)
    return outcomes_of(evaluate(folder), faults)[0]


def test_a_run_that_lost_nothing_passes(recording):
    found = run(recording, "exactly-once")
    assert (found.verdict, found.counts["missing"], found.counts["repeated"]) == ("pass", 0, 0)
    assert found.expected > 0
    assert (found.counts["ledger_wrong"], found.ledger_cards, found.ledger_cards_again) == (0, 5, 5)


def test_the_control_passes_only_where_repeats_were_seen(recording):
    assert run(recording, "at-least-once").verdict == "fail"
    first = recording.rows("decisions", "committed")[0]
    recording.emit("decisions", first["value"])
    assert run(recording, "at-least-once").verdict == "pass"
