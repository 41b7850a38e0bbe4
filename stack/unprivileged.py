"""As whom does a service run that refuses to run as root?

Elasticsearch and PostgreSQL do. In a container the caller often is root: the service then gets
another user, and the folders that it writes become that user's.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from stack.process import StackError
from stack.settings import ENV_PREFIX, StackSettings


def as_service_user(settings: StackSettings) -> tuple[str, ...]:
    """What stands before the command of such a service; nothing where we are not root.

    `setpriv` replaces itself by the command, so the pid stays the service's.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise StackError("setpriv is missing, which lets a service run as another user than root; "
                         "install util-linux, or do not run as root")  # fmt: skip
    user = _user(settings)
    groups = f"--regid={user.pw_gid}"
    return (setpriv, f"--reuid={user.pw_uid}", groups, "--clear-groups", "--no-new-privs")


def hand_over(settings: StackSettings, service: str, *folders: Path) -> None:
    """Make folders, and give them and all in them to the user of such a service.

    Parameters
    ----------
    settings
        Names the user.
    service
        Who will write there, for the message.
    *folders
        Made if they are not there; readable by that user alone.

    Raises
    ------
    StackError
        If that user cannot come to one of them.
    """
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    if os.geteuid() != 0:
        return
    user = _user(settings)
    for folder in folders:
        require_reachable(settings, service, folder.parent)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def require_reachable(settings: StackSettings, service: str, folder: Path) -> None:
    """Raise the line a person needs when the service's user cannot enter a folder."""
    if os.geteuid() != 0:
        return
    shut = next((each for each in _way_to(folder) if not _is_open(each, _user(settings))), None)
    if shut is not None:
        raise StackError(
            f"{service} refuses to run as root and runs as {settings.service_user}, who may not "
            f"enter {shut}; run `chmod o+x {shut}`, or choose another folder with "
            f"{ENV_PREFIX}DATA_FOLDER"
        )


def _user(settings: StackSettings) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(settings.service_user)
    except KeyError:
        raise StackError(
            f"there is no user {settings.service_user!r} on this machine; name one with "
            f"{ENV_PREFIX}SERVICE_USER"
        ) from None


def _way_to(folder: Path) -> Iterable[Path]:
    return (*reversed(folder.resolve().parents), folder.resolve())


def _is_open(folder: Path, user: pwd.struct_passwd) -> bool:
    found = folder.stat()
    if found.st_uid == user.pw_uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == user.pw_gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)
