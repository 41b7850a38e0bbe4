"""What does every rule say of every swipe, over months of event time?

The engine over swipes in columns, without rendering and reading records: for the evaluation in
bulk, which needs each rule's value on every swipe and not only what was flagged.

    python -m job.bulk --swipes swipes.parquet --profiles profiles.parquet --out scores.parquet
"""

from __future__ import annotations

import argparse
import hashlib
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from job.contracts import Alert, CardProfile, FraudReport, Observation, Swipe, Topics
from job.engine.card_state import UNKNOWN_DIGEST, CardState
from job.engine.detector import Detector
from job.engine.fate import SettledFate, settle
from job.engine.settings import NO_EVENT_TIME_LIMIT_MS, EngineSettings
from job.engine.window_engine import EntityState, WindowEngine
from job.rules.base import CrossCardRule, ReportRule, Rule
from job.rules.parameters import DEFAULT_FILE, ParametersError, load_rules

#: Codes of the column ``fate``.
FATES: Final[tuple[SettledFate, ...]] = ("judged", "late", "repeat", "id_conflict")
#: Codes of the column ``action``.
ACTIONS: Final = ("clear", "review", "block")
_BEFORE_ALL_TIME_MS: Final = -(1 << 62)
_BATCH: Final = 50_000
#: Digest of every swipe's bytes: there are none, and each id stands for one content.
_DIGEST: Final = UNKNOWN_DIGEST + 1

Progress = Callable[[int, int], None]
_decode_profile = msgspec.json.Decoder(CardProfile).decode
_decode_report = msgspec.json.Decoder(FraudReport).decode
_decode_alert = msgspec.json.Decoder(Alert).decode


class BulkScores:
    """The engine's answers, a row a swipe, as they come.

    Parameters
    ----------
    rules, settings
        As the job runs with.
    """

    def __init__(self, rules: list[Rule], settings: EngineSettings) -> None:
        self._settings = settings
        self._detector = Detector(rules, settings)
        self._windows = WindowEngine(rules, settings, Topics.with_prefix())
        self._cross = [rule for rule in rules if isinstance(rule, CrossCardRule)]
        #: Names in the order of the bits of ``fired`` and of the columns of values.
        self._on_reports = [rule for rule in rules if isinstance(rule, ReportRule)]
        self.rules: list[Rule] = [*self._detector.rules, *self._cross, *self._on_reports]
        self._cards: dict[str, CardState] = {}
        self._entities: dict[tuple[str, str], EntityState] = {}
        self._counted: dict[tuple[str, str, int], set[str]] = {}
        self.entity_alerts: list[dict[str, Any]] = []
        self.rule_errors = 0

    def load_profile(self, value: bytes) -> None:
        """Take one card's past."""
        profile = _decode_profile(value)
        state = self._cards.setdefault(profile.card_token, CardState())
        state.apply_profile(profile, self._detector.retention_ms)
        if not state.judged_count:
            for swipe in sorted(profile.recent, key=attrgetter("event_time_ms")):
                self._visit(swipe, state)

    def take_report(self, report: FraudReport) -> None:
        """Take a fraud report, after the swipes that were made before it."""
        card = self._cards.get(report.card_token)
        if card is None:
            return
        for rule in self._on_reports:
            for observation in rule.suspects(report, card):
                self._alert(observation)

    def score(self, swipe: Swipe) -> tuple[int, float, int, int, list[float]]:
        """Judge one swipe in the order of arrival.

        Returns
        -------
        tuple
            Code of the fate, score, code of the action, bits of the rules that fired, and each
            rule's value (0 where the fate is not ``judged``, and of rules on fraud reports, which
            say nothing of a swipe).
        """
        card = self._cards.get(swipe.card_token)
        if card is None:
            card = self._cards[swipe.card_token] = CardState()
        fate = settle(swipe, _DIGEST, card, self._settings.lateness_ms)
        if fate != "judged":
            return FATES.index(fate), 0.0, 0, 0, [0.0] * len(self.rules)
        judgement = self._detector.judge(swipe, card)
        self.rule_errors += len(judgement.rule_errors)
        fired = 0
        for rule in (*judgement.fired, *judgement.shadow):
            fired |= 1 << self._detector.rules.index(rule)
        card.remember(swipe, _DIGEST, self._detector.retention_ms)
        values = list(judgement.values)
        for bit, across in enumerate(self._cross, start=len(values)):
            value = self._observe(across, swipe)
            values.append(value)
            fired |= (value >= across.threshold) << bit
        self._visit(swipe, card)
        values += [0.0] * len(self._on_reports)
        return 0, judgement.score, ACTIONS.index(judgement.action), fired, values

    def _observe(self, rule: CrossCardRule, swipe: Swipe) -> float:
        """Distinct cards in the swipe's window, this one included; 0 where it does not count."""
        observation = rule.observe(swipe)
        if observation is None:
            return 0.0
        start_ms = swipe.event_time_ms - swipe.event_time_ms % rule.window_ms
        cards = self._counted.setdefault((rule.name, observation.entity_id, start_ms), set())
        cards.add(swipe.card_token)
        self._alert(observation)
        return float(len(cards))

    def _visit(self, swipe: Swipe, card: CardState) -> None:
        if not self._on_reports:
            return
        for rule in self._on_reports:
            observation = rule.seen(swipe, card)
            if observation is not None:
                self._alert(observation)
        card.note_visit(swipe)

    def _alert(self, observation: Observation) -> None:
        key = (observation.rule, observation.entity_id)
        entity = self._entities.setdefault(key, EntityState())
        for output in self._windows.process(observation, _BEFORE_ALL_TIME_MS, entity):
            alert = _decode_alert(output.value)
            self.entity_alerts.append(
                {
                    "rule": observation.rule,
                    "entity_type": alert.entity_type,
                    "entity_id": alert.entity_id,
                    "swipe_id": alert.swipe_id,
                    "event_time_ms": alert.event_time_ms,
                    "action": ACTIONS.index(alert.action),
                    "score": alert.score,
                }
            )


