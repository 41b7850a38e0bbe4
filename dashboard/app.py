"""The Streamlit application: `streamlit run dashboard/app.py`, or `make dashboard`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import streamlit as st

from dashboard.example import announce_example
from dashboard.links import page_of
from dashboard.view import views

_ICON: Final = Path(__file__).with_name("icon.svg")


def main() -> None:
    """Draw the page that the address names."""
    # A file: a Material symbol would be fetched from the internet.
    st.set_page_config(page_title="PayStream Workbench", page_icon=str(_ICON), layout="wide")
    chosen = st.navigation([page_of(view) for view in views()])
    announce_example()
    chosen.run()


main()
