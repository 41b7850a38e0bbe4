"""What is on the board of an exam?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy import stats

from evaluation.attribution import FALSE, RIGHT_CARD, TRUE, Attribution, attribute_table
from evaluation.board.baselines import Baseline, baselines, false_cases
from evaluation.board.blocking import Blocking, block_mode
from evaluation.board.bootstrap import ratio_interval
from evaluation.board.curves import POINTS, precision_recall, thinned
from evaluation.board.issuer_view import IssuerView, issuer_view
from evaluation.board.matrix import by_rule, scenario_by_rule
from evaluation.board.ranking import Ranking, precision_at_k
from evaluation.board.shards import BLOCK, REVIEW, Exam, all_alerts, booleans, load_exam
from evaluation.board.weights import swipe_weights
from evaluation.cases import count_cases
from evaluation.detection_tables import by_scenario
from evaluation.intervals import wilson
from evaluation.verdict import EXIT_CODES, Value
from scenarios.mixes import PREVALENCES

BOARD_FILE: Final = "board.json"
#: Incidents of an attack and difficulty from which on its recall is stated. A choice: its interval
#: is then at most 0.2 wide.
INCIDENTS_MIN: Final = 100
#: A hard attack that is caught more often than this is no hard one. A choice.
TOO_EASY_RECALL: Final = 0.9
#: An attack is an expected miss unless it is caught more often than by chance at this level.
CHANCE_LEVEL: Final = 0.01
_MS_PER_MIN: Final = 60_000


class Share(msgspec.Struct, frozen=True):
    """A share with its interval, 95%; None where there is nothing to divide by."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    of: str


class AtPrevalence(msgspec.Struct, frozen=True):
    """Figures brought to a named share of fraud."""

    name: str
    prevalence: float
    swipe_precision: float | None
    alerts_per_1000: float
    average_precision: float


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is said of a job after an exam.

    ``flags`` are what a reader must know: attacks that are too easy or an expected miss, and
    look-alikes on which nothing was tested.
    """

    verdict: Value
    reasons: list[str]
    scores_hash: str
    swipes: int
    fraudulent_swipes: int
    cards: int
    days: float
    attacks: int
    look_alikes: int
    shares: list[Share]
    at_prevalence: list[AtPrevalence]
    ranking: Ranking
    false_cases_per_10000_a_day: float
    delay_swipes_p50: float | None
    delay_min_p50: float | None
    lost_minor: int
    at_stake_minor: int
    blocking: Blocking
    issuer: IssuerView
    average_precision: dict[str, float]
    by_rule: list[dict[str, Any]]
    baselines: list[Baseline]
    flags: list[str]

    @property
    def exit_code(self) -> int:
        """0 measured, 3 inconclusive."""
        return EXIT_CODES[self.verdict]


def make_board(shards: Sequence[Path], scores_hash: str) -> tuple[Board, dict[str, pa.Table]]:
    """Judge an engine's answers to the shards of an exam.

    Returns
    -------
    tuple of Board and dict
        The board, and tables by name: ``by_scenario``, ``matrix``, ``curves``, ``incidents``,
        ``false_cases``.
    """
    exam = load_exam(shards, scores_hash)
    found = attribute_table(all_alerts(exam), exam.labels, exam.incidents)
    scenarios = _scenario_table(exam, found)
    matrix = scenario_by_rule(exam)
    curves, average = _curves(exam)
    reasons = _too_few(exam)
    lost, stake = (
        int(pc.sum(found.attacks.column(name)).as_py() or 0)
        for name in ("lost_minor", "at_stake_minor")
    )
    incidents = _incident_table(found)
    caught = incidents.filter(incidents.column("caught"))
    board = Board(
        verdict="inconclusive" if reasons else "pass",
        reasons=reasons,
        scores_hash=scores_hash,
        swipes=len(exam.labels),
        fraudulent_swipes=int(exam.is_fraud.sum()),
        cards=exam.cards,
        days=exam.days,
        attacks=len(found.attacks),
        look_alikes=len(exam.incidents) - len(found.attacks),
        shares=_shares(exam, found),
        at_prevalence=[_at_prevalence(exam, *each) for each in PREVALENCES.items()],
        ranking=precision_at_k(exam, len(shards)),
        false_cases_per_10000_a_day=10_000 * false_cases(_false(found)) / exam.card_days,
        delay_swipes_p50=_median(caught, "delay_swipes"),
        delay_min_p50=_median(caught, "delay_min"),
        lost_minor=lost,
        at_stake_minor=stake,
        blocking=block_mode(exam),
        issuer=issuer_view(exam, found),
        average_precision=average,
        by_rule=by_rule(exam, found),
        baselines=baselines(exam, found),
        flags=_flags(exam, scenarios, matrix),
    )
    tables = {
        "by_scenario": scenarios,
        "matrix": matrix,
        "curves": curves,
        "incidents": incidents,
        "false_cases": _false_case_table(exam, found, shards),
    }
    return board, tables


def write_board(board: Board, tables: dict[str, pa.Table], folder: Path) -> None:
    """Write ``board.json`` and the tables into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    (folder / BOARD_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(board), indent=2))


