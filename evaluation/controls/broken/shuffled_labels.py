"""Does detection fall to chance when the labels are shuffled?"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from evaluation.controls.base import CannotTry, Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import SEED
from evaluation.history import History

#: What the truth says of a swipe; the rest of a label is the swipe's own.
TRUTH: Final = ("is_fraud", "scenario", "role", "incident_id", "difficulty")


class ShuffledLabels(Tampering):
    """The truth is dealt out anew: other swipes, of other cards, are the fraudulent ones."""

    name = "shuffled_labels"
    broken = "the labels are shuffled over the swipes"
    judge = "detection"
    figure = "incident_recall"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Shuffle the truth, and let each incident be about the cards that it now has."""
        history = material.history
        labels, incidents = history.labels, history.incidents
        if labels is None or incidents is None:
            raise CannotTry("there are no labels")
        dealt = pa.array(np.random.default_rng(SEED).permutation(len(labels)))
        for name in TRUTH:
            at = labels.schema.get_field_index(name)
            labels = labels.set_column(at, labels.field(at), labels.column(name).take(dealt))
        return replace(history, labels=labels, incidents=_told_by(labels, incidents))


def _told_by(labels: pa.Table, incidents: pa.Table) -> pa.Table:
    """The incidents as the marked swipes tell them: card, first and last event time."""
    names = ("incident_id", "card_token", "event_time_ms")
    swipes: dict[str, list[tuple[str, int]]] = {}
    columns = [labels.column(name).to_pylist() for name in names]
    for incident, card, time_ms in zip(*columns, strict=True):
        if incident is not None:
            swipes.setdefault(incident, []).append((card, time_ms))
    rows = []
    for row in incidents.to_pylist():
        own = swipes.get(row["incident_id"], [])
        if not own:
            continue
        times = [time_ms for _, time_ms in own]
        told = {"first_event_time_ms": min(times), "last_event_time_ms": max(times)}
        rows.append(row | told | {"entity_type": "card", "entity_id": own[0][0]})
    return pa.Table.from_pylist(rows, schema=incidents.schema)
