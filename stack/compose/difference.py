"""In what do the settings of a container deliberately differ from those of the local process?

The containers' settings are the local stack's, with these differences and no others. Each says why;
one that no longer changes anything is refused, so that the list stays true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stack.process import StackError


@dataclass(frozen=True)
class Difference:
    """One setting that a container has otherwise.

    Attributes
    ----------
    key
        The setting's name, as the service itself calls it.
    value
        What it is in the container; None where it is left out there.
    because
        The reason, as the page of differences has it.
    """

    key: str
    value: str | None
    because: str


def applied(local: Mapping[str, str], differences: Iterable[Difference]) -> dict[str, str]:
    """Settings of the container: the local ones, changed by each difference.

    Parameters
    ----------
    local
        Settings of the local process.
    differences
        What changes.

    Raises
    ------
    stack.process.StackError
        If a difference changes nothing.

    Examples
    --------
    >>> applied({"a": "1", "b": "2"}, [Difference("b", None, "not needed")])
    {'a': '1'}
    """
    result = dict(local)
    for each in differences:
        if result.get(each.key) == each.value:
            raise StackError(f"{each.key} is the same in the local stack: no difference")
        if each.value is None:
            del result[each.key]
        else:
            result[each.key] = each.value
    return result


def differing(local: Mapping[str, str], here: Mapping[str, str]) -> set[str]:
    """Names of the settings in which two services differ.

    Examples
    --------
    >>> sorted(differing({"a": "1", "b": "2"}, {"a": "1", "b": "3", "c": "4"}))
    ['b', 'c']
    """
    return {key for key in local.keys() | here.keys() if local.get(key) != here.get(key)}
