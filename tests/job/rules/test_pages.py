"""Is the page of all rules the one that the rules generate?"""

from __future__ import annotations

from pathlib import Path

import pytest

from job.rules.discovery import rule_classes
from job.rules.pages import main, render

COMMITTED = Path(__file__).parents[3] / "docs" / "rules.md"


def test_the_committed_page_is_up_to_date() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == render(), (
        "run: python -m job.rules.pages docs/rules.md"
    )


@pytest.mark.parametrize("name", rule_classes())
def test_every_rule_has_its_chapter_with_every_parameter(name: str) -> None:
    _, _, chapter = render().partition(f"\n## {name}\n")
    chapter = chapter.partition("\n## ")[0]
    for field in rule_classes()[name].Parameters.__struct_fields__:
        assert f"| `{field}` |" in chapter


def test_the_page_is_written_where_asked(tmp_path: Path) -> None:
    main([str(tmp_path / "rules.md")])
    assert (tmp_path / "rules.md").read_text(encoding="utf-8") == render()


def test_without_a_file_it_says_how_to_call_it() -> None:
    with pytest.raises(SystemExit, match="usage"):
        main([])
