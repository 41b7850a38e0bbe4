"""What does the card ledger say to the verdict of the delivery?"""

from __future__ import annotations

from evaluation.card_ledger import card_ledger, counts_cards
from evaluation.fates import Fault
from evaluation.history import Expected, History
from evaluation.intervals import zero_note
from evaluation.judges.base import Findings
from evaluation.thresholds import DeliveryThresholds
from evaluation.verdict import Figure, Value


def judge_ledger(
    findings: Findings, history: History, expected: Expected, bounds: DeliveryThresholds
) -> list[Fault]:
    """Report the cards that the job's state counts otherwise than the replay.

    Where no decision has a count the ledger is inconclusive by name. That weighs nothing for a job
    that owes none: another team's, or ours as it was before it counted.

    Parameters
    ----------
    findings
        Gets the figures.
    history
        The record of the run.
    expected
        Of the oracle.
    bounds
        The thresholds.
    """
    if not history.writes("decisions"):
        return []
    ledger = card_ledger(history, expected)
    if not ledger.cards:
        note = "not checked: no committed decision has a card_count"
        findings.figures.append(Figure("ledger_wrong", None, "cards", None, "inconclusive", note))
        if not history.facts.job.external and counts_cards(expected.records("decisions")):
            findings.unknown(["the card ledger could not be checked: decisions have no card_count"])
        return []
    findings.report("ledger_cards", ledger.cards, "cards", "counts held against the replay")
    note = "with more than one swipe: a lost update shows only in the count of the next"
    findings.report("ledger_cards_again", ledger.again, "cards", note)
    limit = bounds.ledger_wrong
    value: Value = "fail" if ledger.wrong > limit else "pass"
    if value == "fail" and ledger.wrong == ledger.behind and history.facts.job.complete is not True:
        value = "inconclusive"  # right as far as they came: the rest might still have come
    # Of those alone that can show a lost update, or the bound would flatter.
    note = zero_note(ledger.wrong, ledger.again) if not ledger.wrong else ""
    findings.bound(
        Figure("ledger_wrong", ledger.wrong, "cards", limit, value, note),
        f"the counts of {ledger.wrong:,} of {ledger.cards:,} cards are not those of the replay",
    )
    note = "the count is not the place of their swipe: the state lost or doubled one"
    findings.report("ledger_miscounted", ledger.miscounted, "decisions", note)
    if ledger.uncounted:
        note = "without a card_count, as an older job writes them: not checked"
        findings.report("ledger_uncounted", ledger.uncounted, "decisions", note)
    return ledger.faults


def ledger_held(findings: Findings) -> str:
    """What a delivery that held says of it."""
    found = {figure.name: figure.value for figure in findings.figures}
    if "ledger_cards" not in found:
        return "the card ledger not checked"
    cards, again = found["ledger_cards"], found["ledger_cards_again"]
    return f"the ledger right of all {cards:,} cards, {again:,} of which swiped again"
