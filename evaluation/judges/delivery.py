"""Was any decision lost, repeated, changed or put out of order?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from evaluation.alert_parity import AlertComparison, compare_alerts
from evaluation.card_order import order_of_decisions
from evaluation.fates import EXAMPLES, FateComparison, Fault, compare_fates, outputs_of
from evaluation.history import FATE_TOPICS, NOWHERE, Expected, History
from evaluation.intervals import zero_note
from evaluation.judges.base import Findings, Judge, Outcome
from evaluation.judges.ledger import judge_ledger, ledger_held
from evaluation.judges.unaided import judge_unaided
from evaluation.promised import promised_records
from evaluation.sent_again import sent_again
from evaluation.strays import profile_letters, strays, unsaid
from evaluation.thresholds import DeliveryThresholds, Thresholds
from evaluation.verdict import Figure, Value
from evaluation.window_parity import WINDOW_TOPICS, WindowComparison, compare_windows

_TABLE_TYPES = [pa.string(), pa.string(), *[pa.int64()] * 4, pa.string(), pa.string()]
FAULTS_SCHEMA = pa.schema(list(zip(Fault._fields, _TABLE_TYPES, strict=True)))


class Delivery(Judge):
    """Was any decision lost, repeated, changed or put out of order?

    Measures
    --------
    The committed view of ``decisions``, ``late-swipes`` and ``dead-letters`` against the oracle by
    source position, of ``alerts`` by cause, and of event-time windows by kind, entity and start:
    missing, repeated, unexpected, different. Decisions of a card stand in the order of its swipes.
    The card ledger: the counts that the decisions of a card carry out of the job's state are 1 to
    the number of its judged swipes (`evaluation.card_ledger`). Conservation: each record of
    ``swipes`` that is no clock record has exactly one output. Rules that raised; records that could
    not be read; sends that failed. Of another job without an oracle: swipes that keep the contract
    and have no answer, answers given twice, answers to nothing (`evaluation.owed`). Of the
    uncommitted view: missing, repeated, and phantoms (read there and never committed), reported
    only.

    Verdict
    -------
    Fails on each count over its threshold. Inconclusive, by name, for what the job does not write
    or what was not recorded; for what is missing while the run did not end completely; when the
    topic does not hold what the sender says it delivered. Of another job without an oracle only
    decisions are asked for; its parity is inconclusive and weighs nothing. Nor does the card ledger
    of a job that keeps none: it says that it was not checked.

    References
    ----------
    Jepsen's Kafka workload (lost, duplicated, out-of-order writes). Hanley and Lippman-Hand (1983)
    for what none found in n says.
    """

    name: ClassVar[str] = "delivery"

    def judge(self, history: History, thresholds: Thresholds) -> Outcome:
        """Judge the committed view."""
        findings = Findings()
        bounds = thresholds.delivery
        faults: list[Fault] = []
        _completeness(findings, history)
        _input(findings, history, bounds)
        if history.expected is None and history.facts.job.external:
            faults += judge_unaided(findings, history, bounds)
        elif history.expected is None:
            findings.unknown(["what should have been written is unknown (expected.parquet)"])
        else:
            faults += _fates(findings, history, history.expected, bounds)
            faults += _alerts(findings, history, history.expected, bounds)
            faults += _windows(findings, history, history.expected, bounds)
            faults += judge_ledger(findings, history, history.expected, bounds)
        _conservation(findings, history)
        faults += _order(findings, history, bounds)
        _damage(findings, history, bounds)
        _strays(findings, history, bounds)
        if history.writes("decisions"):
            judge_rule_errors(findings, history.outputs["decisions"].records, bounds)
        faults += _phantoms(findings, history)
        columns = zip(*faults, strict=True) if faults else [[] for _ in Fault._fields]
        arrays = [pa.array(list(c), t) for c, t in zip(columns, _TABLE_TYPES, strict=True)]
        table = pa.Table.from_arrays(arrays, schema=FAULTS_SCHEMA)
        return Outcome(findings.result(self.name, _held(findings)), {"delivery_faults": table})


def _held(findings: Findings) -> str:
    owed = next((f.value for f in findings.figures if f.name == "owed_answers"), None)
    if isinstance(owed, int):
        return f"none of {owed:,} swipes unanswered or answered twice, none out of order"
    totals = [f.value for f in findings.figures if f.name.startswith("expected_")]
    n = sum(total for total in totals if isinstance(total, int))
    held = f"none of {n:,} outputs missing, repeated, changed or out of order"
    return f"{held}; {ledger_held(findings)}"


def _completeness(findings: Findings, history: History) -> None:
    complete = history.facts.job.complete
    if complete is None:
        findings.unknown(["job.json does not say whether the run ended completely"])
    elif not complete:
        because = history.facts.job.incomplete_because
        words = "the run ended before its outputs were complete"
        findings.unknown([f"{words}: {because}" if because else words])
    if history.facts.job.proves_nothing_because is not None:
        findings.unknown([history.facts.job.proves_nothing_because])
    for fault in history.facts.faults:
        missed = fault.hit_nothing_because(promised_records(history, fault))
        if missed is not None:
            findings.unknown([missed])
    external = history.facts.job.external
    # What another job need not write is not asked of it, unless it claims to follow our rules.
    asked = ("decisions",) if external and history.expected is None else (*FATE_TOPICS, "alerts")
    for topic in asked:
        if not history.writes(topic):
            findings.unknown([f"{topic} are not written by this job, or were not recorded"])


def _input(findings: Findings, history: History, bounds: DeliveryThresholds) -> None:
    """Whether the topic holds what the sender delivered."""
    sends, sent = history.sends, history.sent
    if sends is None:
        findings.unknown(["what was sent is unknown (sends.parquet)"])
        return
    over = sends.errors > bounds.send_errors
    findings.bound(
        Figure(
            "send_errors",
            sends.errors,
            "records",
            bounds.send_errors,
            "inconclusive" if over else "pass",
        ),
        f"{sends.errors:,} records could not be sent",
    )
    if sent is None:
        findings.unknown(["what the swipes topic held is unknown (sent.parquet)"])
        return
    clocks = sent.position[sent.clock]
    delivered = np.setdiff1d(sends.position[sends.delivered], clocks)
    held = sent.swipe_positions
    findings.report("sent", len(held), "records")
    findings.report("clock_records", len(clocks), "records")
    unreported = np.setdiff1d(held, delivered)
    again = sent_again(sent, sends, unreported, history.facts.faults)
    lost, foreign = len(np.setdiff1d(delivered, held)), len(unreported) - again
    findings.report("delivered_not_on_topic", lost, "records")
    findings.report("on_topic_not_delivered", foreign, "records")
    findings.report("sent_again", again, "records")
    if lost or foreign:
        findings.unknown(
            [
                f"the swipes topic is not what was sent: {lost:,} delivered records are not on it, "
                f"{foreign:,} on it were not reported as delivered"
            ]
        )


def _fates(
    findings: Findings, history: History, expected: Expected, bounds: DeliveryThresholds
) -> list[Fault]:
    committed = compare_fates(history, expected, "committed")
    findings.report("expected_outputs", committed.expected, "records")
    _counts(findings, history, "", "outputs", committed, bounds)
    seen = compare_fates(history, expected, "uncommitted")
    findings.report("uncommitted_missing", seen.missing, "records")
    findings.report("uncommitted_repeated", seen.repeated, "records")
    return committed.faults


def _alerts(
    findings: Findings, history: History, expected: Expected, bounds: DeliveryThresholds
) -> list[Fault]:
    if not history.writes("alerts"):
        return []
    committed = compare_alerts(history, expected, "committed")
    findings.report("expected_alerts", committed.expected, "alerts")
    _counts(findings, history, "alerts_", "alerts", committed, bounds)
    seen = compare_alerts(history, expected, "uncommitted")
    findings.report("uncommitted_alerts_missing", seen.missing, "alerts")
    findings.report("uncommitted_alerts_repeated", seen.repeated, "alerts")
    return committed.faults


def _windows(
    findings: Findings, history: History, expected: Expected, bounds: DeliveryThresholds
) -> list[Fault]:
    asked = [topic for topic in WINDOW_TOPICS if history.writes(topic)]
    if not any(len(history.outputs[topic]) or expected.values.get(topic) for topic in asked):
        return []
    committed = compare_windows(history, expected, "committed")
    findings.report("expected_windows", committed.expected, "windows")
    _counts(findings, history, "windows_", "windows", committed, bounds)
    if committed.reopened:
        note = "closed again after a restart; their parts were added up"
        findings.report("windows_reopened", committed.reopened, "windows", note)
    return committed.faults


def _counts(
    findings: Findings,
    history: History,
    prefix: str,
    what: str,
    compared: FateComparison | AlertComparison | WindowComparison,
    bounds: DeliveryThresholds,
) -> None:
    for kind in ("missing", "repeated", "unexpected", "different"):
        count, limit = getattr(compared, kind), getattr(bounds, kind)
        value: Value = "fail" if count > limit else "pass"
        if value == "fail" and kind == "missing" and history.facts.job.complete is not True:
            value = "inconclusive"  # it might still have come
        note = zero_note(count, compared.expected)
        findings.bound(
            Figure(f"{prefix}{kind}", count, "records", limit, value, note),
            f"{count:,} of {compared.expected:,} {what} {kind}",
        )


def _conservation(findings: Findings, history: History) -> None:
    """Sent = judged + repeat + late + dead letters + clock records, each exactly once."""
    counts: dict[str, int] = {}
    if history.writes("decisions"):
        decisions = history.outputs["decisions"]
        fates = [
            r.fate
            for r, c in zip(decisions.records, decisions.committed, strict=True)
            if c and r is not None
        ]
        counts = {"judged": fates.count("judged"), "repeat": fates.count("repeat")}
    for topic in ("late-swipes", "dead-letters"):
        if history.writes(topic):
            placed = history.source_positions(topic) != NOWHERE
            counts[topic] = int((history.outputs[topic].committed & placed).sum())
    for name, count in counts.items():
        findings.report(f"fate_{name}", count, "records")
    if history.sent is None or not all(map(history.writes, FATE_TOPICS)):
        return
    inputs = history.sent.swipe_positions
    positions, times = np.unique(outputs_of(history, "committed").position, return_counts=True)
    none = len(np.setdiff1d(inputs, positions))
    several = int((times > 1).sum())
    from_nowhere = len(np.setdiff1d(positions, inputs))
    broken = none + several + from_nowhere
    value: Value = "fail" if broken else "pass"
    if none == broken and broken and history.facts.job.complete is not True:
        value = "inconclusive"
    findings.bound(
        Figure("fates_broken", broken, "records", 0, value, "swipes without exactly one output"),
        f"of {len(inputs):,} records sent {none:,} have no fate, {several:,} several, and "
        f"{from_nowhere:,} outputs stand for records never sent",
    )
    if history.expected is not None:
        oracle = np.concatenate([history.expected.positions(topic) for topic in FATE_TOPICS])
        strange = len(np.setxor1d(oracle[oracle != NOWHERE], inputs))
        if strange:
            findings.unknown([f"the oracle and the topic disagree on {strange:,} positions"])


def _order(findings: Findings, history: History, bounds: DeliveryThresholds) -> list[Fault]:
    if not history.writes("decisions"):
        return []
    order = order_of_decisions(history)
    findings.bound(
        Figure(
            "out_of_order",
            order.violations,
            "decisions",
            bounds.out_of_order,
            "fail" if order.violations > bounds.out_of_order else "pass",
            f"{order.cards:,} cards",
        ),
        f"{order.violations:,} decisions stand before one of an earlier swipe of their card",
    )
    return order.faults


def _damage(findings: Findings, history: History, bounds: DeliveryThresholds) -> None:
    damaged = sum(topic.decoded.damaged for topic in history.outputs.values())
    loose = sum(topic.decoded.loose for topic in history.outputs.values())
    findings.bound(
        Figure(
            "damaged",
            damaged,
            "records",
            bounds.unexpected,
            "fail" if damaged > bounds.unexpected else "pass",
        ),
        f"{damaged:,} output records cannot be read",
    )
    findings.report("outside_contract", loose, "records", "read by their meaning alone")
    drops = history.outputs.get("window-drops")
    if drops is not None:
        note = "judged swipes that came after their window had closed"
        findings.report("window_drops", int(drops.committed.sum()), "records", note)


def _strays(findings: Findings, history: History, bounds: DeliveryThresholds) -> None:
    """What is said of swipes that nobody sent, of profiles, and what is not said at all."""
    found = strays(history)
    count = sum(found.values())
    where = ", ".join(f"{number:,} on {topic}" for topic, number in found.items())
    findings.bound(
        Figure(
            "strays",
            count,
            "records",
            bounds.unexpected,
            "fail" if count > bounds.unexpected else "pass",
            "committed, and of no swipe that was sent",
        ),
        f"{count:,} committed outputs are of no swipe that was sent: {where}",
    )
    if history.expected is not None:
        missing, unexpected = profile_letters(history, history.expected)
        wrong = missing + unexpected
        findings.bound(
            Figure("profile_letters", wrong, "records", 0, "fail" if wrong else "pass"),
            f"of the refused card profiles {missing:,} have no dead letter, and {unexpected:,} "
            "dead letters are of profiles that should have been taken",
        )
    fields = unsaid(history)
    if fields:
        findings.unknown([f"decisions do not say their {', '.join(fields)}"])


def judge_rule_errors(
    findings: Findings, decisions: Iterable[Any], bounds: DeliveryThresholds
) -> None:
    """Decisions on which a rule raised: the others judged, so what it would have said is unknown.

    Parameters
    ----------
    decisions
        Decoded records of ``decisions``; None for one that was damaged.
    """
    failed = [each.rule_errors for each in decisions if each and each.rule_errors]
    names = sorted({name for errors in failed for name in errors})
    findings.bound(
        Figure(
            "rule_errors",
            len(failed),
            "decisions",
            bounds.rule_errors,
            "fail" if len(failed) > bounds.rule_errors else "pass",
        ),
        f"rules raised on {len(failed):,} decisions: {', '.join(names)}",
    )


def _phantoms(findings: Findings, history: History) -> list[Fault]:
    """Records that a reader of uncommitted records acted on and that never counted."""
    faults: list[Fault] = []
    total = 0
    for topic, records in history.outputs.items():
        rows = np.flatnonzero((records.uncommitted_ns > 0) & ~records.committed)
        total += len(rows)
        for row in rows[:EXAMPLES].tolist():
            place = int(records.partition[row]), int(records.offset[row])
            faults.append(Fault("phantom", topic, None, None, *place, "", "never committed"))
    unseen = sum(
        int((r.committed & (r.uncommitted_ns == 0)).sum()) for r in history.outputs.values()
    )
    findings.report("phantoms", total, "records", "read uncommitted, never committed")
    findings.report("committed_unseen", unseen, "records", "committed, never read uncommitted")
    return faults
