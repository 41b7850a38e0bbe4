"""Are the committed alerts of a run found in its folder, and nothing else?"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from delivery.alerts.documents import Document, document_of
from evaluation.store import UnknownRunError
from workbench.stored_alerts import committed_alerts

EXAMPLE = Path(__file__).parents[2] / "examples" / "run"


def test_the_example_s_alerts_are_found_as_they_were_read() -> None:
    found = committed_alerts(EXAMPLE)
    seen = pq.read_table(EXAMPLE / "history" / "observed.parquet").to_pylist()
    committed = [r for r in seen if r["topic"] == "alerts" and r["view"] == "committed"]
    assert 0 < len(committed) < len([r for r in seen if r["topic"] == "alerts"])
    assert [record.value for record in found] == [row["value"] for row in committed]
    assert all(isinstance(document_of(record), Document) for record in found)
    assert len({(record.partition, record.offset) for record in found}) == len(found)


def test_a_folder_that_is_no_run_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownRunError, match="holds no history"):
        committed_alerts(tmp_path)
