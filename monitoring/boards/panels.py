"""How does one panel look, so that all boards look alike?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from grafana_foundation_sdk.builders.common import ReduceDataOptions, VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    QueryVariable,
    Row,
    ThresholdsConfig,
)
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DataSourceRef,
    Threshold,
    ThresholdsMode,
    VariableRefresh,
)

from monitoring.queries import selected

#: As provisioned (``monitoring/grafana/provisioning``).
DATASOURCE: Final = DataSourceRef(type_val="prometheus", uid="prometheus")
#: Selects the jobs that are chosen at the top of a board.
JOB: Final = 'job_name=~"$job_name"'
#: Selects the environment, in each query: the jobs of all have one name. What is of none has no
#: such label, as an alert that says that nothing is told any more, and outside of Kubernetes all.
_NAMESPACE: Final = 'namespace=~"$namespace|"'
_WIDTH: Final = 24
_HEIGHT: Final = 8
_STAT_HEIGHT: Final = 4


class Query(NamedTuple):
    """One line of a panel: what is asked, and how its series are called."""

    expression: str
    legend: str = ""


class Board(NamedTuple):
    """A dashboard, and the name of its file."""

    name: str
    dashboard: Dashboard


def board(name: str, title: str, description: str) -> Dashboard:
    """An empty dashboard in which the job is chosen at the top."""
    return (
        Dashboard(f"PayStream: {title}")
        .uid(f"paystream-{name}")
        .description(description)
        .tags(["paystream", "generated"])
        .refresh("30s")
        .time("now-1h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(_choice("namespace", "Namespace", "flink_jobmanager_numRunningJobs"))
        .with_variable(
            _choice("job_name", "Job", f"flink_jobmanager_job_numRestarts{{{_NAMESPACE}}}")
            .multi(True)
            .include_all(True)
        )
    )


def _choice(label: str, title: str, metric: str) -> QueryVariable:
    """Values of a label, of which one is chosen."""
    return (
        QueryVariable(label)
        .label(title)
        .query(f"label_values({metric}, {label})")
        .datasource(DATASOURCE)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )


def row(title: str) -> Row:
    """A heading over the panels that follow."""
    return Row(title)


def lines(
    title: str, description: str, unit: str, *queries: Query, columns: int = 2, least: float = 0.0
) -> Timeseries:
    """Figures over time.

    Parameters
    ----------
    title, description
        What a person reads; the description says what is normal, or what to do.
    unit
        Grafana's name of it: ``s``, ``ms``, ``bytes``, ``percentunit``, ``reqps``, ``short``.
    *queries
        What is drawn.
    columns
        How many such panels stand side by side.
    least
        The axis begins there.
    """
    panel = (
        Timeseries()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .min(least)
        .height(_HEIGHT)
        .span(_WIDTH // columns)
        .legend(
            VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
    )
    for target in _targets(queries):
        panel = panel.with_target(target)
    return panel


def figure(
    title: str,
    description: str,
    unit: str,
    expression: str,
    *,
    warn: float | None = None,
    columns: int = 6,
) -> Stat:
    """One figure, now.

    Parameters
    ----------
    title, description, unit
        As for :func:`lines`.
    expression
        What is asked.
    warn
        Red from there on; None for no colour.
    columns
        How many such panels stand side by side.
    """
    steps = [Threshold(color="green", value=None)]
    if warn is not None:
        steps.append(Threshold(color="red", value=warn))
    (target,) = _targets([Query(expression)])
    return (
        Stat()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .height(_STAT_HEIGHT)
        .span(_WIDTH // columns)
        .thresholds(ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps))
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(target.instant())
    )


def _targets(queries: Sequence[Query]) -> list[Dataquery]:
    return [
        Dataquery()
        .expr(selected(query.expression, _NAMESPACE))
        .legend_format(query.legend or "{{job_name}}")
        .ref_id(chr(ord("A") + number))
        for number, query in enumerate(queries)
    ]
