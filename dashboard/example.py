"""Are one's own results shown, or the example?

``?source=example`` in the address, so that the view can be shared. It is kept while the reader goes
from page to page.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.folders import Folders

_PARAMETER: Final = "source"
_EXAMPLE: Final = "example"


def current_folders() -> Folders:
    """The folders of what is shown."""
    own = Folders()
    return own.of_example() if is_example() else own


def is_example() -> bool:
    """Whether the example is shown; keeps that in the address."""
    asked = st.query_params.get(_PARAMETER)
    if asked is not None:
        st.session_state[_PARAMETER] = asked
    shown = st.session_state.get(_PARAMETER) == _EXAMPLE
    if shown and asked != _EXAMPLE:
        st.query_params[_PARAMETER] = _EXAMPLE
    return shown


def announce_example() -> None:
    """Say on every page that what is shown is the example, with a way back."""
    if not is_example():
        return
    words, button = st.columns([5, 1], vertical_alignment="center")
    words.info(
        "This is the example that comes with the project, not a run of yours.",
        icon=":material/school:",
    )
    button.button("Show my own", on_click=_leave, width="stretch")


def nothing_yet(what: str, command: str, *, offer_example: bool = True) -> None:
    """Say what is not there and what makes it; offer the example where there is one.

    Parameters
    ----------
    what
        A sentence, e.g. "There is no run yet."
    command
        What makes it, for a shell.
    offer_example
        Whether the example has what is not there.
    """
    st.info(f"{what} This makes one:", icon=":material/info:")
    st.code(command, language="sh")
    if offer_example:
        example_button()


def example_button() -> None:
    """Offer the example, where there is one and it is not shown already."""
    if not is_example() and Folders().has_example():
        st.button("Open the example", icon=":material/school:", on_click=_enter)


def _enter() -> None:
    st.session_state[_PARAMETER] = _EXAMPLE
    st.query_params[_PARAMETER] = _EXAMPLE


def _leave() -> None:
    # What the address names besides (a run, a comparison) is of the example.
    st.session_state.pop(_PARAMETER, None)
    st.query_params.clear()
