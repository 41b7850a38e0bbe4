"""How is the job, after what the operator says of its FlinkDeployment?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Self

import msgspec

from workbench.deployment.manifests import Manifest

_STABLE: Final = "STABLE"
_RUNNING: Final = "RUNNING"
_LOST: Final = ("FAILED", "ROLLED_BACK")


@dataclass(frozen=True)
class Observed:
    """One look at a FlinkDeployment.

    Attributes
    ----------
    lifecycle
        As the operator calls it: CREATED, UPGRADING, DEPLOYED, STABLE, FAILED, ROLLED_BACK, ...
    job_state
        As Flink calls it.
    job_id
        Another after each start from a savepoint; Flink's own restarts keep it.
    is_reconciled
        Whether the operator has taken up the newest specification.
    error
        What went wrong last; empty for nothing.
    nonce
        Of the newest start from a savepoint that was asked for.
    """

    lifecycle: str
    job_state: str
    job_id: str
    is_reconciled: bool
    error: str
    nonce: int

    @classmethod
    def of(cls, deployment: Manifest) -> Self:
        """Read an object of the cluster."""
        status = deployment.get("status", {})
        job = status.get("jobStatus", {})
        generation = deployment["metadata"].get("generation", 0)
        return cls(
            lifecycle=status.get("lifecycleState", ""),
            job_state=job.get("state", ""),
            job_id=job.get("jobId", ""),
            is_reconciled=_reconciled_generation(status) >= generation,
            error=str(status.get("error") or ""),
            nonce=int(deployment["spec"]["job"].get("savepointRedeployNonce") or 0),
        )

    @property
    def is_running(self) -> bool:
        """Whether the job runs."""
        return self.job_state == _RUNNING

    @property
    def is_settled(self) -> bool:
        """Whether the newest specification runs and is held to be sound."""
        return self.is_reconciled and self.lifecycle == _STABLE and self.is_running

    @property
    def is_lost(self) -> bool:
        """Whether waiting any longer is of no use."""
        return self.is_reconciled and self.lifecycle in _LOST

    @property
    def words(self) -> str:
        """For people."""
        said = f"{self.lifecycle or 'not seen by the operator'}, job {self.job_state or 'unknown'}"
        return f"{said}: {self.error}" if self.error else said


def _reconciled_generation(status: dict[str, Any]) -> int:
    """Of the specification that the operator worked on last; it keeps that as text."""
    observed = status.get("observedGeneration")
    if observed is not None:
        return int(observed)
    spec = status.get("reconciliationStatus", {}).get("lastReconciledSpec")
    if not spec:
        return 0
    kept = msgspec.json.decode(spec)
    return int(kept.get("resource_metadata", {}).get("metadata", {}).get("generation", 0))
