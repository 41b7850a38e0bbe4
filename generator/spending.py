"""What is bought, for how much?

ISO 18245 categories with their share of card-present and of remote swipes, and the lognormal
distribution of amounts in euro cents. Shares, medians and spreads are choices, set so that the
mean over all is near the EUR 41 a card payment of the ECB's payments statistics 2020.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from generator.mixing import F64


class Category(NamedTuple):
    """One merchant category.

    ``log_sd`` is the standard deviation of ln(amount) within it for one holder.
    """

    mcc: str
    online: bool
    share: float
    median_minor: int
    log_sd: float
    recurring: bool = False


CATEGORIES: Final[tuple[Category, ...]] = (
    Category("5411", False, 0.300, 2200, 0.75),  # grocery stores
    Category("5812", False, 0.120, 3000, 0.65),  # restaurants
    Category("5814", False, 0.110, 950, 0.50),  # fast food
    Category("5462", False, 0.080, 650, 0.50),  # bakeries
    Category("5541", False, 0.080, 4800, 0.40),  # service stations
    Category("5912", False, 0.060, 1500, 0.65),  # pharmacies
    Category("4111", False, 0.050, 420, 0.50),  # local transport
    Category("5651", False, 0.050, 4600, 0.65),  # clothing
    Category("5311", False, 0.040, 3600, 0.80),  # department stores
    Category("6011", False, 0.040, 10000, 0.50),  # cash machines
    Category("5999", False, 0.030, 1800, 0.80),  # other retail
    Category("5732", False, 0.020, 9000, 0.90),  # electronics
    Category("7011", False, 0.010, 14000, 0.60),  # hotels
    Category("5309", False, 0.006, 3800, 0.70),  # duty-free shops
    Category("4511", False, 0.004, 1400, 0.50),  # airlines, on board
    Category("5964", True, 0.250, 3800, 0.75),  # catalogue merchants
    Category("5816", True, 0.150, 900, 0.60),  # digital goods: games
    Category("5968", True, 0.150, 1200, 0.40, True),  # subscriptions
    Category("5651", True, 0.100, 5200, 0.65),  # clothing
    Category("5942", True, 0.100, 2100, 0.55),  # books
    Category("4121", True, 0.100, 1500, 0.50),  # taxis
    Category("4814", True, 0.090, 2500, 0.40, True),  # telecommunication
    Category("4511", True, 0.030, 17000, 0.70),  # airlines
    Category("7011", True, 0.030, 16000, 0.60),  # hotels
)
#: How much holders differ: standard deviation of a card's level in ln(amount). A choice.
LEVEL_LOG_SD: Final = 0.40

#: Cash machines pay out multiples of this, minor units of every currency here. A choice.
NOTE_MINOR: Final = 1_000.0


def _cumulative(shares: list[float]) -> F64:
    total = math.fsum(shares)
    bounds: F64 = np.cumsum(np.array([round(share / total, 12) for share in shares]))
    return bounds[:-1]


PRESENT: Final = np.array([i for i, c in enumerate(CATEGORIES) if not c.online])
ONLINE: Final = np.array([i for i, c in enumerate(CATEGORIES) if c.online])
PRESENT_CUMULATIVE: Final = _cumulative([c.share for c in CATEGORIES if not c.online])
ONLINE_CUMULATIVE: Final = _cumulative([c.share for c in CATEGORIES if c.online])
LOG_MEDIAN: Final = np.array([round(math.log(c.median_minor), 6) for c in CATEGORIES])
LOG_SD: Final = np.array([c.log_sd for c in CATEGORIES])
RECURRING: Final = np.array([c.recurring for c in CATEGORIES])
CASH: Final = next(i for i, c in enumerate(CATEGORIES) if c.mcc == "6011")


def _moments(online: bool) -> tuple[float, float]:
    """Mean and variance of ln(amount in euro cents) over one channel's categories."""
    chosen = [c for c in CATEGORIES if c.online == online]
    total = math.fsum(c.share for c in chosen)
    mean = math.fsum(c.share * math.log(c.median_minor) for c in chosen) / total
    variance = math.fsum(
        c.share * (c.log_sd**2 + (math.log(c.median_minor) - mean) ** 2) for c in chosen
    )
    return round(mean, 6), round(variance / total, 6)


PRESENT_MOMENTS: Final = _moments(online=False)
ONLINE_MOMENTS: Final = _moments(online=True)
