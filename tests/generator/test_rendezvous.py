"""Do senders that run apart take an order once, and only one that fits them?"""

from __future__ import annotations

import pytest

from generator import rendezvous
from generator.rendezvous import (
    PROBLEM_FILE,
    SharedOrder,
    machine_id,
    place_order,
    shard_folder,
    take_order,
    withdraw_order,
)
from generator.send_crew import SendFailed


def order(run_id="run-1", shards=2, machine=None):
    return SharedOrder(
        run_id=run_id,
        replay="/replays/r",
        shards=shards,
        clock_gap_ms=60_000,
        machine=machine_id() if machine is None else machine,
    )


def test_each_place_of_an_order_is_taken_once(tmp_path):
    place_order(tmp_path, order())
    assert take_order(tmp_path, 0, 2, 0.0) == take_order(tmp_path, 1, 2, 0.0) == order()
    with pytest.raises(SendFailed, match=r"no run asked for shard 0 within 0 s"):
        take_order(tmp_path, 0, 2, 0.0)


def test_an_order_of_a_run_that_is_over_is_passed_by(tmp_path):
    place_order(tmp_path, order())
    (tmp_path / "run-1").rmdir()
    with pytest.raises(SendFailed, match="no run asked"):
        take_order(tmp_path, 0, 2, 0.0)
    withdraw_order(tmp_path)
    place_order(tmp_path, order("run-2"))
    assert take_order(tmp_path, 0, 2, 0.0).run_id == "run-2"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (order(shards=3), "shard 1 is one of 2, but the run asks for 3"),
        (order(machine="another"), "shard 1 runs on another machine"),
    ],
)
def test_what_does_not_fit_is_refused_on_both_sides(tmp_path, asked, said):
    place_order(tmp_path, asked)
    with pytest.raises(SendFailed, match=said):
        take_order(tmp_path, 1, 2, 0.0)
    assert said in (shard_folder(tmp_path, asked.run_id, 1) / PROBLEM_FILE).read_text()


def test_the_machine_is_the_same_each_time_it_is_asked():
    assert machine_id() == machine_id() != ""


def test_a_machine_that_cannot_be_told_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setattr(rendezvous, "_BOOT_ID", tmp_path / "absent")
    assert machine_id() == ""
