"""Which faults come, and when."""

import itertools

import pytest

from generator.recorded.settings import RecordedSettings
from generator.settings import SettingsError
from stack.process import StackError
from stack.settings import StackSettings
from workbench.chaos import ALL, COMMIT_FAULT, COMMIT_TIMES, CONTROL_FAULT, trials
from workbench.fault_plan import (
    FIRST_SHARE,
    FLOODS,
    LAST_SHARE,
    RANDOM,
    RANDOM_COUNT,
    drawn_from,
    fault_names,
    known_faults,
    moments,
)
from workbench.floods import flooded
from workbench.plan import RunPlan

SETTINGS = StackSettings()


def test_one_fault_comes_in_the_middle():
    assert moments("taskmanager_kill", 1, SETTINGS) == (("taskmanager_kill", 0.5),)


def test_several_are_spread_over_the_sending():
    found = moments("kafka_pause,taskmanager_kill,kafka_kill", 1, SETTINGS)
    assert [each.fault for each in found] == ["kafka_pause", "taskmanager_kill", "kafka_kill"]
    assert [each.at_share for each in found] == pytest.approx([FIRST_SHARE, 0.5, LAST_SHARE])


def test_a_random_sequence_is_a_function_of_its_seed():
    drawn = [moments(RANDOM, seed, SETTINGS) for seed in range(20)]
    assert drawn == [moments(RANDOM, seed, SETTINGS) for seed in range(20)]
    assert len(set(drawn)) > 15
    for sequence in drawn:
        shares = [each.at_share for each in sequence]
        assert shares == sorted(shares)
        gaps = [(later - earlier) * RANDOM_COUNT for earlier, later in itertools.pairwise(shares)]
        assert min(gaps) >= 0.4 - 1e-9, "the fault before it must be undone in that time"
        assert 0.1 / RANDOM_COUNT <= shares[0] <= shares[-1] <= 1 - 0.3 / RANDOM_COUNT


@pytest.mark.parametrize("count", [1, 2, 7, 60])
@pytest.mark.parametrize("seed", range(5))
def test_a_soak_has_calm_between_its_faults(count, seed):
    found = moments(RANDOM, seed, SETTINGS, count)
    assert len(found) == count
    assert found == moments(RANDOM, seed, SETTINGS, count)
    shares = [0.0, *(each.at_share for each in found), 1.0]
    gaps = [(later - earlier) * count for earlier, later in itertools.pairwise(shares)]
    assert min(gaps) >= 0.25 - 1e-9
    assert min(gaps[1:-1], default=0.5) >= 0.5 - 1e-9


def test_a_soak_has_every_kind_before_any_comes_again():
    everything = StackSettings(high_availability=True, object_store=True)
    for settings in (SETTINGS, everything):
        kinds = drawn_from(settings)
        names = [each.fault for each in moments(RANDOM, 3, settings, 2 * len(kinds))]
        assert sorted(names[: len(kinds)]) == list(kinds) == sorted(names[len(kinds) :])
    assert {"jobmanager_kill", "zookeeper_kill", "s3_outage"} <= set(kinds)


def test_another_seed_is_another_soak():
    assert len({moments(RANDOM, seed, SETTINGS, 10) for seed in range(20)}) == 20


def test_a_flood_breaks_nothing():
    assert moments("poison_burst", 1, SETTINGS) == ()


@pytest.mark.parametrize("text", ["flood", "taskmanager_kill,nonsense", ""])
def test_an_unknown_fault_lists_the_valid_ones(text):
    with pytest.raises(StackError, match=r"unknown fault .*; known are: .*poison_burst.*random"):
        fault_names(text)


@pytest.mark.parametrize("text", ["random,kafka_kill", "kafka_kill,poison_burst"])
def test_what_stands_alone_is_not_joined(text):
    with pytest.raises(StackError, match="give it alone"):
        fault_names(text)


def test_all_has_each_fault_the_one_aimed_at_the_commit_more_often_and_the_negative_control():
    wanted = trials(ALL, 7, 1, SETTINGS)
    fitting = [each.fault for each in wanted if each.guarantee == "exactly-once"]
    assert fitting.count(COMMIT_FAULT) == COMMIT_TIMES
    assert len(fitting) == len(set(fitting)) + COMMIT_TIMES - 1
    assert set(fitting) <= set(known_faults())
    assert {*FLOODS, RANDOM, CONTROL_FAULT} <= set(fitting)
    assert [each for each in wanted if each.guarantee != "exactly-once"] == [
        (CONTROL_FAULT, None, "at-least-once")
    ]


def test_of_all_nothing_comes_after_the_upgrade_which_leaves_no_taskmanager_warm():
    everything = StackSettings(high_availability=True, object_store=True, taskmanagers=2)
    for settings in (SETTINGS, everything):
        wanted = trials(ALL, 7, 1, settings)
        assert [each.upgrades for each in wanted] == [*[False] * (len(wanted) - 1), True]


def test_repeated_random_ones_take_the_next_seeds():
    assert [each.seed for each in trials(RANDOM, 5, 3, SETTINGS)] == [5, 6, 7]
    assert [each.seed for each in trials("kafka_kill", 5, 2, SETTINGS)] == [None, None]


def test_faults_with_a_plus_get_a_run_each():
    larger = SETTINGS.model_copy(update={"taskmanagers": 2})
    wanted = trials("kafka_kill+kafka_pause,rescale+random", 3, 2, larger)
    assert [(each.fault, each.seed) for each in wanted] == [
        ("kafka_kill", None),
        ("kafka_pause,rescale", None),
        ("random", 3),
        ("kafka_kill", None),
        ("kafka_pause,rescale", None),
        ("random", 4),
    ]


@pytest.mark.parametrize("fault", FLOODS)
def test_a_flood_is_in_the_replay(fault):
    plan = flooded(RunPlan(fault=fault))
    assert plan.replay.disturbances.burst == FLOODS[fault]


def test_other_faults_leave_the_replay_alone():
    plan = RunPlan(fault="taskmanager_kill")
    assert flooded(plan) is plan
    assert flooded(RunPlan()) == RunPlan()


def test_nothing_is_added_to_recorded_data():
    plan = RunPlan(fault="poison_burst").model_copy(
        update={"replay": RecordedSettings.model_construct()}
    )
    with pytest.raises(SettingsError, match="needs a generated replay"):
        flooded(plan)
