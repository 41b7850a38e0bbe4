"""Which alerts does the search index hold, of which card, by which rule, and why?"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pandas as pd
import streamlit as st
from elasticsearch import Elasticsearch

from dashboard.choices import UnknownId, ask, choose
from dashboard.example import nothing_yet
from dashboard.verdict_marks import escaped
from dashboard.view import View
from delivery.alerts.connection import ENV_PREFIX, ElasticsearchSettings, connect
from delivery.alerts.documents import INDEX_PREFIX
from delivery.alerts.search import (
    SHOWN,
    AlertQuery,
    FoundAlerts,
    alert_indices,
    search_alerts,
)
from delivery.problems import DeliveryError
from job.contracts import Alert, Finding

_ANY: Final = "any"
_ACTIONS: Final = [_ANY, "review", "block"]
#: A page that waits longer says that nothing answers.
_PATIENCE_S: Final = 5.0


def render() -> None:
    """Search for what the address names."""
    st.title("Alerts")
    settings = ElasticsearchSettings()
    if settings.url is None:
        nothing_yet(
            f"No Elasticsearch is named: {ENV_PREFIX}URL is not set.",
            "make stack-up elasticsearch=1\n"
            ".venv/bin/paystream index-alerts --run examples/run\n"
            f"{ENV_PREFIX}URL=http://127.0.0.1:9200 make dashboard",
            offer_example=False,
        )
        return
    try:
        with connect(settings.model_copy(update={"request_timeout_s": _PATIENCE_S})) as client:
            _search(client)
    except (DeliveryError, UnknownId) as error:
        st.error(escaped(str(error)), icon=":material/error:")


def _search(client: Elasticsearch) -> None:
    indices = alert_indices(client)
    if not indices:
        nothing_yet(
            f"There is no index {INDEX_PREFIX} yet.",
            ".venv/bin/paystream index-alerts --run examples/run",
            offer_example=False,
        )
        return
    default = INDEX_PREFIX if INDEX_PREFIX in indices else indices[-1]
    index = choose("index", "Index", indices, default) if len(indices) > 1 else indices[0]
    columns = st.columns([3, 2, 2, 2, 2])
    with columns[0]:
        entity_id = ask("entity", "Card, merchant, BIN, device or swipe", example="its whole id")
    with columns[1]:
        since_ms = _moment_ms("since", "From (UTC)")
    with columns[2]:
        until_ms = _moment_ms("until", "Until (UTC)")
    bounds = AlertQuery(entity_id=entity_id, since_ms=since_ms, until_ms=until_ms)
    with columns[3]:
        # What can be chosen is what occurs, whatever else is chosen.
        rules = sorted(search_alerts(client, index, bounds).by_rule)
        rule = choose("rule", "Rule", _with_chosen("rule", rules), _ANY)
    with columns[4]:
        action = choose("action", "Action", _ACTIONS, _ANY)
    query = AlertQuery(
        entity_id=entity_id,
        since_ms=since_ms,
        until_ms=until_ms,
        rule=None if rule == _ANY else rule,
        action=None if action == _ANY else action,
    )
    _show(search_alerts(client, index, query))


def _with_chosen(name: str, found: list[str]) -> list[str]:
    """A rule in the address stays a choice where nothing fits: the page then says that."""
    asked = st.query_params.get(name)
    known = [_ANY, *found]
    return known if asked is None or asked in known else [*known, asked]


def _moment_ms(name: str, label: str) -> int | None:
    typed = ask(name, label, example="2026-11-24 12:30", explained="A day, or a day and a time.")
    if not typed:
        return None
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        raise DeliveryError(f"{label}: {typed!r} is no time, e.g. 2026-11-24 12:30") from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)


def _show(found: FoundAlerts) -> None:
    left, right = st.columns([1, 3])
    left.metric("Alerts that fit", f"{found.total:,}", border=True)
    of_each = {**found.by_action, **found.by_rule}
    right.caption(", ".join(f"{name} {count:,}" for name, count in of_each.items()) or "None.")
    if not found.alerts:
        return
    st.dataframe(pd.DataFrame([_row(alert) for alert in found.alerts]), hide_index=True)
    if found.total > len(found.alerts):
        st.caption(f"The newest {SHOWN} by event time; narrow the search for others.")
    _explain(found.alerts)


def _row(alert: Alert) -> dict[str, object]:
    return {
        "event time (UTC)": datetime.fromtimestamp(alert.event_time_ms / 1_000, UTC),
        "action": alert.action,
        "score": round(alert.score, 3),
        "entity": alert.entity_type,
        "id": alert.entity_id,
        "why": "; ".join(_reason(finding) for finding in alert.findings),
    }


def _reason(finding: Finding) -> str:
    return f"{finding.rule}: {finding.value:g} {finding.unit}, fires at {finding.threshold:g}"


def _explain(alerts: list[Alert]) -> None:
    st.subheader("One alert")
    by_id = {alert.alert_id: alert for alert in alerts}
    if st.query_params.get("alert") not in by_id:  # of another search
        st.query_params.pop("alert", None)
    chosen = choose("alert", "Alert", list(by_id), alerts[0].alert_id)
    alert = by_id[chosen]
    st.caption(f"{alert.action}, score {alert.score:.2f}, on swipe {escaped(alert.swipe_id)}")
    for finding in alert.findings:
        st.markdown(f"**{escaped(finding.reason_code)}** {escaped(_reason(finding))}")
        saw = ", ".join(f"{name} {value}" for name, value in finding.saw.items())
        rests = ", ".join(finding.swipe_ids)
        st.caption(
            escaped("; ".join(part for part in (saw, rests and f"rests on {rests}") if part))
        )


VIEW = View("alerts", "Alerts", ":material/notifications:", 70, render)
