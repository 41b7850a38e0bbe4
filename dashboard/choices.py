"""How does what a reader has chosen stand in the address, so that a view can be shared?

The address is the truth: a control shows what stands there, and what a person chooses is written
there first.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Final, Literal

import streamlit as st

from dashboard.verdict_marks import escaped

#: Names that are shown where an unknown one has none that is close.
_SHOWN: Final = 5


class UnknownId(ValueError):
    """An id in the address that names nothing; the message names close ones."""

    def show(self) -> None:
        """Say so on the page."""
        text = str(self)
        st.error(f"{text[:1].upper()}{escaped(text[1:])}.", icon=":material/search_off:")


def unknown_id(kind: str, name: str, known: Sequence[str]) -> UnknownId:
    """Say that there is nothing of that name, and what there is instead.

    Examples
    --------
    >>> str(unknown_id("scenario", "geo_jmp", ["geo_jump", "velocity_burst"]))
    "there is no scenario 'geo_jmp'; close ones: geo_jump"
    """
    close = difflib.get_close_matches(name, known, n=_SHOWN, cutoff=0.4)
    if close:
        return UnknownId(f"there is no {kind} {name!r}; close ones: {', '.join(close)}")
    some = ", ".join(known[:_SHOWN]) or "none at all"
    return UnknownId(f"there is no {kind} {name!r}; there are, among others: {some}")


def choose(
    name: str,
    label: str,
    options: Sequence[str],
    default: str,
    *,
    shown: Callable[[str], str] = str,
    control: Literal["select", "radio"] = "select",
    explained: str | None = None,
    clears: Sequence[str] = (),
) -> str:
    """Let a reader choose one of several, kept in the address.

    Parameters
    ----------
    name
        In the address.
    label
        Beside the control.
    options
        What can be chosen; not empty.
    default
        Where the address says nothing; it is left out of the address.
    shown
        Turns an option into words for people.
    control
        A list that opens, or all options side by side.
    explained
        What the choice means, shown on demand.
    clears
        Names in the address that mean nothing any more once another option is chosen.

    Raises
    ------
    UnknownId
        If the address names something else.
    """
    wanted = st.query_params.get(name, default)
    if wanted not in options:
        raise unknown_id(label.lower(), wanted, options)
    key = f"address-{name}"
    st.session_state[key] = wanted

    def keep() -> None:
        chosen = st.session_state[key]
        for each in clears:
            st.query_params.pop(each, None)
        if chosen == default:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = chosen

    if control == "radio":
        st.radio(
            label,
            options,
            key=key,
            on_change=keep,
            format_func=shown,
            horizontal=True,
            help=explained,
        )
    else:
        st.selectbox(label, options, key=key, on_change=keep, format_func=shown, help=explained)
    return wanted


def choose_id(
    name: str, label: str, kind: str, ids: Sequence[str], otherwise: int = 0
) -> str | None:
    """Let a reader choose one of many that come and go, such as runs.

    Unlike :func:`choose` it writes what it chose by itself into the address too: the newest of
    today is another one tomorrow.

    Parameters
    ----------
    name
        In the address.
    label
        Over the control.
    kind
        What is chosen, for messages.
    ids
        To choose from, newest first.
    otherwise
        Place of the one that is chosen where the address names none.

    Returns
    -------
    str or None
        None while nothing is chosen: the address names one that is not there, and the page says so.
    """
    asked = st.query_params.get(name)
    index: int | None = otherwise
    if asked is not None and asked in ids:
        index = list(ids).index(asked)
    elif asked is not None:
        index = None
        unknown_id(kind, asked, ids).show()
    # Without a key: a new address makes a new widget, which then starts at what it names.
    chosen = st.selectbox(
        label, ids, index=index, placeholder=f"Choose a {kind}", help="The newest stands first."
    )
    if chosen is not None and chosen != asked:
        st.query_params[name] = chosen
    return chosen


def ask(name: str, label: str, *, example: str, explained: str | None = None) -> str:
    """Let a reader type something, kept in the address; empty where it says nothing.

    Parameters
    ----------
    name
        In the address.
    label
        Over the field.
    example
        Stands in the empty field.
    explained
        What may be typed, shown on demand.
    """
    key = f"address-{name}"
    st.session_state[key] = st.query_params.get(name, "")

    def keep() -> None:
        typed = st.session_state[key].strip()
        if typed:
            st.query_params[name] = typed
        else:
            st.query_params.pop(name, None)

    st.text_input(label, key=key, on_change=keep, placeholder=example, help=explained)
    return str(st.session_state[key]).strip()
