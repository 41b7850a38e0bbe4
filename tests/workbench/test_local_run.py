"""Does a run of the engine alone leave what others read?"""

from __future__ import annotations

from pathlib import Path

import msgspec

from evaluation.evaluate import read_results


def test_its_results_have_the_name_of_the_run_and_not_of_the_replay(local_run: Path) -> None:
    assert read_results(local_run).run_id == local_run.name
    assert msgspec.json.decode((local_run / "run.json").read_bytes())["run_id"] == local_run.name
