"""Is what the job's state knows of each card what the replay holds?

Each judged decision says how many swipes of its card the job has judged, as the card's state has
it. At a committed reader the counts of a card must be 1 to n in the order of its topic, and n the
number of its swipes that should have been judged. A state that was restored with an update lost or
doubled counts on from a wrong number.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluation.fates import EXAMPLES, Fault
from evaluation.history import NOWHERE, Bools, Expected, History, Int64s, unpack

#: Counts shown of a card that is wrong.
_SHOWN: Final = 12
#: Stands for no count, as a decision of a job that keeps none has.
_NO_COUNT: Final = -1


class CardLedger(NamedTuple):
    """Counts of cards and decisions, and examples.

    Attributes
    ----------
    cards
        Cards whose counts were held against the replay.
    again
        Of these the cards with more than one swipe to judge: an update that is lost shows only in
        the count of the next.
    uncounted
        Committed judged decisions without a count; a card that has only such is not checked.
    wrong
        Cards whose counts are not 1 to n.
    behind
        Of these the cards whose counts are right as far as they came: decisions are missing, and
        the state is no worse for it.
    miscounted
        Decisions whose count is not the place of their swipe among those of its card: there the
        state itself is wrong, and not only what was written.
    faults
        Examples, one a card.
    """

    cards: int
    again: int
    uncounted: int
    wrong: int
    behind: int
    miscounted: int
    faults: list[Fault]


class _Owed(NamedTuple):
    """Swipes that should have been judged, by position: the number of the card."""

    card: Int64s
    position: Int64s


class _Written(NamedTuple):
    """Committed judged decisions, as a reader meets them: card, swipe, row of the topic, count."""

    card: Int64s
    position: Int64s
    row: Int64s
    said: Int64s

    @property
    def counted(self) -> Bools:
        """Whether it has a count."""
        counted: Bools = self.said != _NO_COUNT
        return counted


def counts_cards(decisions: list[Any]) -> bool:
    """Whether any of these decisions has a count."""
    return any(each is not None and each.card_count is not None for each in decisions)


def card_ledger(history: History, expected: Expected) -> CardLedger:
    """Hold the counts of the committed decisions against the replay, card by card.

    Parameters
    ----------
    history
        The record of the run; the job writes ``decisions``.
    expected
        Of the oracle. Only which swipes are judged is taken from it, not its counts: an engine
        that counts wrongly would agree with itself.
    """
    names, owed, written = _numbered(history, expected)
    places = _places(owed, written)
    # Without a count, and of a swipe that is not owed a judgement, it is no entry of any ledger: a
    # repeat, of a job that leaves out the fate, looks like that.
    entries = written.counted | (places > 0)
    written, places = _Written(*(column[entries] for column in written)), places[entries]
    counted, size = written.counted, len(names)
    off = counted & (written.said != _running(written.card))
    miscounted = counted & (written.said != places)
    there = np.bincount(written.card, minlength=size)
    due = np.bincount(owed.card, minlength=size)
    silent = (there > 0) & ~_any(counted, written.card, size)
    checked = ~silent & counted.any()
    wrong = checked & ((there != due) | _any(off, written.card, size))
    behind = wrong & ~_any(miscounted | _not_rising(written), written.card, size)
    return CardLedger(
        cards=int(checked.sum()),
        again=int((checked & (due > 1)).sum()),
        uncounted=int((~counted).sum()),
        wrong=int(wrong.sum()),
        behind=int(behind.sum()),
        miscounted=int(miscounted.sum()),
        faults=[
            _example(history, written, off, card, f"{names[card]}", int(due[card]))
            for card in np.flatnonzero(wrong)[:EXAMPLES].tolist()
        ],
    )


def _numbered(history: History, expected: Expected) -> tuple[NDArray[np.str_], _Owed, _Written]:
    """The cards' names, and by their numbers what is owed and what was written."""
    wanted = expected.records("decisions")
    due = np.flatnonzero(_judged(wanted))
    due = due[np.argsort(expected.positions("decisions")[due], kind="stable")]
    decisions = history.outputs["decisions"]
    # They stand by output partition and offset: so a reader meets the decisions of a card.
    rows = np.flatnonzero(decisions.committed & _judged(decisions.records)).astype(np.int64)
    said = [decisions.records[row] for row in rows.tolist()]
    counts = [_NO_COUNT if each.card_count is None else each.card_count for each in said]
    tokens = [wanted[row].card_token for row in due.tolist()] + [each.card_token for each in said]
    names, numbers = np.unique(np.array(tokens, dtype=np.str_), return_inverse=True)
    cards = numbers.astype(np.int64)
    return (
        names,
        _Owed(cards[: len(due)], expected.positions("decisions")[due]),
        _Written(
            cards[len(due) :],
            history.source_positions("decisions")[rows],
            rows,
            np.array(counts, dtype=np.int64),
        ),
    )


def _judged(records: list[Any]) -> Bools:
    return np.array(
        [each is not None and each.fate == "judged" for each in records], dtype=np.bool_
    )


def _running(card: Int64s) -> Int64s:
    """The how-manieth entry of its card each is, from 1, in the order given."""
    order = np.argsort(card, kind="stable")
    ordered = card[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(card) else order
    lengths = np.diff(np.r_[begins, len(card)])
    running = np.empty(len(card), dtype=np.int64)
    running[order] = np.arange(len(card)) - np.repeat(begins, lengths) + 1
    return running


def _places(owed: _Owed, written: _Written) -> Int64s:
    """The place of each decision's swipe among the judged ones of its card; 0 where it has none."""
    places = np.zeros(len(written.position), dtype=np.int64)
    if not len(owed.position):
        return places
    at = np.searchsorted(owed.position, written.position).clip(max=len(owed.position) - 1)
    known = (owed.position[at] == written.position) & (owed.card[at] == written.card)
    places[known] = _running(owed.card)[at[known]]
    return places


def _not_rising(written: _Written) -> Bools:
    """Decisions with a count no higher than that of the one before on the same card."""
    rows = np.flatnonzero(written.counted)
    rows = rows[np.argsort(written.card[rows], kind="stable")]
    card, count = written.card[rows], written.said[rows]
    found = np.zeros(len(written.card), dtype=np.bool_)
    found[rows[1:]] = (card[1:] == card[:-1]) & (count[1:] <= count[:-1])
    return found


def _any(flag: Bools, card: Int64s, size: int) -> Bools:
    """Cards of which any entry is flagged."""
    hit: Bools = np.bincount(card[flag], minlength=size) > 0
    return hit


def _example(
    history: History, written: _Written, off: Bools, card: int, name: str, due: int
) -> Fault:
    """The first decision of a card that is off, or its last, with the counts around it."""
    own = np.flatnonzero(written.card == card)
    if not len(own):
        detail = f"no counts; owed 1 to {due}"
        return Fault("ledger", "decisions", None, None, None, None, name, detail)
    at = int(np.argmax(off[own])) if off[own].any() else len(own) - 1
    begin = max(at - _SHOWN // 2, 0)
    shown = [
        "-" if said == _NO_COUNT else str(said)
        for said in written.said[own[begin : begin + _SHOWN]].tolist()
    ]
    position, row = int(written.position[own[at]]), int(written.row[own[at]])
    partition, offset = (None, None) if position == NOWHERE else unpack(position)
    decisions = history.outputs["decisions"]
    return Fault(
        "ledger",
        "decisions",
        partition,
        offset,
        int(decisions.partition[row]),
        int(decisions.offset[row]),
        name,
        f"counts from decision {begin + 1}: {' '.join(shown)}; owed 1 to {due}",
    )
