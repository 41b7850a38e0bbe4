"""What does a person want to know of a topic that may not keep the contract?"""

from __future__ import annotations

from rich.console import Console

from evaluation.contract_check import ContractCheck


def print_contract_check(check: ContractCheck, console: Console) -> None:
    """Print what was found, the most frequent breach first.

    Parameters
    ----------
    check
        Of one topic.
    console
        Where to.
    """

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    if not check.records:
        say(f"INCONCLUSIVE  {check.topic} is empty: nothing to hold against {check.kind}")
        return
    word = "FAIL" if check.breaches else "PASS"
    say(
        f"{word}  {check.kept:,} of {check.records:,} records on {check.topic} keep the contract "
        f"of {check.kind}"
    )
    if check.left:
        say(f"  {check.left:,} more were not looked at (limit)")
    for breach in check.breaches:
        say(f"  {breach.count:,} x {breach.field}: expected {breach.expected}")
        for example in breach.examples:
            say(f"      partition {example.partition} offset {example.offset}: {example.text}")
