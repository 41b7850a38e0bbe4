"""How does a page lead to another one, with what it shows?"""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode


def anchor(path: str, text: str, **parameters: str | None) -> str:
    """A link to a page of the dashboard in the same tab, as HTML for ``st.html``.

    Parameters
    ----------
    path
        Of the page.
    text
        What to click on.
    **parameters
        Of the address; None are left out.

    Examples
    --------
    >>> anchor("incident", "missed", exam="a", card=None)
    '<a href="incident?exam=a" target="_self">missed</a>'
    """
    return f'<a href="{escape(address(path, **parameters))}" target="_self">{escape(text)}</a>'


def address(path: str, **parameters: str | None) -> str:
    """The address of a page, relative to any other page."""
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path
