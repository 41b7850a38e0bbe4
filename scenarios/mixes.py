"""What happens together in life, and how often?

A mix names the share of each scenario among the attacks and how many look-alikes come with each
attack. A prevalence says which share of all swipes is fraudulent.
"""

from __future__ import annotations

from typing import Final

import msgspec

#: Fraudulent share of all swipes, by number, by the name of the traffic it was found in.
#: ``eea``: 17 million of 111 billion card payments (EBA and ECB, "Report on payment fraud",
#: December 2025, figures of 2024). ``ecommerce_worldline``: Dal Pozzolo et al. (2018), "Credit
#: card fraud detection: a realistic modeling and a novel learning strategy", IEEE TNNLS 29 (8):
#: about 0.25% of an e-commerce processor's transactions.
PREVALENCES: Final[dict[str, float]] = {"eea": 0.00015, "ecommerce_worldline": 0.0025}


class Mix(msgspec.Struct, frozen=True):
    """Shares of scenarios.

    ``attack_shares`` sum to 1 over incidents; ``look_alikes_per_attack`` is for each look-alike
    the number of its incidents for each attack incident of the mix. ``swipes_per_attack`` is the
    mean number of fraudulent swipes of one incident of each attack at medium, as measured.
    """

    name: str
    summary: str
    attack_shares: dict[str, float]
    look_alikes_per_attack: dict[str, float]
    swipes_per_attack: dict[str, float]


#: By number of incidents. That remote fraud is most of it follows the ECB's "Report on card fraud"
#: (2021: 80% of the value without the card present, 5% at cash machines, 15% at terminals); how it
#: divides within each channel, and how frequent look-alikes are, are choices.
MIXED: Final = Mix(
    name="mixed",
    summary="All attacks and look-alikes at the shares they have in life.",
    attack_shares={
        "card_testing_slow": 0.14,
        "test_then_cashout": 0.13,
        "amount_spike_cnp": 0.20,
        "account_takeover": 0.12,
        "velocity_burst": 0.10,
        "rapid_escalation": 0.07,
        "bin_attack": 0.02,
        "distributed_enumeration": 0.02,
        "lost_stolen_contactless": 0.09,
        "atm_cashout": 0.04,
        "geo_jump": 0.03,
        "magstripe_fallback": 0.03,
        "compromised_terminal": 0.01,
    },
    look_alikes_per_attack={
        "legit_travel": 0.6,
        "vpn_ecommerce": 1.0,
        "shared_card": 0.4,
        "holiday_rush": 0.6,
        "flash_sale": 0.05,
        "shared_device": 0.2,
        "offline_flush": 0.3,
        "legit_low_value_burst": 1.0,
        "fuel_preauthorisation": 1.0,
        "recurring_abroad": 1.0,
        "retry_after_decline": 1.0,
        "new_phone": 0.8,
        "shift_worker": 0.6,
    },
    swipes_per_attack={
        "card_testing_slow": 6.0,
        "test_then_cashout": 4.0,
        "amount_spike_cnp": 2.0,
        "account_takeover": 3.4,
        "velocity_burst": 7.6,
        "rapid_escalation": 5.7,
        "bin_attack": 32.0,
        "distributed_enumeration": 29.5,
        "lost_stolen_contactless": 6.8,
        "atm_cashout": 3.9,
        "geo_jump": 2.6,
        "magstripe_fallback": 3.0,
        "compromised_terminal": 12.5,
    },
)
MIXES: Final[dict[str, Mix]] = {MIXED.name: MIXED}
