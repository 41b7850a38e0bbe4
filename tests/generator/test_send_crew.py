"""Is it said how a sending process ended that can say nothing itself any more?"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys

import pytest

from generator.send_crew import Crew


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def end() -> None:
    sys.exit(3)


@pytest.mark.parametrize(("work", "words"), [(crash, "died of SIGSEGV"), (end, "ended with 3")])
def test_a_process_is_said_to_have_ended_as_it_did(work: object, words: str) -> None:
    # Not spawned: it would import this module by a name that it does not have there.
    context = multiprocessing.get_context("fork")
    process = context.Process(target=work)  # type: ignore[arg-type]
    process.start()
    assert Crew(flag=None, counts=None, processes=[process]).end_of(0) == words
