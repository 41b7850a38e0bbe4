"""Where do results, replays and baselines lie, unless somebody says otherwise?"""

from __future__ import annotations

from typing import Final

from workbench.machine import PROJECT_ROOT

#: Of `simulate`, `local` and `replay`.
RUNS: Final = PROJECT_ROOT / "runs"
#: Of `evaluate` and `ab`.
EXAMS: Final = PROJECT_ROOT / "exams"
REALISM: Final = PROJECT_ROOT / "realism"
CONTROLS: Final = PROJECT_ROOT / "controls"
#: Of `chaos`.
CHAOS: Final = PROJECT_ROOT / "chaos"
#: Of `state`.
STATES: Final = PROJECT_ROOT / "states"
GATES: Final = PROJECT_ROOT / "gates"
#: What gates compare with; these belong into the repository.
BASELINES: Final = PROJECT_ROOT / "baselines"
#: By their settings, made anew when those change.
REPLAYS: Final = PROJECT_ROOT / "replays"
#: Of an exam.
SHARDS: Final = REPLAYS / "exam"
#: Every change of the rules, where no database holds them.
RULE_LEDGER: Final = PROJECT_ROOT / "rule-changes.jsonl"
