import msgspec
import pyarrow.parquet as pq
import pytest

from evaluation.evaluate import evaluate, judge_history, read_results
from evaluation.history import load_history
from evaluation.judges.base import judge_classes
from evaluation.thresholds import load_thresholds
from evaluation.toml_file import SettingsFileError


def test_an_honest_run_passes(recording):
    results = evaluate(recording.write())
    assert results.verdict.value == "pass", [(j.judge, j.reason) for j in results.judges]
    assert results.exit_code == 0
    assert results.job["cpu_s_per_million_swipes"]["taskmanager"] == pytest.approx(2500)


def test_results_are_read_back_as_they_were_written(recording):
    folder = recording.write()
    assert evaluate(folder) == read_results(folder)


def test_judging_twice_gives_the_same(recording):
    folder = recording.write()
    thresholds = load_thresholds()
    first, again = (judge_history(load_history(folder), thresholds) for _ in range(2))
    assert msgspec.json.encode(first.results) == msgspec.json.encode(again.results)


def test_every_table_stands_where_the_results_say(recording):
    folder = recording.write()
    tables = evaluate(folder).tables
    assert {"latency_by_second", "backlog", "delivery_faults", "detection_by_rule"} <= set(tables)
    assert pq.read_table(folder / tables["latency_by_second"]).num_rows == 24


def test_few_incidents_do_not_decide_a_live_run(recording):
    results = evaluate(recording.write())
    assert results.judge("detection").verdict == "inconclusive"
    assert not results.judge("detection").decides


def test_a_detection_target_makes_detection_decide(recording, tmp_path):
    thresholds = tmp_path / "mine.toml"
    thresholds.write_text("[detection]\nincident_recall_min = 0.5\n")
    results = evaluate(recording.write(), thresholds)
    assert results.judge("detection").decides
    assert results.verdict.value == "inconclusive"


def test_one_failing_judge_fails_the_run(recording):
    recording.drop("decisions", 100, ("uncommitted", "committed"))
    results = evaluate(recording.write())
    assert results.verdict.value == "fail"
    assert results.verdict.reason.startswith("delivery: 1 of 1,200 outputs missing")


def test_a_damaged_file_is_inconclusive_and_named(recording):
    folder = recording.write()
    (folder / "history" / "sent.parquet").write_bytes(b"not parquet")
    results = evaluate(folder)
    assert results.verdict.value == "inconclusive"
    assert any("sent.parquet is unreadable" in problem for problem in results.problems)


def test_an_empty_folder_is_inconclusive(tmp_path):
    results = evaluate(tmp_path)
    assert results.verdict.value == "inconclusive"
    assert "observed.parquet is missing" in results.problems


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such run folder"):
        evaluate(tmp_path / "none")


def test_judges_are_found_by_discovery():
    names = {"delivery", "detection", "latency", "recovery", "stability", "throughput"}
    assert names <= judge_classes().keys()
    assert list(judge_classes()) == sorted(judge_classes())


@pytest.mark.parametrize("judge", judge_classes().values(), ids=lambda judge: judge.name)
@pytest.mark.parametrize("section", ["Measures", "Verdict", "References"])
def test_each_judge_has_its_page(judge, section):
    page = judge.__doc__.splitlines()
    assert page[0].endswith("?")
    assert f"    {section}" in page
    assert f"    {'-' * len(section)}" in page


def test_a_judge_nobody_knows_is_refused_by_name(recording, tmp_path):
    thresholds = tmp_path / "mine.toml"
    thresholds.write_text('[verdict]\nlive_judges = ["delivry"]\n')
    named = r"mine\.toml: verdict\.live_judges: no judge is called delivry; judges are delivery, "
    with pytest.raises(SettingsFileError, match=named):
        evaluate(recording.write(), thresholds)


def test_both_views_of_a_record_are_one_record(recording):
    history = load_history(recording.write())
    decisions = history.outputs["decisions"]
    assert len(decisions) == 1198
    assert decisions.committed.all()
    assert (decisions.committed_ns - decisions.uncommitted_ns == 70_000_000).all()
