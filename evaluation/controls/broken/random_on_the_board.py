"""Does the board show a detector that alerts at random to be no better than chance?"""

from __future__ import annotations

from typing import Final

import numpy as np

from evaluation.board.sample import Sample
from evaluation.board.systems import JOB, RANDOM, System, baselines, job_system
from evaluation.controls.base import CannotTry, Control, Sighting
from evaluation.controls.material import Material
from evaluation.intervals import wilson

_CHANCE: Final = "chance is {chance:.4f}, the share of fraud among all swipes"


class RandomOnTheBoard(Control):
    """The job is replaced by the board's own ``random``, which flags as many swipes.

    Its precision must be that of chance: the share of fraud lies within the interval of the
    precision. The board gives no verdict on that, so it is stated here: fail is what is not surely
    better than chance.
    """

    name = "random_on_the_board"
    broken = f"the job is replaced by the board's {RANDOM}"
    judge = "board"
    figure = "swipe_precision"
    expected = "fail"

    def unbroken(self, material: Material) -> Sighting:
        """The precision of the job."""
        return _precision(material, JOB)

    def sighted(self, material: Material) -> Sighting:
        """The precision of chance."""
        return _precision(material, RANDOM)


def _precision(material: Material, name: str) -> Sighting:
    sample = material.exam
    if sample is None:
        raise CannotTry("the swipes could not be read as an exam")
    rows = _system(sample, name).rows
    if not len(rows):
        raise CannotTry("the job flagged nothing")
    hits = int(np.count_nonzero(sample.fraud[rows]))
    chance = float(np.count_nonzero(sample.fraud & sample.scored) / sample.scored.sum())
    low, high = wilson(hits, len(rows))
    reason = f"95% interval {low:.4f} to {high:.4f}; {_CHANCE.format(chance=chance)}"
    return Sighting(hits / len(rows), "1", "pass" if low > chance else "fail", reason)


def _system(sample: Sample, name: str) -> System:
    job = job_system(sample)
    systems = {JOB: job} | {system.name: system for system in baselines(sample, job)}
    return systems[name]
