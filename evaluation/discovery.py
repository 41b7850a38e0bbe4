"""Which classes of a kind does a package hold: a judge, a check, a control a file?"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import TypeVar, cast

#: A base class itself: what is found are classes of it.
Kind = TypeVar("Kind", bound=type)


def classes_in(package: ModuleType, kind: Kind) -> dict[str, Kind]:
    """All concrete subclasses that the package's modules define, by ``name``, sorted by name.

    Parameters
    ----------
    package
        Its modules are imported; those of packages below it are not.
    kind
        The base class; its subclasses have a class attribute ``name``.

    Raises
    ------
    ValueError
        If two of them share a name.
    """
    found: dict[str, Kind] = {}
    for candidate in _candidates(package, kind):
        name: str = candidate.name  # type: ignore[attr-defined]
        if name in found:
            here, there = found[name].__module__, candidate.__module__
            raise ValueError(f"{here} and {there} both define a {kind.__name__} called {name!r}")
        found[name] = candidate
    return dict(sorted(found.items()))


def _candidates(package: ModuleType, kind: Kind) -> Iterator[Kind]:
    for module_info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{module_info.name}")
        for _, candidate in inspect.getmembers(module, inspect.isclass):
            # What a module only imports is another file's.
            here = candidate.__module__ == module.__name__
            if here and issubclass(candidate, kind) and not inspect.isabstract(candidate):
                yield cast("Kind", candidate)