_ENTITY_ALERTS: Final = pa.schema(
    [
        ("rule", pa.string()),
        ("entity_type", pa.string()),
        ("entity_id", pa.string()),
        ("swipe_id", pa.string()),
        ("event_time_ms", pa.int64()),
        ("action", pa.int8()),
        ("score", pa.float64()),
    ]
)


def score_file(
    scores: BulkScores,
    swipes: Path,
    profiles: Path | None,
    out: Path,
    progress: Progress | None = None,
    reports: Path | None = None,
) -> None:
    """Judge the swipes of a file in its order.

    Parameters
    ----------
    swipes
        Parquet with the fields of a swipe as columns, by arrival.
    profiles
        Parquet with ``value``, the rendered card profiles.
    out
        Parquet, a row a swipe in the same order: ``fate``, ``score``, ``action``, ``fired`` and
        ``value_<rule>`` of each rule. Rules, thresholds, units and whether they are shadow rules
        (whose bits are set in ``fired``, too) stand in the schema's metadata. The alerts across
        cards stand in ``<out>`` with the suffix ``.entities.parquet``. Both appear only when
        complete.
    reports
        Parquet with ``value``, the rendered fraud reports, by the time they were made; each comes
        after the last swipe made before it.
    """
    if profiles is not None:
        for batch in pq.ParquetFile(profiles).iter_batches(columns=["value"]):
            for value in batch.column("value").to_pylist():
                scores.load_profile(value)
    schema = _schema(scores.rules)
    file = pq.ParquetFile(swipes)
    partial = out.with_name(out.name + ".partial")
    done = 0
    waiting = _Reports(reports)
    try:
        with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
            for batch in file.iter_batches(batch_size=_BATCH):
                rows = []
                for swipe in _swipes(batch):
                    for report in waiting.until(swipe.event_time_ms):
                        scores.take_report(report)
                    rows.append(scores.score(swipe))
                writer.write_table(_table(rows, schema))
                done += len(rows)
                if progress is not None:
                    progress(done, file.metadata.num_rows)
        for report in waiting.until(NO_EVENT_TIME_LIMIT_MS):
            scores.take_report(report)
        entities = pa.Table.from_pylist(scores.entity_alerts, schema=_ENTITY_ALERTS)
        pq.write_table(entities, entities_file(out), compression="zstd")
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


