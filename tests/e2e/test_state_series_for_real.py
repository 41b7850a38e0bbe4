"""Does a killed job's state really come back from where it is said to, and is nothing left over?

The whole command at a small state: filled, killed twice, restored from the store and from the local
copy by what Flink itself counted.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import psutil
import pytest
import typer

from evaluation.large_state.results import RESULTS_FILE, LargeState
from stack.port_table import PORT_FIELDS
from stack.ports import is_free
from stack.settings import ENV_PREFIX, HOST, StackSettings
from workbench import cli_state

GB = 0.02
HARMS = ("missing", "repeated", "unexpected", "ledger_wrong")


def processes_of(folder: Path) -> list[str]:
    """Commands of the processes that work in a folder or were given one of its files."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline", "cwd"]):
        words = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
        if process.info["pid"] != os.getpid() and any(str(folder) in word for word in words):
            found.append(" ".join(words)[:200])
    return found


@pytest.mark.stack
@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_a_killed_state_comes_back_from_where_it_is_said_to_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "states"
    settings = StackSettings.with_free_ports(
        out / "stack", high_availability=True, object_store=True
    )
    for name in PORT_FIELDS:
        monkeypatch.setenv(f"{ENV_PREFIX}{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setattr(cli_state, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(cli_state, "REPLAYS", tmp_path / "replays")

    with pytest.raises(typer.Exit) as ended:
        cli_state.state(
            gb=GB,
            sizes=str(GB),
            # Only the replays' cards are of use here: neither of the two runs is asked for.
            duration=5,
            overload_rate=30_000,
            overload_duration=5,
            kill_duration=40,
            only=["store", "local"],
            out=out,
        )

    (folder,) = out.iterdir()
    results = msgspec.json.decode((folder / RESULTS_FILE).read_bytes(), type=LargeState)
    assert [each for each in results.judged if each.verdict.value != "pass"] == []
    assert ended.value.exit_code == 0
    store, local = results.recoveries
    assert (store.origin, local.origin) == ("object store", "local copy")
    assert store.remote_bytes is not None
    assert store.remote_bytes > 0
    assert store.local_bytes == 0
    assert local.local_bytes is not None
    assert local.local_bytes > 0
    for each in results.recoveries:
        assert {name: getattr(each, name) for name in HARMS} == dict.fromkeys(HARMS, 0)
        assert isinstance(each.ledger_cards_again, int)
        assert each.ledger_cards_again > 100
        assert each.state_bytes > GB * 1e9 / 2
    assert results.peak is not None
    assert results.peak.disk_bytes > store.state_bytes
    assert results.peak.memory_bytes > 10**9

    # Two files are kept, and nothing of the stack: no folder, no process, no port.
    assert folder.suffix == ""
    assert {each.name for each in folder.iterdir()} == {RESULTS_FILE, "large-state.md"}
    assert [each for each in (tmp_path / "runs").iterdir() if each.suffix] == []
    stack_folder = folder.with_suffix(".partial") / "stack"
    assert not settings.model_copy(update={"data_folder": stack_folder}).rocksdb_folder.exists()
    assert processes_of(tmp_path) == []
    ports = {**settings.ports(), **settings.object_store_ports()}
    assert {name: port for name, port in ports.items() if not is_free(port)} == {}


def test_what_a_stack_leaves_behind_would_be_seen(tmp_path: Path) -> None:
    """The negative control of the looks at processes and ports."""
    waits = [sys.executable, "-c", "input()"]
    with subprocess.Popen(waits, cwd=tmp_path, stdin=subprocess.PIPE) as left:
        assert len(processes_of(tmp_path)) == 1
        left.communicate(b"\n")
    assert processes_of(tmp_path) == []
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        assert not is_free(listener.getsockname()[1])
