"""What did each rule find, and what of each scenario was found?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa

from evaluation.attribution import FALSE, RIGHT_CARD, TRUE, Attribution
from evaluation.intervals import wilson


class SwipeCounts(NamedTuple):
    """Swipes flagged by a card alert, and fraudulent ones."""

    flagged: int
    flagged_fraud: int
    fraud: int


def by_swipe(alerts: pa.Table, labels: pa.Table) -> SwipeCounts:
    """Count swipes that raised a card alert themselves."""
    with duckdb.connect() as connection:
        connection.register("alerts", alerts)
        connection.register("labels", labels)
        rows = connection.sql(
            "SELECT count(*) FILTER (WHERE flagged), count(*) FILTER (WHERE flagged AND is_fraud),"
            " count(*) FILTER (WHERE is_fraud) FROM (SELECT is_fraud, swipe_id IN"
            " (SELECT swipe_id FROM alerts WHERE entity_type = 'card') AS flagged FROM labels)"
        ).fetchall()
    return SwipeCounts(*rows[0])


# A look-alike is flagged by an alert on one of its swipes.
_BY_SCENARIO: Final = """
WITH flagged AS (SELECT DISTINCT swipe_id FROM alerts WHERE entity_type = 'card'),
of_incident AS (
  SELECT incident_id, count(*) AS swipes, count(*) FILTER (WHERE f.swipe_id IS NOT NULL) AS flagged
  FROM labels l LEFT JOIN flagged f USING (swipe_id)
  WHERE incident_id IS NOT NULL AND (is_fraud OR role = 'look_alike') GROUP BY ALL),
touched AS (
  SELECT incident_id FROM attacks WHERE caught
  UNION SELECT swipe_incident_id FROM alerts WHERE swipe_role = 'look_alike')
SELECT i.scenario, i.role, i.difficulty, count(*) AS incidents,
  count(*) FILTER (WHERE t.incident_id IS NOT NULL) AS alerted,
  sum(coalesce(o.swipes, 0))::BIGINT AS swipes,
  sum(coalesce(o.flagged, 0))::BIGINT AS flagged_swipes,
  median(a.delay_swipes) FILTER (WHERE a.caught) AS delay_swipes_p50,
  sum(a.lost_minor)::BIGINT AS lost_minor, sum(a.at_stake_minor)::BIGINT AS at_stake_minor
FROM incidents i LEFT JOIN touched t USING (incident_id) LEFT JOIN of_incident o USING (incident_id)
  LEFT JOIN attacks a USING (incident_id)
GROUP BY ALL ORDER BY ALL
"""


def by_scenario(found: Attribution, labels: pa.Table, incidents: pa.Table) -> pa.Table:
    """A row for each scenario, role and difficulty, with the interval of the alerted share.

    For an attack ``alerted`` is caught, for a look-alike it is a false alarm.
    """
    with duckdb.connect() as connection:
        for name, table in (
            ("alerts", found.alerts),
            ("attacks", found.attacks),
            ("labels", labels),
            ("incidents", incidents),
        ):
            connection.register(name, table)
        rows = connection.sql(_BY_SCENARIO).to_arrow_table()
    intervals = [
        wilson(alerted, of)
        for alerted, of in zip(
            rows.column("alerted").to_pylist(), rows.column("incidents").to_pylist(), strict=True
        )
    ]
    for end in ("low", "high"):
        ends = pa.array([getattr(interval, end) for interval in intervals], pa.float64())
        rows = rows.append_column(f"alerted_share_{end}", ends)
    return rows


_BY_RULE: Final = """
WITH raised AS (SELECT unnest(rules) AS rule, * EXCLUDE (rules) FROM alerts),
of_alerts AS (
  SELECT rule, count(*) AS alerts,
    count(*) FILTER (WHERE kind = '{true}') AS alerts_true,
    count(*) FILTER (WHERE kind = '{right_card}') AS alerts_right_card_wrong_swipe,
    count(*) FILTER (WHERE kind = '{false}') AS alerts_false,
    count(DISTINCT incident_id) AS incidents_caught
  FROM raised GROUP BY ALL),
of_decisions AS (
  SELECT rule, count(*) FILTER (WHERE NOT shadow) AS fired_swipes,
    count(*) FILTER (WHERE NOT shadow AND l.is_fraud) AS fired_fraud_swipes,
    count(*) FILTER (WHERE shadow) AS shadow_swipes,
    count(*) FILTER (WHERE shadow AND l.is_fraud) AS shadow_fraud_swipes
  FROM (SELECT DISTINCT rule, swipe_id, shadow FROM fired) LEFT JOIN labels l USING (swipe_id)
  GROUP BY ALL)
SELECT rule, coalesce(fired_swipes, 0) AS fired_swipes,
  coalesce(fired_fraud_swipes, 0) AS fired_fraud_swipes, coalesce(alerts, 0) AS alerts,
  coalesce(alerts_true, 0) AS alerts_true,
  coalesce(alerts_right_card_wrong_swipe, 0) AS alerts_right_card_wrong_swipe,
  coalesce(alerts_false, 0) AS alerts_false, coalesce(incidents_caught, 0) AS incidents_caught,
  coalesce(shadow_swipes, 0) AS shadow_swipes,
  coalesce(shadow_fraud_swipes, 0) AS shadow_fraud_swipes
FROM of_alerts FULL JOIN of_decisions USING (rule) ORDER BY rule
"""


def by_rule(found: Attribution, decisions: Sequence[Any], labels: pa.Table) -> pa.Table:
    """A row for each rule that fired: on how many swipes, in how many alerts, for what.

    An alert of several rules counts for each of them. ``shadow_swipes`` are those on which a rule
    that only watches would have fired.
    """
    judged = [d for d in decisions if d is not None]
    pairs = [(rule, d.swipe_id, False) for d in judged for rule in d.rules]
    pairs += [(rule, d.swipe_id, True) for d in judged for rule in d.shadow_rules]
    fired = pa.table(
        {
            "rule": pa.array([rule for rule, _, _ in pairs], pa.string()),
            "swipe_id": pa.array([swipe_id for _, swipe_id, _ in pairs], pa.string()),
            "shadow": pa.array([shadow for _, _, shadow in pairs], pa.bool_()),
        }
    )
    kinds = {"true": TRUE, "right_card": RIGHT_CARD, "false": FALSE}
    with duckdb.connect() as connection:
        connection.register("alerts", found.alerts)
        connection.register("labels", labels)
        connection.register("fired", fired)
        return connection.sql(_BY_RULE.format(**kinds)).to_arrow_table()
