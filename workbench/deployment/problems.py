"""What ends a deployment before it has changed anything, or leaves it to a person?"""

from __future__ import annotations

from typing import Final

_INCONCLUSIVE: Final = 3


class DeploymentError(RuntimeError):
    """One line that says what is wrong, and what to do.

    Nothing was changed on the cluster, unless the line says so: nobody can tell whether the version
    holds.
    """

    exit_code = _INCONCLUSIVE


class DeploymentRefused(DeploymentError):
    """It was asked for wrongly, or of a cluster that is in no state for it."""

    exit_code = 2
