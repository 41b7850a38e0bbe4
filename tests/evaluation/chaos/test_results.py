"""What a series of faults says, and how it reads."""

import io

import msgspec
from rich.console import Console

from evaluation.chaos.results import HARMS, Chaos, FaultOutcome, outcomes_of
from evaluation.chaos.table import markdown, print_chaos
from evaluation.chaos.totals import totals
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
        "counts": dict.fromkeys((*HARMS, "ledger_wrong"), 0),
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


def at_a_commit(promised, **changes):
    """A kill that chose its moment, and what it found there."""
    record = FaultRecord(
        fault="kill_during_commit",
        landed=True,
        checkpoints_before=3,
        checkpoints_after=3,
        open_transaction_records=83,
        needs_open_records=False,
    )
    missed = record.hit_nothing_because(promised)
    known = {
        "fault": record.fault,
        "record": record,
        "promised_records": promised,
        "verdict": "pass" if missed is None else "inconclusive",
        "reason": "held" if missed is None else f"delivery: {missed}",
    }
    return outcome(**(known | changes))


def test_a_kill_that_missed_its_commit_spoils_no_series_in_which_another_hit_one():
    missed, hit = at_a_commit(promised=0), at_a_commit(promised=490)
    assert (missed.missed_its_moment, hit.missed_its_moment) == (True, False)
    series = chaos(missed, hit, outcome())
    assert series.exit_code == 0
    assert series.sentence == (
        "2 of 3 as they must be; 1 hit nothing where another did (kill_during_commit)"
    )
    assert "inconclusive" in markdown(series)


def test_it_does_where_none_hit_one_or_more_is_in_doubt():
    missed, hit = at_a_commit(promised=0), at_a_commit(promised=490)
    assert chaos(missed, missed, outcome()).exit_code == 3
    assert chaos(missed, outcome()).sentence == "1 of 2 as they must be"
    doubtful = at_a_commit(0, reason=f"{missed.reason}; stability: it never came back")
    assert chaos(doubtful, hit).exit_code == 3
    # Of a sequence each outcome bears the verdict of its run: what else came in it proves nothing.
    beside = outcome(verdict="inconclusive", reason=missed.reason)
    assert chaos(missed, beside, hit).exit_code == 3
    harmful = at_a_commit(0, verdict="fail", reason="delivery: 3 missing")
    assert chaos(harmful, hit).exit_code == 1
    # The control's sink is another one.
    assert chaos(missed, at_a_commit(490, guarantee="at-least-once")).exit_code == 3


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
    assert printed.startswith("FAIL  faults: 1 of 2")
    assert "paystream chaos" in page


def test_both_tables_say_of_how_many_cards_the_ledger_is_wrong_or_that_nobody_looked():
    console = Console(file=io.StringIO(), width=200)
    wrong = outcome(counts={"ledger_wrong": 3})
    unchecked = outcome(counts={"ledger_wrong": None}, ledger_cards=None)
    print_chaos(chaos(outcome(), wrong, unchecked), console)
    for text in (console.file.getvalue(), markdown(chaos(outcome(), wrong, unchecked))):
        of_each = text.partition("## What was lost")[2] or text
        rows = [line.split() for line in of_each.splitlines() if "kafka_kill" in line]
        assert "0 of 4,321" in " ".join(rows[0])
        assert "3 of 4,321" in " ".join(rows[1])
        assert "of" not in rows[2]
    assert "| 0 of 4,321 | 65 |" in markdown(chaos(outcome()))


def test_each_row_has_the_bound_of_its_own_outputs_and_none_where_nothing_is_proven():
    nothing = outcome(fault="kafka_pause", verdict="inconclusive")
    console = Console(file=io.StringIO(), width=200)
    print_chaos(chaos(outcome(), nothing), console)
    for text in (console.file.getvalue(), markdown(chaos(outcome(), nothing))):
        lines = text.splitlines()
        assert "3.0e-03" in next(line for line in lines if "kafka_kill " in line)
        assert "e-0" not in next(line for line in lines if "kafka_pause " in line)


def test_both_tables_show_harm_to_alerts_and_windows():
    counts = outcome().counts | {f"alerts_{name}": 0 for name in HARMS} | {"alerts_missing": 7}
    harmed = outcome(verdict="fail", counts=counts, expected_alerts=30)
    console = Console(file=io.StringIO(), width=200)
    print_chaos(chaos(harmed), console)
    assert "7 / 0 / 0 / 0" in console.file.getvalue()
    page = markdown(chaos(harmed))
    assert "| 1,000 | 0 | 0 | 0 | 0 | 7 / 0 / 0 / 0 of 30 | ? |" in page
    assert "7 of 1,030 outputs" in page


