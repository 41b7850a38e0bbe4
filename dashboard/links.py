"""How does one page point to another?"""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.view import View, views


def page_of(view: View) -> StreamlitPage:
    """A view as Streamlit has it; the same address gives the same page."""
    return st.Page(
        view.render,
        title=view.title,
        icon=view.icon,
        url_path=view.path,
        default=view is views()[0],
    )


def link(path: str, label: str, **parameters: str) -> None:
    """Draw a link to a page.

    Parameters
    ----------
    path
        Of the view.
    label
        What stands there.
    **parameters
        Of the address, e.g. ``run="..."``.
    """
    view = next(view for view in views() if view.path == path)
    st.page_link(page_of(view), label=label, icon=view.icon, query_params=parameters or None)
