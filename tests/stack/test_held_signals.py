"""Does Ctrl-C wait until what must be whole is done, and is it heard then?"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from stack.held_signals import held_signals
from tests.stubborn import hears_ctrl_c


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    with hears_ctrl_c():
        yield


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_it_is_heard_once_when_all_is_done_however_often_it_came() -> None:
    done = []

    def work() -> None:
        with held_signals():
            for number in range(3):
                press_ctrl_c()
                done.append(number)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [0, 1, 2]


def test_it_is_heard_even_where_what_was_done_failed() -> None:
    def work() -> None:
        with held_signals():
            press_ctrl_c()
            raise ValueError("why")

    with pytest.raises(KeyboardInterrupt) as heard:
        work()
    assert isinstance(heard.value.__context__, ValueError)


def test_one_within_another_is_heard_when_the_outer_one_is_done() -> None:
    done = []

    def work() -> None:
        with held_signals():
            with held_signals():
                press_ctrl_c()
                done.append("inner")
            done.append("outer")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["inner", "outer"]


def test_where_none_came_all_is_as_before() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with held_signals():
        pass
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
