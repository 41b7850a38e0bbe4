"""How do boards and the table of metrics come into their files?

``python -m monitoring.generate`` writes them; a test compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from monitoring.boards import detection, job, kafka, overview, state
from monitoring.catalogue import SOURCES
from monitoring.catalogue.metric import Source
from monitoring.queries import DASHBOARDS

BOARDS: Final = (overview, job, kafka, state, detection)
PAGE: Final = Path(__file__).parents[1] / "docs" / "monitoring.md"
_BEGIN: Final = "<!-- metrics -->\n"
_END: Final = "<!-- /metrics -->"


def dashboards() -> dict[Path, str]:
    """Each board's file and what belongs into it."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    made = (board.build() for board in BOARDS)
    return {
        DASHBOARDS / f"{each.name}.json": encoder.encode(each.dashboard.build()) + "\n"
        for each in made
    }


def metrics_table() -> str:
    """The tables of all metrics, as the page has them."""
    return "\n".join(_table(source) for source in SOURCES)


def page(text: str) -> str:
    """The page with its tables made anew; what stands around them stays."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{metrics_table()}\n{_END}{after}"


def _table(source: Source) -> str:
    prefix = f" All names begin with `{source.prefix}`." if source.prefix else ""
    rows = [
        f"| `{each.name}` | {each.unit} | {', '.join(f'`{name}`' for name in each.labels)} | "
        f"{each.meaning} |"
        for each in source.metrics
    ]
    head = ["| metric | unit | labels | meaning |", "| --- | --- | --- | --- |"]
    told = f"Told by {source.told_by}.{prefix}"
    return "\n".join([f"### {source.title}", "", told, "", *head, *rows, ""])


def main() -> None:
    """Write all of it."""
    for file, text in dashboards().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
