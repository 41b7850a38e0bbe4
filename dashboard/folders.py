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
    gates
        Reports of `gates`.
    examples
        A small run and an exam that come with the project.
    """

    model_config = SettingsConfigDict(env_prefix="PAYSTREAM_DASHBOARD_")

    runs: Path = PROJECT_ROOT / "runs"
    exams: Path = PROJECT_ROOT / "exams"
    realism: Path = PROJECT_ROOT / "realism"
    gates: Path = PROJECT_ROOT / "gates"
    examples: Path = PROJECT_ROOT / "examples"

    def of_example(self) -> Folders:
        """The example in place of one's own results."""
        place = self.examples
        return self.model_copy(
            update={"runs": place, "exams": place, "realism": place, "gates": place}
        )

    def has_example(self) -> bool:
        """Whether there is an example to show."""
        return (self.examples / "run" / "results.json").is_file()
