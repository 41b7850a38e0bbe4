"""Do identifiers or formatting give an attack away?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pandas as pd

from evaluation.realism.base import Check, Measure
from evaluation.realism.matching import alike, distinct, matching_weights, only_matched
from evaluation.realism.probe import Probed, merchant_features, probe, swipe_features
from evaluation.realism.sample import Sample

HIGH: Final = 0.60
#: Swipes of different cards and devices, or different merchants, at least. At 100 the AUC of a fair
#: coin has a standard deviation of 0.03.
MIN_MARKED: Final = 60
MIN_MERCHANTS: Final = 60
#: Marked swipes or merchants, at most.
MOST: Final = 500
_SWIPES_BY: Final = ("entry_mode", "mcc", "message_type")
_MERCHANTS_BY: Final = ("mcc", "country", "has_place")


class Fingerprints(Check):
    """ROC AUC of gradient boosting on identifiers and formatting, for each scenario and over all.

    Swipes are compared with ordinary ones of the same entry mode, category and message type,
    each card and device once; merchants with those of the same category, country and channel. A
    look-alike that can be told from ordinary swipes by formatting is as bad: it tells what is
    planned.
    """

    name = "fingerprints"
    question = "Do identifiers or formatting give an attack away?"
    source = "a choice: 0.5 is a coin, 1 is certain"
    tolerance = (
        "ROC AUC of at most 0.6, five folds, no card or device in two of them: a choice, three "
        "standard deviations of a coin over 100 swipes"
    )

    def measure(self, sample: Sample) -> list[Measure]:
        """Two figures for each scenario, and two over all attacks."""
        rows = sample.staged
        ordinary = rows[rows["role"] == "ordinary"]
        marked = rows[rows["role"] != "ordinary"]
        measures: list[Measure] = []
        for scenario, own in marked.groupby("scenario"):
            measures += _of_group(str(scenario), own, ordinary)
        attacks = marked[marked["role"] == "attack"]
        return measures + list(_of_group("all_attacks", attacks, ordinary))


def _of_group(name: str, marked: pd.DataFrame, ordinary: pd.DataFrame) -> Iterator[Measure]:
    probed = swipe_fingerprint(marked, ordinary)
    yield _measure(f"{name}_swipes", probed, MIN_MARKED, HIGH)
    probed = merchant_fingerprint(marked, ordinary)
    # What happens at a few merchants only cannot be asked this way, nor hide there: no verdict.
    high = None if probed is None else HIGH
    yield _measure(f"{name}_merchants", probed, MIN_MERCHANTS, high)


def _measure(name: str, probed: Probed | None, least: int, high: float | None) -> Measure:
    if probed is None:
        note = f"fewer than {least} different ones on one side"
        return Measure(name=name, value=None, unit="ROC AUC", high=high, note=note)
    note = f"{probed.marked:,} against {probed.others:,}"
    return Measure(name=name, value=probed.auc, unit="ROC AUC", high=high, note=note)


def swipe_fingerprint(marked: pd.DataFrame, ordinary: pd.DataFrame) -> Probed | None:
    """Probe swipes; None where there are too few for the folds."""
    ids = ("card_token", "device_id")
    marked = distinct(only_matched(marked, ordinary, _SWIPES_BY), ids)[:MOST]
    ordinary = ordinary[~ordinary["card_token"].isin(marked["card_token"])]
    others = distinct(alike(ordinary, marked, _SWIPES_BY), ids)
    marked = only_matched(marked, others, _SWIPES_BY)
    if min(len(marked), len(others)) < MIN_MARKED:
        return None
    weights = matching_weights(others, marked, _SWIPES_BY)
    return probe(swipe_features(marked), swipe_features(others), weights)


def merchant_fingerprint(marked: pd.DataFrame, ordinary: pd.DataFrame) -> Probed | None:
    """Probe merchants; None where there are too few for the folds.

    The others are merchants that have no marked swipe: fewer people go there, but no id tells that.
    """
    ids = ("merchant_id",)
    ordinary = ordinary[~ordinary["merchant_id"].isin(marked["merchant_id"])]
    marked = distinct(only_matched(marked, ordinary, _MERCHANTS_BY), ids)[:MOST]
    others = distinct(alike(distinct(ordinary, ids), marked, _MERCHANTS_BY), ids)
    marked = only_matched(marked, others, _MERCHANTS_BY)
    if min(len(marked), len(others)) < MIN_MERCHANTS:
        return None
    weights = matching_weights(others, marked, _MERCHANTS_BY)
    return probe(merchant_features(marked), merchant_features(others), weights)
