"""Where do the results lie that are shown?

Set by `paystream dashboard` through environment variables, since Streamlit starts the application
in a process of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT: Final = Path(__file__).resolve().parents[1]


class Folders(BaseSettings):
    """Folders of results, as ``PAYSTREAM_DASHBOARD_<NAME>``.

    Parameters
    ----------
    runs
        Run folders of `simulate`, `local` and `replay`.
    exams
        Exam folders of `evaluate` and `ab`.
    realism
        Reports of `realism`.
    """

    model_config = SettingsConfigDict(env_prefix="PAYSTREAM_DASHBOARD_")

    runs: Path = PROJECT_ROOT / "runs"
    exams: Path = PROJECT_ROOT / "exams"
    realism: Path = PROJECT_ROOT / "realism"
