"""The board from the command line, and how a person reads it."""

from __future__ import annotations

import io

import pyarrow.parquet as pq
import pytest
from rich.console import Console

from evaluation.board import print_board, read_board
from evaluation.board.__main__ import main
from evaluation.board.board import make_board
from tests.evaluation.board.conftest import TIMELINE, write_shard


@pytest.fixture
def shard(tmp_path):
    return write_shard(tmp_path / "shard", TIMELINE)


def run(shard, out, *more):
    return main(["--shards", str(shard), "--scores-hash", "h", "--out", str(out), *more])


def test_it_writes_the_board_and_ends_well_even_if_inconclusive(shard, tmp_path):
    assert run(shard, tmp_path / "out") == 0
    assert read_board(tmp_path / "out").exit_code == 3


def test_print_ends_with_the_boards_exit_code(shard, tmp_path, capsys):
    assert run(shard, tmp_path / "out", "--print") == 3
    assert capsys.readouterr().out.startswith("INCONCLUSIVE")


def test_missing_scores_are_told_in_one_line(shard, tmp_path, capsys):
    (shard / "scores-h.parquet").unlink()
    assert run(shard, tmp_path / "out") == 2
    error = capsys.readouterr().err
    assert "scores-h.parquet is not there" in error
    assert error.count("\n") == 1


def test_rows_that_do_not_match_are_told(shard, tmp_path, capsys):
    labels = pq.read_table(shard / "labels.parquet")
    pq.write_table(labels.slice(1), shard / "labels.parquet")
    assert run(shard, tmp_path / "out") == 2
    assert "11 swipes, 10 labels, 11 scores" in capsys.readouterr().err


def test_rule_errors_make_it_inconclusive(shard, tmp_path):
    file = shard / "scores-h.parquet"
    table = pq.read_table(file)
    told = {**table.schema.metadata, b"rule_errors": b"2"}
    pq.write_table(table.replace_schema_metadata(told), file)
    run(shard, tmp_path / "out")
    assert "rules raised 2 times" in read_board(tmp_path / "out").verdict.reason


def test_without_a_terminal_it_is_plain_and_fits_100_columns(sample):
    out = io.StringIO()
    print_board(make_board(sample)[0], Console(file=out, highlight=False, width=100))
    text = out.getvalue()
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 100
    order = ["attacks caught", "At a named prevalence", "Attacks: share", "Which rule", "Rules:"]
    order += ["Held against", "Flags", "Notes"]
    places = [text.index(heading) for heading in order]
    assert places == sorted(places)
