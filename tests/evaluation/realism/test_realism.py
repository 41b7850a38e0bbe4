"""Each check finds what is planted, and says nothing of what is fair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.realism.base import Measure, check_classes
from evaluation.realism.checks.burstiness import burstiness
from evaluation.realism.checks.popularity import zipf_exponent
from evaluation.realism.checks.separability import best_field
from evaluation.realism.probe import characters, probe, swipe_features
from evaluation.realism.results import all_checks, run_check, summed_up
from evaluation.realism.sample import Sample, make_sample

RNG_SEED = 9


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Small: the figures are rough, the machinery is whole."""
    return make_sample(seed=1, swipes=60_000, incidents=6, key=b"test")


@pytest.mark.parametrize("name", check_classes())
def test_every_check_says_what_it_asks_and_where_its_bounds_are_from(name: str) -> None:
    kind = check_classes()[name]
    assert kind.name == kind.__module__.rpartition(".")[2]
    assert kind.question.endswith("?")
    assert kind.source
    assert kind.tolerance


@pytest.mark.parametrize(
    "name",
    [
        # Twelve million swipes are planned for it.
        pytest.param(name, marks=pytest.mark.slow) if name == "prevalence" else name
        for name in check_classes()
        if name != "fingerprints"
    ],
)
def test_every_check_measures_a_sample(name: str, sample: Sample) -> None:
    measures = check_classes()[name]().measure(sample)
    assert measures
    assert len({measure.name for measure in measures}) == len(measures)
    assert any(measure.value is not None for measure in measures)


def test_a_poisson_process_has_no_bursts_and_a_clock_has_fewer() -> None:
    rng = np.random.default_rng(RNG_SEED)
    poisson = np.mean([burstiness(rng.exponential(1.0, 30)) for _ in range(2_000)])
    assert poisson == pytest.approx(0.0, abs=0.02)
    heavy = np.mean([burstiness(rng.lognormal(0.0, 1.6, 30)) for _ in range(2_000)])
    assert heavy > 0.3


@pytest.mark.parametrize("exponent", [0.6, 0.8, 1.0])
def test_the_exponent_of_a_zipf_law_is_found(exponent: float) -> None:
    ranks = np.arange(1, 3_001)
    expected = 5e5 * ranks**-exponent / (ranks**-exponent).sum()
    counts = np.sort(np.random.default_rng(RNG_SEED).poisson(expected))[::-1].astype(np.float64)
    assert zipf_exponent(counts) == pytest.approx(exponent, abs=0.05)


def frame(count: int, prefix: str, millisecond: int | None, seed: int) -> pd.DataFrame:
    """Swipes as the generator makes them, but for a device prefix and a millisecond."""
    rng = np.random.default_rng(seed)
    hexes = ["".join(rng.choice(list("0123456789abcdef"), 16)) for _ in range(count * 3)]
    times = rng.integers(1_700_000_000_000, 1_702_000_000_000, count)
    if millisecond is not None:
        times = times - times % 1_000 + millisecond
    return pd.DataFrame(
        {
            "swipe_id": hexes[:count],
            "card_token": [one * 2 for one in hexes[count : 2 * count]],
            "device_id": [prefix + one[len(prefix) :] for one in hexes[2 * count :]],
            "event_time_ms": times,
            "amount_minor": rng.integers(100, 100_000, count),
            "ip_country": ["DE"] * count,
            "latitude": [None] * count,
            "longitude": [None] * count,
            "payload": [b'{"a":1,"b":"x"}'] * count,
        }
    )


def auc(prefix: str = "", millisecond: int | None = None) -> float:
    marked, others = frame(300, prefix, millisecond, 1), frame(900, "", None, 2)
    return probe(swipe_features(marked), swipe_features(others)).auc


def test_a_fair_generator_leaves_no_fingerprint() -> None:
    assert auc() < 0.6


def test_devices_of_attackers_with_a_prefix_of_their_own_are_found() -> None:
    assert auc(prefix="ff") > 0.9


def test_attacks_on_the_full_second_are_found() -> None:
    assert auc(millisecond=0) > 0.9


def test_characters_tell_forms_apart() -> None:
    forms = characters(pd.Series(["00ff", "00FF", None]))
    assert not np.array_equal(forms[0], forms[1])
    assert np.isnan(forms[2]).all()


def test_a_field_that_gives_an_attack_away_is_named(sample: Sample) -> None:
    rows = sample.staged
    ordinary = rows[rows["role"] == "ordinary"]
    planted = ordinary.head(50).assign(response_code="14")
    field, precision = best_field(planted, ordinary.iloc[50:5_000])
    assert "response_code" in field
    assert precision > 0.5


def test_one_figure_out_of_its_bounds_fails_the_whole() -> None:
    good = Measure(name="good", value=0.5, unit="1", low=0.4, high=0.6)
    bad = Measure(name="bad", value=0.7, unit="1", low=0.4, high=0.6)
    unknown = Measure(name="unknown", value=None, unit="1", high=0.6)
    assert (good.verdict, bad.verdict, unknown.verdict) == ("pass", "fail", "inconclusive")


def test_results_are_summed_up_with_their_verdict(sample: Sample) -> None:
    checks = [check for check in all_checks() if check.name in ("amounts", "channels")]
    found = summed_up([run_check(check, sample) for check in checks], {"seed": 1})
    assert found.exit_code in (0, 1, 3)
    assert {result.check for result in found.checks} == {"amounts", "channels"}
