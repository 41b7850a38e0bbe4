"""Who may use the stack while another does?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stack.local import LocalStack
from stack.process import StackError
from stack.settings import StackSettings


def test_a_stack_in_use_is_refused_at_once_naming_who_has_it(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path)
    with (
        LocalStack(settings).reserved("run-1"),
        pytest.raises(StackError, match=rf"in use by run-1, pid {os.getpid()}"),
        LocalStack(settings).reserved("run-2"),
    ):
        pass


def test_it_is_free_again_afterwards_and_another_stack_always_is(tmp_path: Path) -> None:
    one = StackSettings.with_free_ports(tmp_path / "one")
    other = StackSettings.with_free_ports(tmp_path / "other")
    with LocalStack(one).reserved("run-1"), LocalStack(other).reserved("run-2"):
        pass
    with LocalStack(one).reserved("run-3"):
        pass


def test_the_stack_itself_can_be_worked_on_while_it_is_reserved(tmp_path: Path) -> None:
    stack = LocalStack(StackSettings.with_free_ports(tmp_path))
    with stack.reserved("run-1"):
        assert stack.down() == ()
