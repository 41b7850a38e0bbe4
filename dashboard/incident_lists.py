"""Which attacks and false cases can be looked at, of an exam or of a run?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pandas as pd
import pyarrow.parquet as pq

from dashboard.exams import Exam

Which = Literal["missed", "false", "caught"]
WHICH: Final[dict[str, str]] = {
    "missed": "attacks that were missed",
    "false": "opened for nothing",
    "caught": "attacks that were caught",
}
#: Columns of money: approved fraud in the currency of the card, in major units.
LOST, SAVED, AT_STAKE = ("lost (card's currency)", "saved", "at stake")
_MINOR_PER_MAJOR: Final = 100
_MS_PER_MIN: Final = 60_000


@dataclass(frozen=True)
class Listed:
    """Rows to choose from.

    Attributes
    ----------
    shown
        For people, a row each.
    addresses
        How the address names each row.
    """

    shown: pd.DataFrame
    addresses: list[dict[str, str]]


def of_exam(exam: Exam, which: Which) -> Listed:
    """The list of an exam."""
    if which == "false":
        cases = exam.table("false_cases").sort_values(["scenario", "first_alert_ms"])
        shown = pd.DataFrame(
            {
                "happened": cases["scenario"],
                "rules": cases["rules"].map(", ".join),
                "first alert (UTC)": _times(cases["first_alert_ms"]),
                "action": cases["block"].map({True: "block", False: "review"}),
                "card": cases["card_token"].str[:8],
            }
        )
        return Listed(shown, [_case(row) for row in cases.to_dict("records")])
    attacks = exam.table("incidents")
    attacks = attacks[attacks["caught"] == (which == "caught")]
    # What was most costly stands first.
    attacks = attacks.sort_values("lost_minor", ascending=False, kind="stable")
    shown = pd.DataFrame(
        {
            "attack": attacks["incident_id"],
            "difficulty": attacks["difficulty"],
            LOST: attacks["lost_minor"] / _MINOR_PER_MAJOR,
            "swipes before the alert": attacks["delay_swipes"],
        }
    )
    if which == "caught":
        shown[SAVED] = attacks["saved_minor"] / _MINOR_PER_MAJOR
        shown["minutes to the alert"] = attacks["delay_min"]
        shown["rules"] = attacks["rules"].map(", ".join)
    names = zip(attacks["shard"], attacks["incident_id"], strict=True)
    return Listed(shown, [{"shard": shard, "incident": name} for shard, name in names])


def of_run(run: Path, which: Which) -> Listed | None:
    """The list of a run; None where its detection was not judged."""
    file = run / "results" / f"detection_{'alerts' if which == 'false' else 'incidents'}.parquet"
    if not file.exists():
        return None
    rows = pq.read_table(file).to_pandas()
    if which == "false":
        rows = rows[(rows["kind"] == "false") & (rows["entity_type"] == "card")]
        rows = rows.sort_values("event_time_ms")
        shown = pd.DataFrame(
            {
                "happened": rows["swipe_scenario"].fillna("ordinary"),
                "rules": rows["rules"].map(", ".join),
                "alert (UTC)": _times(rows["event_time_ms"]),
                "card": rows["entity_id"].str[:8],
            }
        )
        return Listed(shown, [_alert(row) for row in rows.to_dict("records")])
    rows = rows[rows["caught"] == (which == "caught")]
    rows = rows.sort_values("lost_minor", ascending=False, kind="stable")
    shown = pd.DataFrame(
        {
            "attack": rows["incident_id"],
            "difficulty": rows["difficulty"],
            LOST: rows["lost_minor"] / _MINOR_PER_MAJOR,
            AT_STAKE: rows["at_stake_minor"] / _MINOR_PER_MAJOR,
            "swipes before the alert": rows["delay_swipes"],
        }
    )
    if which == "caught":
        waited_ms = rows["first_alert_ms"] - rows["first_event_time_ms"]
        shown["minutes to the alert"] = waited_ms / _MS_PER_MIN
    return Listed(shown, [{"incident": name} for name in rows["incident_id"]])


def _times(milliseconds: Any) -> Any:
    return pd.to_datetime(milliseconds, unit="ms", utc=True)


def _case(row: dict[Any, Any]) -> dict[str, str]:
    """A look-alike by its name, so that all of it is told; else the card from the alert on."""
    if row["incident_id"] is not None:
        return {"shard": row["shard"], "incident": row["incident_id"]}
    at = str(row["first_alert_ms"])
    return {"shard": row["shard"], "card": row["card_token"], "at": at}


def _alert(row: dict[Any, Any]) -> dict[str, str]:
    if row["swipe_incident_id"] is not None:
        return {"incident": row["swipe_incident_id"]}
    return {"card": row["entity_id"], "at": str(row["event_time_ms"])}
