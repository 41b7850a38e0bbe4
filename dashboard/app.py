"""The Streamlit application: `streamlit run dashboard/app.py`, or `make dashboard`."""

from __future__ import annotations

import streamlit as st

from dashboard.view import views


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(
        page_title="PayStream Workbench", page_icon=":material/speed:", layout="wide"
    )
    pages = [
        st.Page(
            view.render,
            title=view.title,
            icon=view.icon,
            url_path=view.path,
            default=view is views()[0],
        )
        for view in views()
    ]
    st.navigation(pages).run()


main()
