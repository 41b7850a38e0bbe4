"""Is every fault found, and does each keep to what a fault is?"""

from __future__ import annotations

import inspect

import pytest

from stack import faults
from stack.process import StackError


@pytest.mark.parametrize(("name", "fault"), sorted(faults.discover().items()))
def test_a_fault_is_one_file_of_its_name_and_complete(name: str, fault: type[faults.Fault]) -> None:
    assert fault.__module__ == f"stack.faults.{name}"
    assert not inspect.isabstract(fault)
    assert inspect.getmodule(fault).__doc__.partition("\n")[0].endswith("?")  # type: ignore[union-attr]


def test_an_unknown_fault_lists_the_valid_ones() -> None:
    with pytest.raises(StackError, match=r"unknown fault 'flood'; known are: .*taskmanager_kill"):
        faults.by_name("flood")
