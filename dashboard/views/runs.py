"""Which runs are there, and what was their verdict?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.folders import Folders
from dashboard.view import View
from evaluation.store import list_runs


def render() -> None:
    """All runs, newest first."""
    st.title("Runs")
    found = list_runs(Folders().runs)
    if not found:
        st.info("There is no run yet. Make one: `make simulate scenario=geo_jump`")
        return
    st.dataframe(pd.DataFrame([{n: getattr(r, n) for n in r.__struct_fields__} for r in found]))


VIEW = View("runs", "Runs", ":material/list:", 20, render)