def entities_file(scores: Path) -> Path:
    """Where the alerts across cards stand, beside the scores."""
    return scores.with_suffix(".entities.parquet")


class _Reports:
    """Fraud reports that wait for their time."""

    def __init__(self, file: Path | None) -> None:
        values = [] if file is None else pq.read_table(file).column("value").to_pylist()
        self._waiting = deque(map(_decode_report, values))

    def until(self, time_ms: int) -> Iterator[FraudReport]:
        """Those made by then that were not given yet."""
        while self._waiting and self._waiting[0].reported_ms <= time_ms:
            yield self._waiting.popleft()


def _swipes(batch: Any) -> Iterator[Swipe]:
    names = list(Swipe.__struct_fields__)
    columns = [batch.column(name).to_pylist() for name in names]
    for row in zip(*columns, strict=True):
        yield Swipe(**dict(zip(names, row, strict=True)))


def _schema(rules: list[Rule]) -> Any:
    described = [
        {
            "name": rule.name,
            "threshold": rule.threshold,
            "unit": rule.unit,
            "shadow": rule.parameters.shadow,
        }
        for rule in rules
    ]
    return pa.schema(
        [
            ("fate", pa.int8()),
            ("score", pa.float32()),
            ("action", pa.int8()),
            ("fired", pa.int32()),
            *((f"value_{rule.name}", pa.float32()) for rule in rules),
        ],
        metadata={b"rules": msgspec.json.encode(described)},
    )


def _table(rows: list[tuple[int, float, int, int, list[float]]], schema: Any) -> Any:
    values = np.array([row[4] for row in rows], dtype=np.float32).reshape(len(rows), -1)
    columns = [
        *(np.array([row[at] for row in rows]) for at in range(4)),
        *(values[:, at] for at in range(values.shape[1])),
    ]
    arrays = [
        pa.array(column).cast(field.type, safe=False)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.table(arrays, schema=schema)


def rules_hash(rules_file: Path = DEFAULT_FILE) -> str:
    """SHA-256 over the engine, the rules and their parameters: what an exam judges."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    code = [file for part in ("engine", "rules", "contracts") for file in root.glob(f"{part}/*.py")]
    # How the engine is fed makes its answers, too: kept ones must not outlive a change of it.
    code.append(Path(__file__))
    for file in (*sorted(code), rules_file):
        digest.update((file.name if file != rules_file else "parameters").encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def main(arguments: list[str]) -> int:
    """Run from the command line; progress as lines ``done total`` on standard output."""
    parser = argparse.ArgumentParser(prog="python -m job.bulk", description=__doc__)
    parser.add_argument("--swipes", type=Path, help="by arrival, Parquet")
    parser.add_argument("--profiles", type=Path, help="card profiles, Parquet")
    parser.add_argument(
        "--reports",
        type=Path,
        help="fraud reports; reports.parquet beside the swipes if it is there",
    )
    parser.add_argument("--rules", type=Path, default=DEFAULT_FILE, help="parameters, TOML")
    parser.add_argument("--lateness-ms", type=int, default=30_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--hash", action="store_true", help="print what identifies the rules")
    given = parser.parse_args(arguments)
    # Asked to stop, it leaves nothing half-written.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        rules = load_rules(given.rules)
    except ParametersError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    if given.hash:
        sys.stdout.write(rules_hash(given.rules) + "\n")
        return 0
    if given.swipes is None or given.out is None:
        parser.error("--swipes and --out are needed")
    scores = BulkScores(rules, EngineSettings(lateness_ms=given.lateness_ms))

    def progress(done: int, total: int) -> None:
        sys.stdout.write(f"{done} {total}\n")
        sys.stdout.flush()

    # By its name where it is not given, as in the local run.
    beside = given.swipes.with_name("reports.parquet")
    reports = given.reports or (beside if beside.exists() else None)
    score_file(scores, given.swipes, given.profiles, given.out, progress, reports)
    if scores.rule_errors:
        # Answers with a rule missing must not be taken for whole ones later.
        given.out.unlink()
        sys.stderr.write(f"rules raised {scores.rule_errors} times\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