def read_board(folder: Path) -> Board:
    """The board in a folder."""
    return msgspec.json.decode((folder / BOARD_FILE).read_bytes(), type=Board)


def read_by_scenario(folder: Path) -> pa.Table:
    """The table by scenario and difficulty in a folder."""
    return pq.read_table(folder / "by_scenario.parquet")


def _false(found: Attribution) -> pa.Table:
    return found.alerts.filter(pc.equal(found.alerts.column("kind"), FALSE))


def _shares(exam: Exam, found: Attribution) -> list[Share]:
    caught = booleans(found.attacks.column("caught"))
    cases = count_cases(found.alerts, exam.labels)
    flagged = exam.action >= REVIEW
    fraud = exam.is_fraud
    kinds = found.alerts.column("kind").to_pylist()
    right = sum(kind in (TRUE, RIGHT_CARD) for kind in kinds)
    return [
        _wilson("incident recall", int(caught.sum()), len(caught), "attacks"),
        _wilson("case recall", cases.fraud_caught, cases.fraud, "cases of fraud"),
        _wilson("case precision", cases.right, cases.opened, "cases opened"),
        _wilson("alert precision", right, len(kinds), "alerts"),
        _bootstrap(exam, "swipe recall", flagged & fraud, fraud, "fraudulent swipes"),
        _bootstrap(exam, "swipe precision", flagged & fraud, flagged, "flagged swipes"),
        _bootstrap(exam, "alert rate", flagged, np.ones(len(fraud), dtype=bool), "swipes"),
        _bootstrap(
            exam, "block precision", (exam.action == BLOCK) & fraud, exam.action == BLOCK, "blocks"
        ),
    ]


def _wilson(name: str, part: int, whole: int, of: str) -> Share:
    if not whole:
        return Share(name, None, None, None, f"of no {of}")
    low, high = wilson(part, whole)
    return Share(name, part / whole, low, high, f"{part:,} of {whole:,} {of}")


def _bootstrap(
    exam: Exam, name: str, part: NDArray[np.bool_], whole: NDArray[np.bool_], of: str
) -> Share:
    total, count = int(whole.sum()), int(part.sum())
    if not total:
        return Share(name, None, None, None, f"of no {of}")
    interval = ratio_interval(
        exam.card[whole], part[whole].astype(np.float64), np.ones(total, dtype=np.float64)
    )
    low, high = (None, None) if interval is None else interval
    return Share(name, count / total, low, high, f"{count:,} of {total:,} {of}")


def _at_prevalence(exam: Exam, name: str, prevalence: float) -> AtPrevalence:
    weights = swipe_weights(exam.labels, exam.incidents, prevalence)
    flagged, fraud = exam.action >= REVIEW, exam.is_fraud
    alerts, total = float(weights[flagged].sum()), float(weights.sum())
    return AtPrevalence(
        name=name,
        prevalence=prevalence,
        swipe_precision=float(weights[flagged & fraud].sum()) / alerts if alerts else None,
        alerts_per_1000=1000 * alerts / total if total else 0.0,
        average_precision=precision_recall(exam.score, fraud, weights).average_precision,
    )


def _curves(exam: Exam) -> tuple[pa.Table, dict[str, float]]:
    """The score's and each rule's curve, thinned; and their average precision."""
    rows, average = [], {}
    of: dict[str, NDArray[Any]] = {"score": exam.score, **exam.values}
    for name, values in of.items():
        curve = precision_recall(values, exam.is_fraud, None)
        average[name] = curve.average_precision
        thin = thinned(curve, POINTS)
        rows.append(
            pa.table(
                {
                    "of": pa.array([name] * len(thin.recall), pa.string()),
                    "threshold": thin.threshold,
                    "precision": thin.precision,
                    "recall": thin.recall,
                }
            )
        )
    return pa.concat_tables(rows), average


def _scenario_table(exam: Exam, found: Attribution) -> pa.Table:
    rows = by_scenario(found, exam.labels, exam.incidents)
    share = pc.divide(rows.column("alerted").cast(pa.float64()), rows.column("incidents"))
    return rows.append_column("alerted_share", share)


def _incident_table(found: Attribution) -> pa.Table:
    rules: dict[str, set[str]] = {}
    for incident, named in zip(
        found.alerts.column("incident_id").to_pylist(),
        found.alerts.column("rules").to_pylist(),
        strict=True,
    ):
        if incident is not None:
            rules.setdefault(incident, set()).update(named)
    rows = []
    for attack in found.attacks.to_pylist():
        first_ms, alert_ms = attack["first_event_time_ms"], attack["first_alert_ms"]
        lost, stake = attack["lost_minor"] or 0, attack["at_stake_minor"] or 0
        rows.append(
            {
                "shard": attack["incident_id"].partition("/")[0],
                **{name: attack[name] for name in ("incident_id", "scenario", "difficulty")},
                "caught": attack["caught"],
                "first_event_time_ms": first_ms,
                "first_alert_ms": alert_ms,
                "fraud_swipes": attack["fraud_swipes"],
                "delay_swipes": attack["delay_swipes"],
                "delay_min": None if alert_ms is None else (alert_ms - first_ms) / _MS_PER_MIN,
                "lost_minor": lost,
                "saved_minor": stake - lost,
                "rules": sorted(rules.get(attack["incident_id"], ())),
            }
        )
    return pa.Table.from_pylist(rows, schema=_INCIDENTS)


