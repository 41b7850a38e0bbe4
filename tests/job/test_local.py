"""Does the run over a file give the engine's outputs, whole or not at all?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import job.local
from job.contracts import WindowDrop
from job.engine.settings import EngineSettings
from job.local import NO_SOURCE, LocalJob, Record, main, read_dropped, read_records, run_file
from job.rules.example import example_swipe

KEY = "example-card"


def swipes(count: int) -> list[Record]:
    records = []
    for offset in range(count):
        swipe = example_swipe(swipe_id=f"s{offset}", event_time_ms=offset)
        records.append(Record(3, offset, offset, KEY, msgspec.json.encode(swipe)))
    return records


def local_job() -> LocalJob:
    return LocalJob([], EngineSettings())


def outputs(file: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
    return rows


def drop(swipe_id: str) -> bytes:
    return msgspec.json.encode(
        WindowDrop(
            v=1,
            rule="bin_attack",
            entity_id="e",
            swipe_id=swipe_id,
            event_time_ms=1,
            window_start_ms=0,
            window_end_ms=60_000,
            lateness_ms=1,
        )
    )


def test_each_output_stands_with_the_place_of_its_source(tmp_path: Path) -> None:
    out = tmp_path / "expected.parquet"
    assert run_file(local_job(), swipes(2), 2, None, out) == 2
    rows = outputs(out)
    assert [(r["topic"], r["key"], r["partition"], r["offset"]) for r in rows] == [
        ("decisions", KEY, 3, 0),
        ("decisions", KEY, 3, 1),
    ]
    assert msgspec.json.decode(rows[1]["value"])["swipe_id"] == "s1"


def test_an_unreadable_profile_is_an_output_without_a_place(tmp_path: Path) -> None:
    profiles = tmp_path / "profiles.parquet"
    pq.write_table(pa.table({"card_token": ["c1"], "value": [b"{"]}), profiles)
    out = tmp_path / "expected.parquet"
    run_file(local_job(), [], 0, profiles, out)
    (row,) = outputs(out)
    assert (row["topic"], row["partition"], row["offset"]) == ("dead-letters", NO_SOURCE, NO_SOURCE)


def test_a_run_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "expected.parquet"
    out.write_bytes(b"old")

    def torn() -> Iterator[Record]:
        yield from swipes(3)
        raise OSError("the file ends here")

    with pytest.raises(OSError, match="ends here"):
        run_file(local_job(), torn(), 10, None, out)
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


def test_a_whole_run_replaces_the_old_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "expected.parquet"
    out.write_bytes(b"old")
    run_file(local_job(), swipes(1), 1, None, out)
    assert len(outputs(out)) == 1
    assert list(tmp_path.iterdir()) == [out]


def test_progress_grows_to_the_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job.local, "_CHUNK", 4)
    told: list[tuple[int, int]] = []
    out = tmp_path / "expected.parquet"
    written = run_file(
        local_job(), swipes(10), 10, None, out, lambda done, total: told.append((done, total))
    )
    assert told == [(4, 10), (8, 10), (10, 10)]
    assert written == len(outputs(out)) == 10


def test_records_are_read_as_the_job_reads_them(tmp_path: Path) -> None:
    file = tmp_path / "sent.parquet"
    columns = {
        "partition": [0, 0],
        "offset": [0, 1],
        "record_time_ms": [5, 6],
        "key": pa.array([None, b"\xff"], pa.binary()),
        "value": pa.array([None, b"{"], pa.binary()),
    }
    pq.write_table(pa.table(columns), file)
    assert list(read_records(file)) == [Record(0, 0, 5, "", b""), Record(0, 1, 6, "\ufffd", b"{")]


def test_only_committed_window_drops_that_can_be_read_are_left_out(tmp_path: Path) -> None:
    observed = tmp_path / "observed.parquet"
    rows = [
        ("window-drops", "committed", drop("s1")),
        ("window-drops", "committed", drop("s1")),
        ("window-drops", "committed", b"{"),
        ("window-drops", "uncommitted", drop("s2")),
        ("decisions", "committed", drop("s3")),
    ]
    names = ["topic", "view", "value"]
    pq.write_table(
        pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))), observed
    )
    assert read_dropped(observed) == {("bin_attack", "s1")}


def test_what_event_time_windows_dropped_is_left_out_by_kind(tmp_path: Path) -> None:
    dropped = msgspec.json.encode(
        msgspec.structs.replace(
            msgspec.json.decode(drop("s0"), type=WindowDrop), window="bin_minute", rule=None
        )
    )
    observed, out = tmp_path / "observed.parquet", tmp_path / "expected.parquet"
    row = {"topic": "window-drops", "view": "committed", "value": dropped}
    pq.write_table(pa.Table.from_pylist([row]), observed)
    found = read_dropped(observed)
    assert found == {("bin_minute", "s0")}
    run_file(
        LocalJob([], EngineSettings(), found, ("bin_minute", "card_session")),
        swipes(2),
        2,
        None,
        out,
    )
    counts = {
        row["topic"]: msgspec.json.decode(row["value"])["swipes"]
        for row in outputs(out)
        if row["topic"].startswith("windows-")
    }
    assert counts == {"windows-bin-minute": 1, "windows-card-session": 2}


def test_the_command_line_writes_the_outputs_and_tells_its_progress(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "sent.parquet"
    pq.write_table(pa.Table.from_pylist([record._asdict() for record in swipes(2)]), records)
    out = tmp_path / "expected.parquet"
    asked = ["--windows", "card_session,merchant_minute"]
    assert main(["--records", str(records), "--out", str(out), *asked]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "2 2"
    assert [row["topic"] for row in outputs(out)] == [
        *["decisions"] * 2,
        "windows-merchant-minute",
        "windows-card-session",
    ]


def test_a_window_that_does_not_exist_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--records", "-", "--windows", "card_hours", "--out", str(tmp_path / "out")]
    assert main(asked) == 2
    assert capsys.readouterr().err.startswith("'card_hours' is no window; give merchant_minute,")


def test_a_rules_file_that_cannot_be_used_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules, out = tmp_path / "rules.toml", tmp_path / "expected.parquet"
    rules.write_text("[no_such_rule]\n")
    assert main(["--records", "-", "--rules", str(rules), "--out", str(out)]) == 2
    assert "no_such_rule" in capsys.readouterr().err
    assert not out.exists()


def test_a_report_that_cannot_be_read_is_an_output_without_a_place(tmp_path: Path) -> None:
    job, out = local_job(), tmp_path / "expected.parquet"
    job.expect_reports([Record(0, 0, 1, KEY, b"{"), Record(0, 1, 9, "nobody", b"")])
    run_file(job, swipes(3), 3, None, out)
    letters = [row for row in outputs(out) if row["topic"] == "dead-letters"]
    told = [msgspec.json.decode(row["value"]) for row in letters]
    assert [(each["topic"], each["offset"], each["reason"]) for each in told] == [
        ("fraud-reports", 0, "not_json"),
        ("fraud-reports", 1, "empty"),
    ]
    assert {row["offset"] for row in letters} == {NO_SOURCE}


def test_reports_are_found_beside_the_records_by_their_name(tmp_path: Path) -> None:
    for name, records in (("sent", swipes(2)), ("reports", [Record(0, 0, 1, KEY, b"{")])):
        rows = [record._asdict() for record in records]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / f"{name}.parquet")
    out = tmp_path / "expected.parquet"
    assert main(["--records", str(tmp_path / "sent.parquet"), "--out", str(out)]) == 0
    assert "dead-letters" in {row["topic"] for row in outputs(out)}
