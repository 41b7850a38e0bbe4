"""Which alert found which attack?

An alert credits an incident when its card or entity matches, or a device that its fraud came from,
from the incident's first fraudulent swipe until 24 hours after its last. On a genuine swipe of an
attacked card it is right card, wrong swipe: it credits, and has its own column. Anything else is
false. One alert credits one incident: the one its swipe belongs to, else the one that began last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import pyarrow as pa

from evaluation.alert_parity import alert_key

#: How long after its last fraudulent swipe an alert still counts for an incident: the working day
#: of a person who handles cases. A choice.
CREDIT_AFTER_MS: Final = 24 * 3_600_000

TRUE, RIGHT_CARD, FALSE = "true", "right_card_wrong_swipe", "false"

#: Columns of a table of alerts.
ALERTS: Final = pa.schema(
    [
        ("alert", pa.int64()),
        ("entity_type", pa.string()),
        ("entity_id", pa.string()),
        ("swipe_id", pa.string()),
        ("event_time_ms", pa.int64()),
        ("rules", pa.list_(pa.string())),
    ]
)

# A BIN alert names the BIN and the merchant where it was tried, `bin|merchant`; one on a device the
# device that a fraudulent swipe came from, whatever the attack is on.
_CREDIT: Final = """
CREATE TEMP TABLE attacks AS SELECT * FROM incidents WHERE role = 'attack';
CREATE TEMP TABLE marks AS
  SELECT DISTINCT incident_id, 'card' AS entity_type, card_token AS entity_id
  FROM labels SEMI JOIN attacks USING (incident_id) WHERE is_fraud
  UNION SELECT DISTINCT incident_id, 'device', device_id
  FROM labels SEMI JOIN attacks USING (incident_id) WHERE is_fraud AND device_id IS NOT NULL
  UNION SELECT incident_id, entity_type, entity_id FROM attacks
  UNION SELECT DISTINCT l.incident_id, 'bin', l.bin || '|' || l.merchant_id
  FROM labels l JOIN attacks a ON a.incident_id = l.incident_id AND a.entity_type = 'bin'
  WHERE l.is_fraud;
CREATE TEMP TABLE triggers AS
  SELECT a.*, coalesce(l.is_fraud, false) AS swipe_is_fraud, l.scenario AS swipe_scenario,
    l.role AS swipe_role, l.incident_id AS swipe_incident_id
  FROM alerts a LEFT JOIN labels l USING (swipe_id);
CREATE TEMP TABLE credits AS
  SELECT t.alert, i.incident_id
  FROM triggers t JOIN marks m USING (entity_type, entity_id)
    JOIN attacks i ON i.incident_id = m.incident_id
  WHERE t.event_time_ms BETWEEN i.first_event_time_ms AND i.last_event_time_ms + {after_ms}
  QUALIFY row_number() OVER (
    PARTITION BY t.alert
    ORDER BY (t.swipe_is_fraud AND t.swipe_incident_id IS NOT DISTINCT FROM i.incident_id) DESC,
      i.first_event_time_ms DESC, i.incident_id) = 1;
"""

_ATTRIBUTED: Final = """
SELECT t.*, c.incident_id,
  CASE
    WHEN c.incident_id IS NOT NULL AND (t.swipe_is_fraud OR t.entity_type <> 'card') THEN '{true}'
    WHEN c.incident_id IS NOT NULL THEN '{right_card}'
    WHEN t.swipe_is_fraud AND t.entity_type = 'card' THEN '{true}'
    ELSE '{false}'
  END AS kind
FROM triggers t LEFT JOIN credits c USING (alert) ORDER BY t.alert
"""

# Before the first alert: everything of the incident up to it, but for the swipe that raised it,
# whose response has not left yet.
_INCIDENTS: Final = """
WITH firsts AS (
  SELECT incident_id, min(event_time_ms) AS first_alert_ms,
    arg_min(swipe_id, (event_time_ms, alert)) AS alert_swipe_id, count(*) AS alerts
  FROM attributed WHERE incident_id IS NOT NULL GROUP BY ALL),