_INCIDENTS: Final = pa.schema(
    [
        ("shard", pa.string()),
        ("incident_id", pa.string()),
        ("scenario", pa.string()),
        ("difficulty", pa.string()),
        ("caught", pa.bool_()),
        ("first_event_time_ms", pa.int64()),
        ("first_alert_ms", pa.int64()),
        ("fraud_swipes", pa.int64()),
        ("delay_swipes", pa.int64()),
        ("delay_min", pa.float64()),
        ("lost_minor", pa.int64()),
        ("saved_minor", pa.int64()),
        ("rules", pa.list_(pa.string())),
    ]
)
_FALSE_CASES: Final = pa.schema(
    [
        ("shard", pa.string()),
        ("card_token", pa.string()),
        ("entity_type", pa.string()),
        ("first_alert_ms", pa.int64()),
        ("rules", pa.list_(pa.string())),
        ("scenario", pa.string()),
        ("incident_id", pa.string()),
    ]
)


def _false_case_table(exam: Exam, found: Attribution, shards: Sequence[Path]) -> pa.Table:
    """A row for each entity and 24 hours in which an alert was false, the first one's."""
    false = _false(found).sort_by([("entity_id", "ascending"), ("event_time_ms", "ascending")])
    shard_of = _shards_of(exam, shards)
    rows: list[dict[str, Any]] = []
    for alert in false.to_pylist():
        last = rows[-1] if rows else None
        if (
            last is not None
            and last["card_token"] == alert["entity_id"]
            and alert["event_time_ms"] < last["first_alert_ms"] + 1440 * _MS_PER_MIN
        ):
            last["rules"] = sorted({*last["rules"], *alert["rules"]})
            continue
        rows.append(
            {
                "shard": shard_of.get(alert["swipe_id"], ""),
                "card_token": alert["entity_id"],
                "entity_type": alert["entity_type"],
                "first_alert_ms": alert["event_time_ms"],
                "rules": alert["rules"],
                "scenario": alert["swipe_scenario"],
                "incident_id": alert["swipe_incident_id"],
            }
        )
    return pa.Table.from_pylist(rows, schema=_FALSE_CASES)


def _shards_of(exam: Exam, shards: Sequence[Path]) -> dict[str, str]:
    flagged = np.flatnonzero((exam.action >= REVIEW) | (exam.fired != 0))
    ids = exam.labels.column("swipe_id").take(pa.array(flagged)).to_pylist()
    return {
        swipe_id: shards[number].name
        for swipe_id, number in zip(ids, exam.shard[flagged].tolist(), strict=True)
    }


def _median(table: pa.Table, column: str) -> float | None:
    values = table.column(column).drop_null().to_pylist()
    return float(np.median(values)) if values else None


def _too_few(exam: Exam) -> list[str]:
    attacks = exam.incidents.filter(pc.equal(exam.incidents.column("role"), "attack"))
    counts = attacks.group_by(["scenario", "difficulty"]).aggregate([("incident_id", "count")])
    return [
        f"{row['incident_id_count']} incidents of {row['scenario']} ({row['difficulty']}), "
        f"{INCIDENTS_MIN} are needed"
        for row in counts.to_pylist()
        if row["incident_id_count"] < INCIDENTS_MIN
    ] or ([] if len(attacks) else ["there is no attack in this exam"])


def _flags(exam: Exam, scenarios: pa.Table, matrix: pa.Table) -> list[str]:
    chance = float((exam.action >= REVIEW).mean())
    fired: dict[str, int] = {}
    for cell in matrix.to_pylist():
        if cell["role"] == "look_alike":
            fired[cell["scenario"]] = fired.get(cell["scenario"], 0) + cell["fired"]
    untested = [name for name, count in sorted(fired.items()) if not count]
    missed, easy = [], []
    for row in scenarios.to_pylist():
        if row["role"] != "attack":
            continue
        name = f"{row['scenario']} ({row['difficulty']})"
        swipes = row["swipes"] / row["incidents"]
        by_chance = 1.0 - (1.0 - chance) ** swipes
        test = stats.binomtest(row["alerted"], row["incidents"], by_chance, alternative="greater")
        if test.pvalue > CHANCE_LEVEL:
            missed.append(name)
        elif row["difficulty"] == "hard" and row["alerted_share"] > TOO_EASY_RECALL:
            easy.append(name)
    flags = {
        "untested look-alikes, on which no rule ever fires": untested,
        "expected misses, caught no more often than by chance": missed,
        "too easy for hard": easy,
    }
    return [f"{what}: {', '.join(names)}" for what, names in flags.items() if names]
