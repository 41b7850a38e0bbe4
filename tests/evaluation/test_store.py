import msgspec
import pytest

from evaluation.evaluate import evaluate
from evaluation.store import UnknownRunError, compare, list_runs, open_store


@pytest.fixture
def runs(record, tmp_path):
    """Two judged runs, the second slower and at another rate; one unfinished, one damaged."""
    for name, started, slower_ms in (
        ("run-1", "2026-01-01T10:00:00+00:00", 0),
        ("run-2", "2026-01-02T10:00:00+00:00", 10),
    ):
        recording = record(name=name)
        recording.run |= {"run_id": name, "started_at": started, "dirty": slower_ms > 0}
        recording.manifest["rate_per_min"] = 6000.0 + slower_ms
        for row in recording.rows("decisions", "uncommitted"):
            row["received_ns"] += slower_ms * 1_000_000
        evaluate(recording.write())
    (tmp_path / "run-3").mkdir()
    (tmp_path / "run-3" / "run.json").write_bytes(
        msgspec.json.encode({"started_at": "2026-01-03T10:00:00+00:00"})
    )
    (tmp_path / "run-4").mkdir()
    (tmp_path / "run-4" / "results.json").write_text('{"run_id": ')
    return tmp_path


def test_runs_are_listed_newest_first_with_the_broken_ones(runs):
    rows = list_runs(runs)
    assert [(row.run_id, row.state) for row in rows] == [
        ("run-3", "unfinished"),
        ("run-2", "judged"),
        ("run-1", "judged"),
        ("run-4", "damaged"),
    ]
    newest = rows[1]
    assert (newest.scenario, newest.verdict, newest.commit) == ("geo_jump", "pass", "abc+changes")
    assert newest.uncommitted_p99_ms == pytest.approx(20, rel=2e-3)
    assert (newest.missing, newest.repeated, newest.rate_per_min) == (0, 0, 6010)


def test_no_folder_holds_no_runs(tmp_path):
    assert list_runs(tmp_path / "none") == []


def test_two_runs_are_compared_figure_by_figure(runs):
    found = compare(runs, "run-1", "run-2")
    p99 = next(
        row for row in found.figures if (row.judge, row.figure) == ("latency", "uncommitted_p99")
    )
    assert p99.unit == "ms"
    assert p99.difference == pytest.approx(10, rel=5e-3)
    assert p99.ratio == pytest.approx(2, rel=5e-3)


def test_what_differs_in_the_settings_is_marked(runs):
    differing = {row.name: (row.a, row.b) for row in compare(runs, "run-1", "run-2").settings}
    assert differing == {"commit": ("abc", "abc+changes"), "rate_per_min": ("6000.0", "6010.0")}


def test_how_the_stack_was_set_is_marked_but_not_its_ports(record, tmp_path):
    for name, jit, port in (("run-1", "quick", 9092), ("run-2", "full", 9999)):
        recording = record(name=name)
        recording.run |= {"run_id": name, "stack": {"jit": jit, "kafka_port": port}}
        evaluate(recording.write())
    differing = {row.name: (row.a, row.b) for row in compare(tmp_path, "run-1", "run-2").settings}
    assert differing == {"stack.jit": ("quick", "full")}


def test_an_unknown_run_names_close_ones(runs):
    with pytest.raises(UnknownRunError, match=r"no run 'run-9'; close ones: .*run-1"):
        compare(runs, "run-9", "run-1")


@pytest.mark.parametrize(("run_id", "why"), [("run-3", "unfinished"), ("run-4", "damaged")])
def test_a_run_that_was_not_judged_cannot_be_compared(runs, run_id, why):
    with pytest.raises(UnknownRunError, match=why):
        compare(runs, "run-1", run_id)


def test_figures_of_all_runs_can_be_asked_in_sql(runs):
    with open_store(runs) as connection:
        found = connection.execute(
            "SELECT run_id, value FROM figures JOIN runs USING (run_id)"
            " WHERE judge = 'delivery' AND figure = 'missing' ORDER BY run_id"
        ).fetchall()
    assert found == [("run-1", 0.0), ("run-2", 0.0)]