losses AS (
  SELECT i.incident_id,
    count(*) FILTER (WHERE before) AS swipes_before,
    coalesce(sum(amount_minor) FILTER (WHERE before AND approved), 0)::BIGINT AS lost_minor,
    coalesce(sum(amount_minor) FILTER (WHERE approved), 0)::BIGINT AS at_stake_minor,
    count(*) AS fraud_swipes
  FROM (
    SELECT l.*, f.first_alert_ms IS NULL
      OR (l.event_time_ms <= f.first_alert_ms AND l.swipe_id <> f.alert_swipe_id) AS before
    FROM labels l LEFT JOIN firsts f USING (incident_id) WHERE l.is_fraud) i
  GROUP BY ALL)
SELECT i.incident_id, i.scenario, i.role, i.difficulty, i.entity_type, i.entity_id,
  i.first_event_time_ms, f.first_alert_ms IS NOT NULL AS caught, f.first_alert_ms,
  coalesce(f.alerts, 0) AS alerts, l.fraud_swipes, l.swipes_before AS delay_swipes,
  l.lost_minor, l.at_stake_minor
FROM attacks i LEFT JOIN firsts f USING (incident_id) LEFT JOIN losses l USING (incident_id)
ORDER BY i.first_event_time_ms, i.incident_id
"""


@dataclass(frozen=True)
class Attribution:
    """Alerts with what they found, and incidents with what found them.

    Attributes
    ----------
    alerts
        A row an alert: entity, swipe, rules, ``incident_id`` it credits, ``kind`` (``true``,
        ``right_card_wrong_swipe``, ``false``), the label of its swipe.
    attacks
        A row an attack: ``caught``, ``first_alert_ms``, ``delay_swipes`` and ``lost_minor``
        (approved amounts) before the first alert; all of them where none came.
    """

    alerts: pa.Table
    attacks: pa.Table


def attribute(alerts: Sequence[Any], labels: pa.Table, incidents: pa.Table) -> Attribution:
    """Credit alerts to incidents.

    Parameters
    ----------
    alerts
        Decoded alerts; one that comes again (same cause) counts once.
    labels, incidents
        The replay's tables.
    """
    return attribute_table(_alert_table(alerts), labels, incidents)


def attribute_table(alerts: pa.Table, labels: pa.Table, incidents: pa.Table) -> Attribution:
    """Credit alerts, given as a table, to incidents.

    Parameters
    ----------
    alerts
        With the columns of ``ALERTS``, each cause once; ``alert`` ascends in their order.
    labels
        At least the fraudulent swipes; of others only the label of an alert's swipe is looked up.
    incidents
        The replay's.
    """
    with duckdb.connect() as connection:
        connection.register("alerts", alerts)
        connection.register("labels", labels)
        connection.register("incidents", incidents)
        connection.execute(_CREDIT.format(after_ms=CREDIT_AFTER_MS))
        kinds = {"true": TRUE, "right_card": RIGHT_CARD, "false": FALSE}
        attributed = connection.sql(_ATTRIBUTED.format(**kinds)).to_arrow_table()
        connection.register("attributed", attributed)
        return Attribution(attributed, connection.sql(_INCIDENTS).to_arrow_table())


def _alert_table(alerts: Sequence[Any]) -> pa.Table:
    once = {alert_key(alert): alert for alert in reversed(alerts)}
    rows = [
        {
            "alert": number,
            "entity_type": alert.entity_type,
            "entity_id": alert.entity_id,
            "swipe_id": alert.swipe_id,
            "event_time_ms": alert.event_time_ms,
            "rules": sorted({finding.rule for finding in alert.findings}),
        }
        for number, alert in enumerate(reversed(once.values()))
    ]
    return pa.Table.from_pylist(rows, schema=ALERTS)
