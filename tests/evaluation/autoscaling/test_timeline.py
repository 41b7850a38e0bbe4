from __future__ import annotations

from rich.console import Console

from evaluation.autoscaling.outcome import judge_autoscaling
from evaluation.autoscaling.record import Autoscaling, Decision, Note, Sample, VertexChange
from evaluation.autoscaling.timeline import print_timeline, rows

CHANGE = VertexChange(
    name="judge", before=1, after=2, load=0.5, target_per_s=500.0, capacity_per_s=1_000.0
)


def record() -> Autoscaling:
    samples = [
        Sample(
            at_s=float(second),
            offered_per_s=500.0,
            lag=1_234,
            busy=None if second in (24, 25) else 0.5,
            parallelism=1 if second < 26 else 2,
            running=second not in (24, 25),
        )
        for second in range(1, 41)
    ]
    return Autoscaling(
        decided_by="flink-autoscaler 0",
        peak_s=(20.0, 35.0),
        samples=samples,
        decisions=[Decision(at_s=23.4, before=1, after=2, changes=(CHANGE,))],
        notes=[Note(at_s=30.2, words="Something: else")],
    )


def test_a_row_every_ten_seconds_and_one_for_each_thing_that_happens() -> None:
    told = [(row.second, row.parallelism, row.words) for row in rows(record())]
    assert told == [
        ("1", "1", ""),
        ("11", "1", ""),
        ("21", "1", ""),
        ("23", "", "parallelism 1 to 2; judge: busy 50%, 500/s to process, 1,000/s at most"),
        ("24", "restarting", ""),
        ("26", "2", ""),
        ("30", "", "Something: else"),
        ("36", "2", ""),
    ]


def test_what_is_unknown_is_empty_and_numbers_have_units_of_the_heading() -> None:
    first, *_, last = rows(record())
    assert (first.offered, first.lag, first.busy) == ("500", "1,234", "50%")
    assert last.busy == "50%"
    assert [row.busy for row in rows(record()) if row.parallelism == "restarting"] == [""]


def test_the_print_says_who_decided_and_marks_what_did_not_hold() -> None:
    console = Console(record=True, width=120)
    print_timeline(record(), judge_autoscaling(record()), console)
    printed = console.export_text()
    assert "decided by flink-autoscaler 0" in printed
    assert "scaled down" in printed
    assert "not 1; " in printed
    assert "[fail]" in printed
