"""Is a service that refuses root given another user, and is what that user cannot enter named?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stack.process import StackError
from stack.settings import StackSettings
from stack.unprivileged import as_service_user, hand_over, require_reachable


@pytest.fixture
def _as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_who_is_not_root_runs_it_as_it_is(
    settings: StackSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1_000)
    assert as_service_user(settings) == ()
    folder = tmp_path / "data"
    hand_over(settings, "postgres", folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.stat().st_uid == os.getuid()


@pytest.mark.usefixtures("_as_root")
def test_root_hands_it_to_the_service_user(settings: StackSettings) -> None:
    command = as_service_user(settings)
    assert command[0].endswith("setpriv")
    assert "--reuid=0" not in command


@pytest.mark.usefixtures("_as_root")
def test_a_folder_that_the_service_user_cannot_enter_is_named(
    settings: StackSettings, tmp_path: Path
) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o700)
    first_shut = next(
        each for each in (*reversed(shut.parents), shut) if not each.stat().st_mode & 0o001
    )
    with pytest.raises(StackError, match="chmod") as caught:
        require_reachable(settings, "postgres", shut)
    assert str(first_shut) in caught.value.line
    assert "nobody" in caught.value.line


@pytest.mark.usefixtures("_as_root")
def test_an_unknown_service_user_is_named_with_its_variable(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path, service_user="no-such-user")
    with pytest.raises(StackError, match="PAYSTREAM_STACK_SERVICE_USER"):
        as_service_user(settings)
