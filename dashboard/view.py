"""What is a page of the dashboard, and which are there?"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import dashboard.views


@dataclass(frozen=True)
class View:
    """One page.

    Attributes
    ----------
    path
        Of the address, e.g. ``runs``; the page of order 0 is also the first.
    title
        In the navigation and in the browser's tab.
    icon
        A Material symbol, e.g. ``:material/list:``.
    order
        In the navigation.
    render
        Draws the page.
    """

    path: str
    title: str
    icon: str
    order: int
    render: Callable[[], None]


@cache
def views() -> tuple[View, ...]:
    """All pages in the order of the navigation.

    Raises
    ------
    ValueError
        If two pages share a path or an order.
    """
    found = [
        importlib.import_module(f"{dashboard.views.__name__}.{module.name}").VIEW
        for module in pkgutil.iter_modules(dashboard.views.__path__)
    ]
    for attribute in ("path", "order"):
        values = [getattr(view, attribute) for view in found]
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            raise ValueError(f"two pages have the {attribute} {twice[0]!r}")
    return tuple(sorted(found, key=lambda view: view.order))
