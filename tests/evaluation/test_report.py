import io

import pytest
from rich.console import Console

from evaluation.evaluate import evaluate
from evaluation.report import print_report


def printed(evaluation, *, terminal=False, width=100):
    out = io.StringIO()
    print_report(evaluation, Console(file=out, force_terminal=terminal, width=width, no_color=True))
    return out.getvalue()


def test_the_verdict_and_why_stand_first(recording):
    first = printed(evaluate(recording.write())).splitlines()[0]
    assert first == "PASS  delivery, latency, stability, throughput: all held"


def test_what_a_person_wants_to_know_is_there(recording):
    text = printed(evaluate(recording.write()))
    for expected in (
        "0 of 1,200",
        "uncommitted p50 / p99",
        "0 of 5 cards",
        "committed p50 / p99",
        "floor 2.1 ms / 2.1 ms",
        "attacks caught",
        "false alerts per 1,000",
        "offered / achieved",
        "sender's slip, p99",
        "s per million swipes",
        "restarts",
    ):
        assert expected in text


def test_beside_what_a_swipe_costs_stands_how_fast_the_machine_was(recording):
    assert "fixed loop" not in printed(evaluate(recording.write()))
    recording.run["machine"]["calibration_ms"] = 1.234
    (line,) = [
        each
        for each in printed(evaluate(recording.write())).splitlines()
        if "s per million swipes" in each
    ]
    assert line.endswith("a fixed loop took 1.23 ms when it began")


def test_a_failure_says_what_to_do(recording):
    recording.drop("decisions", 100, ("uncommitted", "committed"))
    text = printed(evaluate(recording.write()))
    assert text.startswith("FAIL  delivery: 1 of 1,200 outputs missing")
    assert "-> missing: results/delivery_faults.parquet" in text


def test_a_terminal_gets_a_table_that_fits(recording):
    text = printed(evaluate(recording.write()), terminal=True, width=80)
    assert "0 of 1,200" in text
    plain = [line for line in text.splitlines() if "\x1b" not in line]
    assert max(map(len, plain)) <= 80


@pytest.mark.parametrize("terminal", [True, False])
def test_a_run_with_nothing_in_it_is_reported(tmp_path, terminal):
    text = printed(evaluate(tmp_path), terminal=terminal)
    assert "INCONCLUSIVE" in text
    assert "observed.parquet is missing" in text
