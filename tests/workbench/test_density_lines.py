"""Does a person see at once how dense a replay's traffic is, and what no portfolio would show?"""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from generator.densities import Density
from generator.settings import ReplaySettings
from workbench.console import Phases
from workbench.density_lines import flag_lines, summary_line
from workbench.replays import make_replay


def density(name: str, value: float, low: float = 0.0, high: float = 1e9) -> Density:
    return Density(name, value, "swipes", low, high, "a choice")


DENSITIES = [
    density("swipes per card and day", 1.7611),
    density("cards in the portfolio", 4_897_895.0),
    density("swipes of the busiest terminal in 1 min", 3.0),
    density("swipes per active merchant and minute", 5.2087),
    density("cards per issuer number", 24_489.0),
]


def test_one_line_says_card_merchant_terminal_and_issuer_number() -> None:
    assert summary_line(DENSITIES) == (
        "card 1.76/day, merchant 5.21/min, busiest terminal 3/min, 24,489 cards/BIN"
    )


def test_what_is_as_dense_as_life_is_not_flagged() -> None:
    assert flag_lines(DENSITIES) == []


def test_what_is_out_of_bounds_is_named_with_its_bounds() -> None:
    tiny = density("cards in the portfolio", 81.0, 10_000, 700e6)
    assert flag_lines([*DENSITIES, tiny]) == [
        "cards in the portfolio: 81, realistic is 10,000 to 700,000,000"
    ]


def test_they_stand_below_the_replays_phase_made_now_or_before(tmp_path: Path) -> None:
    tiny = ReplaySettings(rate_per_min=300, duration_s=2, warm_up_s=0, incidents=1, speedup=1_440.0)
    for note in ("made", "from an earlier run"):
        output = io.StringIO()
        make_replay(tiny, Phases(Console(file=output, width=100)), tmp_path)
        phase, densities, *flags = output.getvalue().splitlines()
        assert phase.startswith("  replay  ")
        assert phase.endswith(note)
        assert densities.startswith("  densities              card ")
        assert any(line.startswith("  unlike life            cards in the") for line in flags)
