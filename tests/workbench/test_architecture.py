"""Is the picture of the project the code's own?"""

from __future__ import annotations

from pathlib import Path

from workbench.architecture import imports_between, packages, render

ROOT = Path(__file__).parents[2]


def test_the_committed_page_is_the_one_that_the_code_gives() -> None:
    committed = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert committed == render(), "run: paystream docs"


def test_every_way_of_importing_is_seen(tmp_path: Path) -> None:
    sources = {
        "a/one.py": "import b.x\nfrom b import y\nfrom . import two\n",
        "a/two.py": "def late():\n    from c.deep import z\n",
        "b/x.py": "import os\nimport b.y\n",
        "c/deep.py": "# import a\n",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert imports_between(tmp_path, ["a", "b", "c"]) == {("a", "b"), ("a", "c")}


def test_the_job_imports_nothing_of_the_workbench() -> None:
    drawn = imports_between(ROOT, packages(ROOT))
    assert drawn
    assert [pair for pair in drawn if pair[0] == "job"] == []