def test_a_file_from_before_alerts_were_counted_is_readable():
    counts = dict.fromkeys((*HARMS, "out_of_order", "ledger_wrong", "phantoms"), 0)
    kept = msgspec.to_builtins(chaos(outcome(counts=counts)))
    for name in ("expected_alerts", "expected_windows", "state_bytes"):
        del kept["outcomes"][0][name]
    read = msgspec.json.decode(msgspec.json.encode(kept), type=Chaos)
    assert "0 of 1,000 outputs" in markdown(read)
    assert "not counted in 1 run" in markdown(read)


def test_a_page_is_of_whole_table_rows():
    rows = [line for line in markdown(chaos(outcome())).splitlines() if line.startswith("|")]
    assert all(row.endswith("|") for row in rows)
    assert len({row.count(" | ") for row in rows[:1] + rows[2:3]}) == 1


PROVEN = {
    "landed": True,
    "checkpoints_before": 3,
    "checkpoints_after": 2,
    "open_transaction_records": 200,
}


def run(recording, guarantee, **changes):
    recording.run["settings"] = {
        "fault": "taskmanager_kill",
        "job": {"sink_guarantee": guarantee},
    }
    folder = recording.write()
    start_ns = recording.sends_json["start_monotonic_ns"]
    faults = [
        FaultRecord(
            fault="taskmanager_kill",
            invoked_ms=recording.sends_json["start_wall_ms"] + 3_000,
            invoked_monotonic_ns=start_ns + 3_000_000_000,
            **(PROVEN | changes),
        )
    ]
    write_faults(folder / "history" / FAULTS_FILE, faults)
    return outcomes_of(evaluate(folder), faults, folder)[0]


def test_a_run_that_lost_nothing_passes(recording):
    found = run(recording, "exactly-once")
    assert (found.verdict, found.counts["missing"], found.counts["repeated"]) == ("pass", 0, 0)
    assert found.expected > 0
    assert (found.counts["ledger_wrong"], found.ledger_cards, found.ledger_cards_again) == (0, 5, 5)


def checkpoint(end_ms, size, status="COMPLETED"):
    return {"status": status, "end_ms": end_ms, "state_size_bytes": size}


def test_the_state_is_that_of_the_last_checkpoint_before_the_fault(recording):
    assert run(recording, "exactly-once").state_bytes is None
    start_ms = recording.sends_json["start_wall_ms"]
    recording.job["checkpoints"] = [
        checkpoint(start_ms + 1_000, 1_500_000),
        checkpoint(start_ms + 2_000, 2_500_000),
        checkpoint(start_ms + 2_500, 9_000_000, "FAILED"),
        checkpoint(start_ms + 4_000, 3_500_000),
    ]
    assert run(recording, "exactly-once").state_bytes == 2_500_000


def test_both_tables_name_the_state_of_each_fault_and_the_page_that_of_all():
    larger = outcome(fault="kafka_pause", state_bytes=26_600_000)
    found = chaos(outcome(state_bytes=2_940_000), larger, outcome(fault="disk_full"))
    console = Console(file=io.StringIO(), width=200)
    print_chaos(found, console)
    page = markdown(found)
    for text in (console.file.getvalue(), page):
        assert "state" in text
        assert " 2.9 " in text
        assert " 26.6 " in text
    assert "- state: 2.9 to 26.6 MB when the faults came" in page
    assert "| disk_full | ? | - | 2.3" in page
    assert "- state: not recorded" in markdown(chaos(outcome()))


def test_a_lost_alert_across_cards_is_harm_though_all_decisions_came(recording):
    whole = totals([run(recording, "exactly-once")])
    alerts = [b"bin_attack" in row["value"] for row in recording.rows("alerts", "committed")]
    recording.drop("alerts", alerts.index(True), ("committed", "uncommitted"))
    found = run(recording, "exactly-once")
    assert found.verdict == "fail"
    assert (found.counts["missing"], found.counts["alerts_missing"]) == (0, 1)
    harmed = totals([found])
    assert (whole.harmed, harmed.harmed) == (0, 1)
    assert whole.outputs == harmed.outputs > found.expected


def test_the_control_passes_only_where_repeats_were_seen(recording):
    assert run(recording, "at-least-once").verdict == "fail"
    first = recording.rows("decisions", "committed")[0]
    recording.emit("decisions", first["value"])
    assert run(recording, "at-least-once").verdict == "pass"


def test_a_control_whose_fault_proves_nothing_or_that_loses_does_not_pass(recording):
    first = recording.rows("decisions", "committed")[0]
    recording.emit("decisions", first["value"])
    assert run(recording, "at-least-once", landed=False).verdict == "inconclusive"
    recording.drop("decisions", 5, ("committed", "uncommitted"))
    found = run(recording, "at-least-once")
    assert found.verdict == "fail"
    assert "1 were missing" in found.reason
