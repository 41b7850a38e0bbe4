"""Is a completed checkpoint seen in the JobManagers' logs, each once, and only what is new?"""

from __future__ import annotations

from stack.completion_log import CompletionLog
from stack.flink import jobmanager
from stack.settings import StackSettings

LINE = (
    "2026-11-30 03:06:52,917 INFO  org.apache.flink.runtime.source.coordinator.SourceCoordinator "
    "[] - Marking checkpoint {} as completed for source Source: incoming.\n"
)


def test_only_what_was_written_since_the_last_look_counts(settings: StackSettings) -> None:
    log = jobmanager(settings, 0).log_file
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(LINE.format(7))
    followed = CompletionLog(settings)
    assert followed.completed() is None
    with log.open("a") as lines:
        lines.write("something else\n" + LINE.format(8) + LINE.format(9))
        lines.flush()
        assert followed.completed() == 9
        assert followed.completed() is None
        half = LINE.format(10)
        lines.write(half[:-12])
        lines.flush()
        assert followed.completed() is None
        lines.write(half[-12:])
        lines.flush()
        assert followed.completed() == 10


def test_whichever_jobmanager_leads_is_heard(settings: StackSettings) -> None:
    available = settings.model_copy(update={"high_availability": True})
    logs = [jobmanager(available, index).log_file for index in range(2)]
    for log in logs:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
    followed = CompletionLog(available)
    for number, log in enumerate(logs, 1):
        with log.open("a") as lines:
            lines.write(LINE.format(number))
        assert followed.completed() == number
