"""How is a tree of settings shown as one list?"""

from __future__ import annotations

from typing import Any


def flat_settings(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted name.

    Examples
    --------
    >>> flat_settings({"job": {"parallelism": 1}, "workers": 2})
    {'job.parallelism': 1, 'workers': 2}
    """
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, dict):
            flat |= flat_settings(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
