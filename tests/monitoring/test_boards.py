"""Are the committed boards those of the code, and will Grafana find and draw them?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from monitoring import generate, queries

ROOT: Final = Path(__file__).parents[2]
PROVISIONING: Final = ROOT / "monitoring" / "grafana" / "provisioning"
FILES: Final = sorted(queries.DASHBOARDS.glob("*.json"))
#: What Grafana replaces in a query.
BUILT_IN: Final = {"$__rate_interval"}


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def panels(file: Path) -> list[dict[str, Any]]:
    return [panel for panel in read(file)["panels"] if panel["type"] != "row"]


def test_the_committed_files_are_what_the_code_makes() -> None:
    assert sorted(generate.dashboards()) == FILES
    for file, text in {**generate.dashboards(), **generate.for_kubernetes()}.items():
        assert file.read_text(encoding="utf-8") == text, f"{file.name} is old: run `make docs`"


def test_the_page_s_tables_are_what_the_catalogue_says() -> None:
    text = generate.PAGE.read_text(encoding="utf-8")
    assert generate.page(text) == text, "docs/monitoring.md is old: run `make docs`"


def test_the_boards_are_those_that_were_asked_for() -> None:
    assert {file.stem for file in FILES} == {"overview", "job", "kafka", "state", "detection"}
    assert len({read(file)["uid"] for file in FILES}) == len(FILES)


def test_grafana_is_told_where_boards_and_figures_are() -> None:
    (source,) = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    uids = {panel["datasource"]["uid"] for file in FILES for panel in panels(file)}
    assert uids == {source["uid"]}
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards/paystream.yml").read_text())[
        "providers"
    ]
    assert provider["type"] == "file"
    interval = yaml.safe_load((ROOT / "monitoring" / "prometheus.yml").read_text())["global"]
    assert source["jsonData"]["timeInterval"] == interval["scrape_interval"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
class TestEachBoard:
    def test_every_panel_says_what_it_shows_in_which_unit(self, file: Path) -> None:
        for panel in panels(file):
            assert panel["title"]
            assert len(panel["description"]) > 2, panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            assert panel["targets"], panel["title"]

    def test_no_two_panels_lie_on_each_other(self, file: Path) -> None:
        taken: dict[tuple[int, int], str] = {}
        for panel in read(file)["panels"]:
            at = panel["gridPos"]
            assert at["x"] + at["w"] <= 24, panel["title"]
            for x in range(at["x"], at["x"] + at["w"]):
                for y in range(at["y"], at["y"] + at["h"]):
                    assert (x, y) not in taken, (panel["title"], taken[x, y])
                    taken[x, y] = panel["title"]

    def test_every_variable_of_a_query_is_one_of_the_board(self, file: Path) -> None:
        known = {f"${each['name']}" for each in read(file)["templating"]["list"]} | BUILT_IN
        for panel in panels(file):
            for target in panel["targets"]:
                assert set(re.findall(r"\$\w+", target["expr"])) <= known, panel["title"]

    def test_every_metric_is_of_the_namespaces_that_are_chosen(self, file: Path) -> None:
        for panel in panels(file):
            for target in panel["targets"]:
                metrics = queries.Question("", target["expr"]).metrics()
                chosen = target["expr"].count('namespace=~"$namespace|"')
                assert chosen >= len(metrics) > 0, target["expr"]

    def test_every_label_of_a_legend_is_kept_by_its_query(self, file: Path) -> None:
        for panel in panels(file):
            for target in panel["targets"]:
                grouped = re.search(r"\bby \(([\w, ]+)\)", target["expr"])
                if grouped is None or panel["type"] == "stat":
                    continue
                kept = set(re.split(r",\s*", grouped[1]))
                assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= kept, target
