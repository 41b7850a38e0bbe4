"""Rules that are edited while they are judged leave no answers under the hash they had before."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from generator.bulk import SHARD_FILE, Shard
from workbench.ab import _score_in_turns
from workbench.bulk import Engine, RulesChanged, engine_at, score_shards
from workbench.console import Phases

#: A job that answers, and is edited by somebody meanwhile.
JOB = """
import hashlib, sys
from pathlib import Path
here = Path(__file__)
if "--hash" in sys.argv:
    print(hashlib.sha256(here.read_bytes()).hexdigest())
else:
    out = Path(sys.argv[sys.argv.index("--out") + 1])
    out.write_bytes(b"answers")
    out.with_suffix(".entities.parquet").write_bytes(b"answers")
    if "{edited}":
        here.write_text(here.read_text() + "# edited")
"""


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    folder = tmp_path / "shard"
    folder.mkdir()
    made = Shard(
        split="tuning",
        seed=1,
        shard=0,
        key="k",
        scored_from_ms=0,
        event_time_end_ms=1,
        days=1.0,
        portfolio_cards=1,
        swipes=1,
        incidents=0,
    )
    (folder / SHARD_FILE).write_bytes(msgspec.json.encode(made))
    return folder


def checkout(folder: Path, edited: str) -> Engine:
    (folder / "job").mkdir(parents=True)
    (folder / "job" / "__init__.py").touch()
    (folder / "job" / "bulk.py").write_text(JOB.replace("{edited}", edited))
    return engine_at(folder)


def phases() -> Phases:
    return Phases(Console(file=io.StringIO(), width=100))


def kept(shard: Path) -> list[str]:
    return sorted(each.name for each in shard.iterdir() if each.name.startswith("scores-"))


def test_an_exam_keeps_none(tmp_path: Path, shard: Path) -> None:
    engine = checkout(tmp_path / "job-at-work", "yes")
    with phases().phase("rules") as bar, pytest.raises(RulesChanged):
        score_shards(engine, [shard], tmp_path, bar, 1)
    assert not engine.scores_file(shard).exists()


def test_a_comparison_keeps_none(tmp_path: Path, shard: Path) -> None:
    engines = checkout(tmp_path / "base", ""), checkout(tmp_path / "tree", "yes")
    with phases().phase("both") as bar, pytest.raises(RulesChanged):
        _score_in_turns(engines, [shard], tmp_path, bar, 1)
    assert kept(shard) == []


def test_answers_of_rules_that_stayed_are_kept(tmp_path: Path, shard: Path) -> None:
    engine = checkout(tmp_path / "base", "")
    with phases().phase("both") as bar:
        _score_in_turns((engine, engine), [shard], tmp_path, bar, 2)
    assert engine.scores_file(shard).read_bytes() == b"answers"
    assert len(kept(shard)) == 2
