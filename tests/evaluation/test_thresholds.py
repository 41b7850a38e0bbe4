import pytest

from evaluation.thresholds import DEFAULT_FILE, load_thresholds
from evaluation.toml_file import SettingsFileError


def test_the_shipped_thresholds_are_valid():
    assert load_thresholds() == load_thresholds(DEFAULT_FILE)


def test_a_file_states_only_what_differs(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text("[latency]\ncommitted_p99_ms = 500.0\n")
    thresholds = load_thresholds(file)
    assert thresholds.latency.committed_p99_ms == 500.0
    assert thresholds.latency.uncommitted_p99_ms == load_thresholds().latency.uncommitted_p99_ms


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[latency]\ncommitted_p99_ms = -1.0", "latency.committed_p99_ms"),
        ("[latency]\ncommited_p99_ms = 1.0", "commited_p99_ms"),
        ("[latencies]\nx = 1", "latencies"),
        ("[throughput]\nachieved_share_min = 'all'", "throughput.achieved_share_min"),
        ("latency = 3", "latency"),
        ("[latency", "TOML"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, text, named):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(SettingsFileError, match=named) as raised:
        load_thresholds(file)
    assert str(file) in str(raised.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsFileError, match="no such file"):
        load_thresholds(tmp_path / "none.toml")


def test_a_folder_is_no_file_of_thresholds(tmp_path):
    with pytest.raises(SettingsFileError, match="not readable: Is a directory"):
        load_thresholds(tmp_path)
