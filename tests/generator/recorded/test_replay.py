"""Does recorded data become a replay like any other, and leak nothing?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluation.cases import cases
from generator import tables
from generator.disturb import Record
from generator.recorded.problems import BadRowsError
from generator.recorded.replay import recorded_replay_key, write_recorded_replay
from generator.recorded.settings import RecordedSettings
from generator.replay import Manifest, ReplayError, hash_records, load_manifest
from generator.settings import SettingsError
from generator.tokens import SIMULATION_KEY
from job.contracts import CardProfile, Swipe
from tests.generator.recorded.layouts import CARDS, LAYOUTS, sparkov, write_csv

MAPPING = """
name = "mine"
history_days = 0
[fields.event_time_ms]
column = "when"
{time}
[fields.card_token]
column = "card"
kind = "pan"
synthetic = true
[fields.amount_minor]
column = "amount"
[label]
column = "fraud"
fraud = ["yes"]
genuine = ["no"]
"""


class Made:
    """A replay of recorded data, read back."""

    def __init__(self, file: Path, mapping: str, folder: Path, **asked: Any) -> None:
        self.settings = RecordedSettings.parse(file, mapping, **asked)
        self.folder = folder
        self.manifest: Manifest = write_recorded_replay(self.settings, folder, lambda *_: None)

    def rows(self, table: str) -> list[dict[str, Any]]:
        return list(pq.read_table(self.folder / f"{table}.parquet").to_pylist())

    def swipes(self) -> list[Swipe]:
        return [msgspec.json.decode(row["value"], type=Swipe) for row in self.rows("records")]

    def profiles(self) -> list[CardProfile]:
        rows = self.rows("profiles")
        return [msgspec.json.decode(row["value"], type=CardProfile) for row in rows]


def layout(name: str, tmp_path: Path, **asked: Any) -> Made:
    return Made(write_csv(tmp_path / "data.csv", LAYOUTS[name]()), name, tmp_path / "r", **asked)


def mine(tmp_path: Path, rows: list[dict[str, Any]], time: str = "", **asked: Any) -> Made:
    (tmp_path / "mine.toml").write_text(MAPPING.format(time=time))
    data = write_csv(tmp_path / "mine.csv", rows)
    return Made(data, str(tmp_path / "mine.toml"), tmp_path / "mine", **asked)


def row(when: str, card: str = CARDS[0], amount: str = "12.50", fraud: str = "no") -> Any:
    return {"when": when, "card": card, "amount": amount, "fraud": fraud}


# A replay like any other


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_the_folder_fits_together(name: str, tmp_path: Path) -> None:
    made = layout(name, tmp_path)
    assert load_manifest(made.folder) == made.manifest
    records, swipes = made.rows("records"), made.swipes()
    assert [each["record_time_ms"] for each in records] == sorted(s.event_time_ms for s in swipes)
    assert [each["key"] for each in records] == [swipe.card_token for swipe in swipes]
    assert [msgspec.structs.asdict(swipe) for swipe in swipes] == made.rows("swipes")
    assert [each["swipe_id"] for each in made.rows("labels")] == [s.swipe_id for s in swipes]
    hashed = [
        Record(0, each["record_time_ms"], each["key"], each["value"], None, "none")
        for each in records
    ]
    assert hash_records(hashed) == made.manifest.sha256
    for table, schema in (("records", tables.RECORDS), ("labels", tables.LABELS)):
        assert pq.read_schema(made.folder / f"{table}.parquet").equals(schema)
    assert sum(each["swipe_count"] for each in made.rows("merchants")) == len(swipes)
    assert sorted(each.name for each in made.folder.iterdir()) == sorted(
        ["manifest.json", *(f"{t}.parquet" for t in ("incidents", "labels", "merchants"))]
        + [f"{t}.parquet" for t in ("profiles", "records", "swipes")]
    )


@pytest.mark.parametrize("name", list(LAYOUTS))
def test_a_fraudulent_row_has_an_incident_and_no_other_has(name: str, tmp_path: Path) -> None:
    made = layout(name, tmp_path)
    incidents = {each["incident_id"]: each for each in made.rows("incidents")}
    frauds = [each for each in made.rows("labels") if each["is_fraud"]]
    assert frauds
    assert {each["incident_id"] for each in frauds} == set(incidents)
    assert all(each["incident_id"] is None for each in made.rows("labels") if each not in frauds)
    assert sum(each["swipe_count"] for each in incidents.values()) == len(frauds)
    opened = cases((each["card_token"], each["event_time_ms"], True) for each in frauds)
    assert len(opened) == len(incidents)


def test_the_same_file_gives_the_same_bytes_and_parquet_the_same_as_csv(tmp_path: Path) -> None:
    first = layout("sparkov", tmp_path)
    parquet = tmp_path / "data.parquet"
    rows = [{**each, "cc_num": int(each["cc_num"])} for each in sparkov()]
    pq.write_table(pa.Table.from_pylist(rows), parquet)
    second = Made(parquet, "sparkov", tmp_path / "again")
    assert first.manifest.sha256 == second.manifest.sha256
    assert first.manifest.profiles_sha256 == second.manifest.profiles_sha256


def test_another_pace_is_another_replay(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data.csv", sparkov())
    keys = {
        recorded_replay_key(RecordedSettings.parse(data, "sparkov", **asked))
        for asked in ({}, {"rate_per_min": 60}, {"speedup": 2.0}, {"bad_rows": "skip"})
    }
    assert len(keys) == 4


# What the public layouts mean


def test_sparkov(tmp_path: Path) -> None:
    made = layout("sparkov", tmp_path)
    last = made.swipes()[-1]
    assert (last.bin, last.amount_minor, last.entry_mode) == ("40000012", 100_000, "ecommerce")
    assert last.event_time_ms == round(datetime(2019, 1, 20, 16, tzinfo=UTC).timestamp() * 1000)


def test_tabformer(tmp_path: Path) -> None:
    made = layout("tabformer", tmp_path)
    past = [swipe for profile in made.profiles() for swipe in profile.recent]
    swipes = {swipe.swipe_id: swipe for swipe in [*past, *made.swipes()]}
    kinds = {swipe.response_code for swipe in swipes.values()}
    assert kinds == {"00", "51", "55", "N7"}
    (back,) = (swipe for swipe in swipes.values() if swipe.message_type == "reversal")
    assert back.amount_minor == 9_900
    assert {swipe.country for swipe in swipes.values()} == {"US", "IT", "ZZ"}
    assert made.manifest.recorded is not None
    assert made.manifest.recorded.notes[0].startswith("earlier than the row before (sorted): 2")


def test_the_handbook_s_kinds_of_fraud_are_scenarios(tmp_path: Path) -> None:
    made = layout("fraud_detection_handbook", tmp_path)
    assert made.manifest.incidents_by_scenario == {"large_amount": 1, "stolen_credentials": 2}
    assert "response_code" in made.manifest.absent_fields


def test_paysim_has_next_to_nothing_of_a_card_payment(tmp_path: Path) -> None:
    made = layout("paysim", tmp_path)
    assert {"country", "entry_mode", "response_code"} <= set(made.manifest.absent_fields)
    assert made.swipes()[2].event_time_ms - made.swipes()[0].event_time_ms == 3_600_000


# Times


@pytest.mark.parametrize(
    ("time", "when"),
    [
        ("", "2026-01-05T09:00:00Z"),
        ("", "2026-01-05 10:00:00+01:00"),
        ('zone = "Europe/Paris"', "2026-01-05 10:00:00"),
        ('zone = "Europe/Paris"', "2026-01-05T04:00:00-0500"),
        ('zone = "Europe/Paris"', "2026-01-05 04:00:00-05"),
        ('zone = "Europe/Paris"', "2026-01-05 14:30:00.000+05:30"),
        ('zone = "Europe/Paris"', "2026-01-05T09:00z"),
        ('zone = "Europe/Paris"', "2026-01-05T09:00:00 +00"),
        ('format = "epoch_s"', "1767603600"),
        ('format = "epoch_ms"', "1767603600000"),
        ('format = "offset"\nunit = "h"\nstart = 2026-01-05T00:00:00Z', "9"),
        ('format = "%d/%m/%Y %H:%M"\nzone = "America/New_York"', "05/01/2026 04:00"),
    ],
)
def test_one_moment_in_many_forms(time: str, when: str, tmp_path: Path) -> None:
    (swipe,) = mine(tmp_path, [row(when)], time).swipes()
    assert swipe.event_time_ms == 1767603600000


@pytest.mark.parametrize("when", ["2026-01-05 09:00:00 UTC", "2026-01-05 09:00:00+5", "09:00:00"])
@pytest.mark.parametrize("zone", ["", 'zone = "Europe/Paris"'])
def test_a_zone_that_cannot_be_read_is_not_passed_over(
    zone: str, when: str, tmp_path: Path
) -> None:
    with pytest.raises(BadRowsError, match="is no time of the form 'iso'"):
        mine(tmp_path, [row(when)], zone)


# The warm start


def test_a_profile_knows_nothing_of_what_is_sent(tmp_path: Path) -> None:
    data = sparkov()
    base = Made(write_csv(tmp_path / "a.csv", data), "sparkov", tmp_path / "a")
    start_ms = base.profiles()[0].updated_ms
    start = datetime.fromtimestamp(start_ms / 1000, UTC).replace(tzinfo=None)
    for each in data:
        if datetime.fromisoformat(each["trans_date_trans_time"]) >= start:
            each["amt"], each["merch_lat"] = "9999.99", 10.0
    other = Made(write_csv(tmp_path / "b.csv", data), "sparkov", tmp_path / "b")
    assert base.manifest.profiles_sha256 == other.manifest.profiles_sha256
    assert base.manifest.sha256 != other.manifest.sha256
    assert all(s.event_time_ms < start_ms for p in base.profiles() for s in p.recent)
    assert all(swipe.event_time_ms >= start_ms for swipe in base.swipes())
    assert start_ms - 7 * 86_400_000 == round(datetime(2019, 1, 1, tzinfo=UTC).timestamp() * 1000)


def test_short_data_has_no_past(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data.csv", sparkov(days=13.9))
    assert Made(data, "sparkov", tmp_path / "r").profiles() == []


# The pace


def test_a_rate_is_even_and_a_duration_cuts(tmp_path: Path) -> None:
    made = layout("paysim", tmp_path, rate_per_min=60, duration_s=10)
    assert [each["due_us"] for each in made.rows("records")] == [1_000_000 * n for n in range(10)]
    assert made.manifest.recorded is not None
    assert made.manifest.recorded.not_sent_rows == 30
    assert (made.manifest.rate_per_min, made.manifest.duration_ms) == (60, 10_000)


def test_a_speedup_keeps_the_pauses(tmp_path: Path) -> None:
    times = ["2026-01-05T09:00:00Z", "2026-01-05T09:00:01Z", "2026-01-05T09:00:11Z"]
    made = mine(tmp_path, [row(when) for when in times], speedup=10.0)
    assert [each["due_us"] for each in made.rows("records")] == [0, 100_000, 1_100_000]
    assert made.manifest.speedup == 10.0


def test_a_rate_and_a_speedup_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not both"):
        RecordedSettings.parse(tmp_path / "x.csv", "paysim", rate_per_min=1, speedup=2.0)


# Rows that cannot be used


def spoilt() -> list[dict[str, Any]]:
    rows = sparkov()
    rows[3]["amt"] = "ten"
    rows[4]["cc_num"] = "4000-0012-3456-78x9"
    rows[5]["trans_num"] = rows[2]["trans_num"]
    rows[6]["category"] = CARDS[1]
    rows[7]["trans_date_trans_time"] = "2019-02-30 00:00:00"
    rows[8]["is_fraud"] = "maybe"
    rows[9]["merch_lat"] = "99"
    return rows


def test_they_stop_it_and_leave_nothing(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data.csv", spoilt())
    with pytest.raises(BadRowsError) as refused:
        Made(data, "sparkov", tmp_path / "r")
    said = str(refused.value)
    assert "7 of 60 rows cannot be used" in said
    for part in ("row 5: 'ten'", "row 6: <19 characters>", "row 8: '<16 digits>'", "row 11: '99'"):
        assert part in said
    assert [each.name for each in tmp_path.iterdir()] == ["data.csv"]


def test_they_are_skipped_and_counted(tmp_path: Path) -> None:
    data = write_csv(tmp_path / "data.csv", spoilt())
    with data.open("a") as stream:
        stream.write("1,2,3\n")
    made = Made(data, "sparkov", tmp_path / "r", bad_rows="skip")
    facts = made.manifest.recorded
    assert facts is not None
    assert (facts.rows, facts.bad_rows, len(facts.bad)) == (61, 8, 8)
    assert facts.history_rows + made.manifest.counts["swipes"] == 53
    assert any("row 62: 3 cells instead of 23" in line for line in facts.bad)


@pytest.mark.parametrize(
    ("cell", "refused"), [('"oops', True), ('5" screen', False), ('"a"', False)]
)
def test_a_quote_that_is_never_closed_swallows_no_rows(
    tmp_path: Path, cell: str, refused: bool
) -> None:
    rows = [row("2026-01-05T09:00:00Z", amount=f"{n}") for n in range(1, 6)]
    data = write_csv(tmp_path / "mine.csv", rows)
    header, *lines = data.read_text().splitlines()
    noted = [f"{line},{cell if at == 1 else ''}" for at, line in enumerate(lines)]
    data.write_text("\n".join([f"{header},note", *noted]) + "\n")
    (tmp_path / "mine.toml").write_text(MAPPING.format(time=""))
    if refused:
        with pytest.raises(ReplayError, match=r"line 3: a quotation mark is opened and not closed"):
            Made(data, str(tmp_path / "mine.toml"), tmp_path / "r")
        assert not (tmp_path / "r").exists()
    else:
        made = Made(data, str(tmp_path / "mine.toml"), tmp_path / "r")
        assert made.manifest.recorded is not None
        assert made.manifest.recorded.rows == 5


def test_rows_keep_their_numbers_behind_one_with_missing_cells(tmp_path: Path) -> None:
    rows = [row("2026-01-05T09:00:00Z", amount=f"{n}") for n in range(1, 6)]
    data = write_csv(tmp_path / "mine.csv", rows)
    lines = data.read_text().splitlines()
    data.write_text("\n".join([*lines[:3], "ragged", *lines[3:5], "x" + lines[5]]) + "\n")
    (tmp_path / "mine.toml").write_text(MAPPING.format(time=""))
    with pytest.raises(BadRowsError) as refused:
        Made(data, str(tmp_path / "mine.toml"), tmp_path / "r")
    assert "row 4: 1 cells instead of 4" in str(refused.value)
    assert "row 7: 'x2026-01-05T09:00:00Z'" in str(refused.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    rows = [
        {("transnum" if k == "trans_num" else k): v for k, v in each.items()} for each in sparkov()
    ]
    with pytest.raises(SettingsError, match="no column 'trans_num'; did you mean 'transnum'"):
        Made(write_csv(tmp_path / "data.csv", rows), "sparkov", tmp_path / "r")


def test_cards_as_floating_point_are_refused(tmp_path: Path) -> None:
    rows = [{**each, "cc_num": float(each["cc_num"])} for each in sparkov()]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "data.parquet")
    with pytest.raises(ReplayError, match="lose digits"):
        Made(tmp_path / "data.parquet", "sparkov", tmp_path / "r")


# Card numbers


def test_no_card_number_reaches_a_file_or_a_message(tmp_path: Path) -> None:
    rows = spoilt()
    made = Made(write_csv(tmp_path / "data.csv", rows), "sparkov", tmp_path / "r", bad_rows="skip")
    texts = [(made.folder / "manifest.json").read_text()]
    texts += [str(made.rows(t)) for t in ("records", "swipes", "labels", "incidents", "profiles")]
    texts += [str(made.rows("merchants"))]
    raw = b"".join(file.read_bytes() for file in made.folder.iterdir())
    for card in CARDS:
        assert not any(card in text for text in texts)
        assert card.encode() not in raw
    with pytest.raises(BadRowsError) as refused:
        Made(tmp_path / "data.csv", "sparkov", tmp_path / "again")
    assert not any(card in str(refused.value) for card in CARDS)
    assert "3456-78x9" not in str(refused.value)


@pytest.mark.parametrize("separator", ["", " ", "-", ".", "_", "\u00a0"])
def test_a_file_without_a_header_shows_no_card_number(tmp_path: Path, separator: str) -> None:
    card = separator.join(CARDS[0][at : at + 4] for at in range(0, 16, 4))
    (tmp_path / "mine.csv").write_text(f"2026-01-05,{card},1.00,no\n2026-01-06,{card},2.00,no\n")
    (tmp_path / "mine.toml").write_text(MAPPING.format(time=""))
    with pytest.raises(SettingsError) as refused:
        Made(tmp_path / "mine.csv", str(tmp_path / "mine.toml"), tmp_path / "r")
    assert card not in str(refused.value)
    assert CARDS[0][:12] not in str(refused.value)
    assert "does the file have a header?" in str(refused.value)


def test_a_card_is_the_same_however_its_number_is_written(tmp_path: Path) -> None:
    card = CARDS[0]
    spaced = " ".join(card[at : at + 4] for at in range(0, 16, 4))
    when = "2026-01-05T09:00:00Z"
    swipes = mine(tmp_path, [row(when, card), row(when, spaced)]).swipes()
    assert len({swipe.card_token for swipe in swipes}) == 1


def test_another_key_gives_other_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("2026-01-05T09:00:00Z")]
    (one,) = mine(tmp_path, rows).swipes()
    monkeypatch.setenv("PAYSTREAM_TOKEN_KEY", "another")
    (two,) = Made(tmp_path / "mine.csv", str(tmp_path / "mine.toml"), tmp_path / "two").swipes()
    assert one.card_token != two.card_token


def test_real_card_numbers_need_a_key_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAYSTREAM_TOKEN_KEY", raising=False)
    data = write_csv(tmp_path / "mine.csv", [row("2026-01-05T09:00:00Z")])
    mapping = tmp_path / "mine.toml"
    mapping.write_text(MAPPING.format(time="").replace("synthetic = true", ""))
    with pytest.raises(SettingsError, match="set PAYSTREAM_TOKEN_KEY"):
        Made(data, str(mapping), tmp_path / "r")
    monkeypatch.setenv("PAYSTREAM_TOKEN_KEY", "sixteen bytes..!")
    assert len(Made(data, str(mapping), tmp_path / "r").swipes()) == 1


@pytest.mark.parametrize("key", ["x", "fifteen bytes..", SIMULATION_KEY])
def test_real_card_numbers_need_a_key_that_nobody_can_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("PAYSTREAM_TOKEN_KEY", key)
    data = write_csv(tmp_path / "mine.csv", [row("2026-01-05T09:00:00Z")])
    mapping = tmp_path / "mine.toml"
    mapping.write_text(MAPPING.format(time="").replace("synthetic = true", ""))
    with pytest.raises(SettingsError, match="PAYSTREAM_TOKEN_KEY") as refused:
        Made(data, str(mapping), tmp_path / "r")
    assert key == "x" or key not in str(refused.value)


# Incidents


def test_a_case_ends_a_day_after_its_first_swipe(tmp_path: Path) -> None:
    start = datetime(2026, 1, 5, 9)
    hours = [0, 23.9, 24.0, 30]
    rows = [row(f"{start + timedelta(hours=h)}Z", fraud="yes") for h in hours]
    rows.append(row(f"{start}Z", CARDS[1], fraud="yes"))
    counts = sorted(each["swipe_count"] for each in mine(tmp_path, rows).rows("incidents"))
    assert counts == [1, 2, 2]


def test_a_column_of_incidents_is_believed(tmp_path: Path) -> None:
    rows = [{**row("2026-01-05T09:00:00Z", card, fraud="yes"), "attack": "A"} for card in CARDS[:2]]
    rows.append({**row("2026-01-05T09:00:00Z"), "attack": "B"})
    mapping = tmp_path / "mine.toml"
    mapping.write_text(MAPPING.format(time="") + '[incident]\ncolumn = "attack"\n')
    made = Made(write_csv(tmp_path / "mine.csv", rows), str(mapping), tmp_path / "r")
    (incident,) = made.rows("incidents")
    assert (incident["incident_id"], incident["swipe_count"]) == ("mine-A", 2)
