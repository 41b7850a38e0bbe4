"""At which commit is the working tree that this dashboard belongs to?"""

from __future__ import annotations

import subprocess

import streamlit as st

from dashboard.folders import PROJECT_ROOT


@st.cache_data(ttl=30.0, show_spinner=False)
def head() -> str | None:
    """The commit; None outside a git checkout."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(PROJECT_ROOT), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def is_head(commit: str | None) -> bool:
    """Whether something was measured at this commit, without changes beside it."""
    return commit is not None and commit == head()
