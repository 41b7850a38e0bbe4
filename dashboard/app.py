"""The Streamlit application: `streamlit run dashboard/app.py`, or `make dashboard`."""

from __future__ import annotations

import streamlit as st

from dashboard.example import announce_example
from dashboard.links import page_of
from dashboard.view import views


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(
        page_title="PayStream Workbench", page_icon=":material/speed:", layout="wide"
    )
    chosen = st.navigation([page_of(view) for view in views()])
    announce_example()
    chosen.run()


main()
