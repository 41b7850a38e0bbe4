"""Is a job's start read out of the logs of whoever led then?"""

from __future__ import annotations

from pathlib import Path

from stack.flink import jobmanager
from stack.initialization import last_initialization
from stack.settings import StackSettings

JOB = "0a"


def span(
    began_ms: int,
    *,
    job_id: str = JOB,
    name: str = "JobInitialization",
    download: str = "maxDownloadStateDurationMs=800, ",
) -> str:
    """As Flink 2.3.0 was seen to write it."""
    return (
        "2026-01-01 00:00:00,000 INFO  org.apache.flink.traces.slf4j.Slf4jTraceReporter - Reported "
        f"span: SimpleSpan{{scope=a.b, name={name}, startTsMillis={began_ms}, "
        f"endTsMillis={began_ms + 900}, attributes={{maxReadOutputDataDurationMs=10, "
        "sumRestoreStateDurationMs=488, initializationStatus=COMPLETED, "
        f"maxRestoreStateDurationMs=40, checkpointId=23, <host>=127.0.0.1, {download}"
        f"sumRestoredStateSizeBytes.REMOTE=1500000000, jobId={job_id}, <job_id>={job_id}}}, "
        "children=[]}\n"
    )


def stack(folder: Path, *logs: str) -> StackSettings:
    settings = StackSettings(data_folder=folder, high_availability=True)
    for index, text in enumerate(logs):
        log = jobmanager(settings, index).log_file
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(text)
    return settings


def test_the_last_start_counts_whoever_led(tmp_path: Path) -> None:
    settings = stack(tmp_path, span(1_000), "something else\n" + span(5_000))
    found = last_initialization(settings, JOB, since_ms=0)
    assert found is not None
    assert (found.began_ms, found.download_ms, found.load_ms) == (5_000, 800, 40)
    assert (found.remote_bytes, found.local_bytes) == (1_500_000_000, 0)


def test_no_start_is_none(tmp_path: Path) -> None:
    settings = stack(
        tmp_path, span(1_000) + span(9_000, job_id="0b") + span(9_000, name="Checkpoint")
    )
    assert last_initialization(settings, JOB, since_ms=1_001) is None


def test_a_start_from_nothing_fetches_no_state(tmp_path: Path) -> None:
    settings = stack(tmp_path, span(1_000, download=""))
    assert last_initialization(settings, JOB, since_ms=0) is None
