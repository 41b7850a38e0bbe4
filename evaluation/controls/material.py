"""What do the controls break?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec

from evaluation.board.sample import Sample as ExamSample
from evaluation.evaluate import Evaluation, judge_history
from evaluation.history import Expected, History
from evaluation.realism.sample import Sample as Traffic
from evaluation.thresholds import Thresholds

#: Share of the attacks that a detector must find. A choice: the job finds nearly all of the
#: scenario that is replayed, chance as many as it alerts on.
RECALL_MIN: Final = 0.5


@dataclass(frozen=True)
class WithoutRule:
    """What the engine writes over the same swipes with one rule switched off."""

    rule: str
    outputs: Expected


@dataclass(frozen=True)
class Material:
    """A history and what else the controls break; what is None cannot be tried.

    Attributes
    ----------
    history
        Recorded in a real run, or put together from real parts (`evaluation.controls.healthy`).
    thresholds
        What it is held against.
    without_rule
        The engine's outputs without the rule that fires most.
    exam
        The same swipes as a board reads them.
    traffic
        A small sample of generated traffic with attacks.
    """

    history: History
    thresholds: Thresholds
    without_rule: WithoutRule | None = None
    exam: ExamSample | None = None
    traffic: Traffic | None = None

    @cached_property
    def baseline(self) -> Evaluation:
        """What the judges say of the history before anything is broken."""
        return judge_history(self.history, self.thresholds).results


def with_detection_target(thresholds: Thresholds) -> Thresholds:
    """The same thresholds, and a target for the detection, so that it decides."""
    detection = msgspec.structs.replace(thresholds.detection, incident_recall_min=RECALL_MIN)
    return msgspec.structs.replace(thresholds, detection=detection)
