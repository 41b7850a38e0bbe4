"""Do the same settings give the same bytes, in another process and on another processor?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

PROGRAM = """
import sys
from pathlib import Path
from generator.replay import write_replay
from generator.settings import ReplaySettings
settings = ReplaySettings(
    rate_per_min=6_000, duration_s=10, warm_up_s=2, incidents=20, seed=int(sys.argv[2]),
    issuer_countries=("DE", "PL", "GB"), load="bursts",
)
manifest = write_replay(settings, Path(sys.argv[1]))
print(manifest.sha256, manifest.profiles_sha256)
"""


def hashes(folder: Path, seed: int = 1, **environment: str) -> str:
    """Make a replay in a process of its own; the hashes over its bytes."""
    result = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", PROGRAM, str(folder), str(seed)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def vector_extensions() -> list[str]:
    """What this processor has and this build of numpy chooses at run time."""
    return [name for name in __cpu_dispatch__ if __cpu_features__.get(name)]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> str:
    return hashes(tmp_path_factory.mktemp("plain") / "replay", PYTHONHASHSEED="0")


def test_without_vector_extensions_the_bytes_are_the_same(plain: str, tmp_path: Path) -> None:
    extensions = vector_extensions()
    without = hashes(
        tmp_path / "replay",
        PYTHONHASHSEED="12345",
        # Empty on a processor without any: the C library's and the hash seed's part still counts.
        NPY_DISABLE_CPU_FEATURES=" ".join(extensions),
        # The C library chooses its own exp and log by processor too.
        GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F",
    )
    assert without == plain


def test_another_seed_gives_other_bytes(plain: str, tmp_path: Path) -> None:
    other = hashes(tmp_path / "replay", seed=2)
    assert set(other.split()).isdisjoint(plain.split())
