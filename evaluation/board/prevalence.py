"""What would precision be in life, where fraud is rarer than in an exam?

An exam has as many incidents of each attack and difficulty as it needs. Every swipe is weighted so
that attacks come in the shares of a mix, look-alikes in their number for each attack, and fraud as
a whole at a named prevalence:

- an incident of attack *a* at difficulty *d*: ``u = share(a) / (difficulties(a) * N(a, d))``, so
  that all attacks sum to 1. The shares are those of the mix among the attacks that are in the
  sample; that difficulties are equally frequent is a choice;
- an incident of look-alike *b*: ``u = per_attack(b) / (difficulties(b) * N(b, d))``;
- a swipe that comes and goes with an incident (:mod:`evaluation.board.concern`): ``c * u``; every
  other one: 1;
- ``c``, attacks in life for the ordinary swipes of the sample, solves
  ``prevalence = c F / (c F + c G + O)``: ``c = prevalence O / ((1 - prevalence) F - prevalence G)``
  with F the sum of u over fraudulent swipes, G over genuine ones that come with incidents, and O
  the number of ordinary swipes.

Precision is then the weighted fraudulent share of the flagged swipes, and the alert rate the
weighted share flagged.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from evaluation.board.sample import NONE, Sample
from generator.mixing import F64, I64
from scenarios.mixes import Mix


@dataclass(frozen=True)
class Weights:
    """What a swipe and an incident of the sample stand for at a prevalence.

    ``of_swipes`` is 0 outside the scored span. ``missing`` are scenarios of the sample that the
    mix does not have: they weigh nothing.
    """

    prevalence: float
    of_swipes: F64
    of_incidents: F64
    missing: tuple[str, ...]


def weights_at(
    sample: Sample, owner: I64, prevalence: float, mix: Mix, difficulties_as: str = "equal"
) -> Weights | None:
    """Weights that bring a sample to a prevalence.

    Parameters
    ----------
    owner
        From :func:`evaluation.board.concern.concerned`.
    prevalence
        Fraudulent share of all swipes, by number.
    mix
        Shares of the scenarios.
    difficulties_as
        ``equal``, or ``sample`` to keep the shares that difficulties have in the sample.

    Returns
    -------
    Weights or None
        None where no weights can: no fraud of the mix, nothing ordinary, or more look-alike swipes
        for each fraudulent one than the prevalence allows.
    """
    unit, missing = unit_weights(sample, mix, difficulties_as)
    owned = owner != NONE
    per_swipe = np.where(owned, unit[np.maximum(owner, 0)] if len(unit) else 0.0, 0.0)
    fraud = float(per_swipe[sample.fraud & sample.scored].sum())
    genuine = float(per_swipe[~sample.fraud & sample.scored].sum())
    ordinary = int(np.count_nonzero(~owned & sample.scored))
    room = (1 - prevalence) * fraud - prevalence * genuine
    if room <= 0 or not ordinary:
        return None
    scale = prevalence * ordinary / room
    of_swipes = np.where(sample.scored, np.where(owned, scale * per_swipe, 1.0), 0.0)
    return Weights(prevalence, of_swipes, scale * unit, missing)


def unit_weights(
    sample: Sample, mix: Mix, difficulties_as: str = "equal"
) -> tuple[F64, tuple[str, ...]]:
    """Weight u of each incident, and the scenarios that the mix does not have."""
    scenarios, roles, difficulties, scored = (
        sample.incidents.column(name).to_pylist()
        for name in ("scenario", "role", "difficulty", "scored")
    )
    groups = list(zip(scenarios, difficulties, strict=True))
    counts = Counter(group for group, counts in zip(groups, scored, strict=True) if counts)
    of_scenario: Counter[str] = Counter()
    for (scenario, _), number in counts.items():
        of_scenario[scenario] += 1 if difficulties_as == "equal" else number
    attacks = {name for name, role in zip(scenarios, roles, strict=True) if role == "attack"}
    known = sum(mix.attack_shares.get(name, 0.0) for name in attacks & of_scenario.keys()) or 1.0
    weights = np.zeros(len(groups))
    for at, group in enumerate(groups):
        if not scored[at]:
            continue
        if group[0] in attacks:
            share = mix.attack_shares.get(group[0], 0.0) / known
        else:
            share = mix.look_alikes_per_attack.get(group[0], 0.0)
        in_group = counts[group] if difficulties_as == "equal" else 1
        weights[at] = share / (of_scenario[group[0]] * in_group)
    in_mix = mix.attack_shares.keys() | mix.look_alikes_per_attack.keys()
    return weights, tuple(sorted(set(scenarios) - in_mix))
