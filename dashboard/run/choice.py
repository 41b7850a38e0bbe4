"""Which run does the address name, and which does the reader choose?"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import streamlit as st

from dashboard.verdict_marks import escaped

#: Names offered where the address names a run that is not there.
_CLOSE: int = 5


def choose(
    label: str, parameter: str, names: Sequence[str], otherwise: int | None = 0, what: str = "run"
) -> str | None:
    """A choice that stands in the address.

    Parameters
    ----------
    label
        Over the choice.
    parameter
        Of the address.
    names
        To choose from, newest first.
    otherwise
        Place of the one that is chosen where the address names none; None for none.
    what
        What is chosen, for the message where the address names one that is not there.

    Returns
    -------
    str or None
        None while nothing is chosen.
    """
    asked = st.query_params.get(parameter)
    if asked is None:
        index = otherwise if otherwise is not None and otherwise < len(names) else None
    elif asked in names:
        index = list(names).index(asked)
    else:
        index = None
        st.error(unknown(asked, names, what), icon=":material/search_off:")
    # Without a key: a new address makes a new widget, which then starts at what it names.
    chosen = st.selectbox(
        label, names, index=index, placeholder=f"Choose a {what}", help="The newest stands first."
    )
    if chosen is not None and chosen != asked:
        st.query_params[parameter] = chosen
    return chosen


def unknown(asked: str, names: Sequence[str], what: str = "run") -> str:
    r"""Say that something is not there, and what has a close name.

    Examples
    --------
    >>> unknown("run-9", ["run-1", "exam"])
    'There is no run **run-9**. Close ones: run-1.'
    """
    close = difflib.get_close_matches(asked, names, n=_CLOSE, cutoff=0.4) or list(names[:_CLOSE])
    text = f"There is no {what} **{escaped(asked)}**."
    return f"{text} Close ones: {', '.join(map(escaped, close))}." if close else text
