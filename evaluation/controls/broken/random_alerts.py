"""Does a detector that alerts at random, as often as the job, pass for one that detects?"""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from evaluation.controls.base import CannotTry, Tampering
from evaluation.controls.material import Material
from evaluation.controls.tampering import SEED, judged_rows, with_records
from evaluation.history import History
from job.contracts import Alert


class RandomAlerts(Tampering):
    """Each alert is moved to a swipe drawn at random; their number stays."""

    name = "random_alerts"
    broken = "as many alerts as before, on swipes drawn at random"
    judge = "detection"
    figure = "incident_recall"
    expected = "fail"

    def tamper(self, material: Material) -> History:
        """Let every alert be about another swipe."""
        history = material.history
        rows = judged_rows(history)
        alerts, decisions = history.outputs.get("alerts"), history.outputs["decisions"]
        if alerts is None or not len(alerts):
            raise CannotTry("the job raised no alert")
        if len(rows) < len(alerts):
            raise CannotTry("there are more alerts than swipes to draw from")
        drawn = np.random.default_rng(SEED).choice(rows, size=len(alerts), replace=False)
        values: list[bytes | None] = []
        for alert, row in zip(alerts.records, drawn.tolist(), strict=True):
            swipe = decisions.records[row]
            findings = [] if alert is None else alert.findings
            moved = Alert(
                v=1,
                alert_id=f"card:{swipe.swipe_id}",
                entity_type="card",
                entity_id=swipe.card_token,
                swipe_id=swipe.swipe_id,
                event_time_ms=swipe.event_time_ms,
                score=0.0 if alert is None else alert.score,
                action="review",
                findings=findings,
            )
            values.append(msgspec.json.encode(moved))
        return with_records(history, replace(alerts, values=values))
