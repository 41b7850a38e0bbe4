"""In which order does a version get onto a cluster?

savepoint -> apply -> settled? -> simulation -> watched -> decision -> back, if it does not hold.

Nothing is changed before the savepoint lies there. Once something was applied, every way out leads
through the decision: what cannot be told counts against the version.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from workbench.console import Phases
from workbench.deployment.decision import SMOKE_BY_EXIT_CODE, Decision, Smoke, decide
from workbench.deployment.kubectl import Kubectl
from workbench.deployment.manifests import (
    FLINK_DEPLOYMENT,
    Manifest,
    as_it_was_given,
    flink_deployment,
    restored,
    savepoint_request,
    split,
    with_images,
    with_seed,
)
from workbench.deployment.observed import Observed
from workbench.deployment.problems import DeploymentError, DeploymentRefused
from workbench.deployment.restarts import Life, compare, life_or_why_not

_ROLLED_OUT: Final = ("Deployment", "StatefulSet")
_JUDGING_CONTAINER: Final = "evaluation"


@dataclass(frozen=True)
class Order:
    """What is asked for.

    Attributes
    ----------
    overlay
        Folder of the overlay.
    images
        By digest, by the end of their names.
    release
        Of the version: names the savepoint, and the simulation's seed differs with it.
    seed
        Of the simulation.
    judge
        The Job whose exit code is the verdict.
    without_savepoint
        Whether a job that does not run is replaced without one.
    keep_inconclusive
        Whether a version stays that the simulation could not vouch for.
    savepoint_timeout_s, settle_timeout_s, smoke_timeout_s
        Longest waits.
    watch_s
        How long the job is watched at the end.
    poll_s
        Between two looks.
    """

    overlay: Path
    images: dict[str, str]
    release: str
    seed: int
    judge: str = "paystream-evaluation"
    without_savepoint: bool = False
    keep_inconclusive: bool = False
    savepoint_timeout_s: float = 900.0
    settle_timeout_s: float = 900.0
    smoke_timeout_s: float = 3_600.0
    watch_s: float = 120.0
    poll_s: float = 5.0


@dataclass
class Release:
    """One version on its way.

    Attributes
    ----------
    standing, simulation
        Of the overlay: what stands, and what runs once.
    unused
        Names of images that the overlay does not run.
    before
        What was on the cluster of it.
    savepoint
        Where the state before it lies; None for none.
    smoke_log
        What the simulation said.
    job_id, life
        Of the new version when it had settled; of its life, or else why it could not be read.
    restarts
        What was seen of them between then and the end of the watch: ``none``, the first that was
        met, or ``not seen`` and why; None where it did not come to that.
    decision
        What was decided and done; None where it did not come to that.
    problem
        What ended it before.
    """

    order: Order
    kubectl: Kubectl
    phases: Phases
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    standing: list[Manifest] = field(default_factory=list)
    simulation: list[Manifest] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    before: list[Manifest] = field(default_factory=list)
    savepoint: str | None = None
    smoke: Smoke = "none"
    smoke_log: str = ""
    job_id: str = ""
    life: Life | str = "not asked"
    restarts: str | None = None
    decision: Decision | None = None
    problem: DeploymentError | None = None

    @property
    def job(self) -> Manifest:
        """The job as it shall be."""
        return flink_deployment(self.standing)

    @property
    def job_before(self) -> Manifest | None:
        """The job as it was; None for the first release."""
        found = [each for each in self.before if each["kind"] == FLINK_DEPLOYMENT]
        return found[0] if found else None

    def run(self) -> Decision:
        """Bring the version onto the cluster, and take it off again if it does not hold.

        Raises
        ------
        DeploymentError
            If nothing was changed; or if there is no way back or it failed, which the line says.
        """
        try:
            self.decision = self._bring()
        except DeploymentError as error:
            self.problem = error
            raise
        return self.decision

    def _bring(self) -> Decision:
        with self.phases.phase("manifests") as bar:
            self._render()
            bar.note = f"{len(self.standing)} objects, {len(self.simulation)} of the simulation"
            if self.unused:
                bar.note += f"; not run here: {', '.join(self.unused)}"
        with self.phases.phase("savepoint") as bar:
            self.before = self.kubectl.get_those(self.standing)
            self.savepoint = self._take_savepoint()
            bar.note = self.savepoint or "none"
        decision = self._try_out()
        if not decision.stays:
            self._back(decision)
        return decision

    def _render(self) -> None:
        order = self.order
        manifests, self.unused = with_images(self.kubectl.render(order.overlay), order.images)
        self.standing, self.simulation = split(with_seed(manifests, order.seed))
        flink_deployment(self.standing)
        names = [each["metadata"]["name"] for each in self.simulation]
        if self.simulation and order.judge not in names:
            raise DeploymentRefused(f"the overlay's simulation has no Job {order.judge}: {names}")

    def _take_savepoint(self) -> str | None:
        before = self.job_before
        if before is None:
            return None
        seen = Observed.of(before)
        if not seen.is_running:
            if self.order.without_savepoint:
                return None
            raise DeploymentRefused(
                f"the job is {seen.words}: no savepoint can be taken of it; mend it, or replace it "
                "without one (--without-savepoint)"
            )
        request = savepoint_request(before, f"before-{self.order.release}")
        metadata = request["metadata"]
        self.kubectl.apply([request])
        for found in self._looks(self.order.savepoint_timeout_s, request):
            status = found.get("status", {})
            if status.get("state") == "COMPLETED" and status.get("path"):
                return str(status["path"])
            if status.get("state") in ("FAILED", "ABANDONED"):
                raise DeploymentError(
                    f"the savepoint {metadata['name']} is {status['state']}: "
                    f"{status.get('error') or 'no reason given'}; nothing was changed"
                )
        raise DeploymentError(
            f"the savepoint {metadata['name']} is not complete after "
            f"{self.order.savepoint_timeout_s:g} s; nothing was changed"
        )

    def _try_out(self) -> Decision:
        unsettled: str | None
        unseen: str | None = None
        try:
            with self.phases.phase("apply"):
                self.kubectl.apply(self.standing)
            with self.phases.phase("settle") as bar:
                unsettled = self._settle()
                bar.note = unsettled or "runs"
            if unsettled is None and self.simulation:
                with self.phases.phase("simulation") as bar:
                    self.smoke = self._simulate()
                    bar.note = self.smoke
            if unsettled is None and self.smoke in ("pass", "none"):
                with self.phases.phase("watch") as bar:
                    unsettled, unseen = self._watch()
                    bar.note = self.restarts or ""
        except DeploymentError as error:
            return Decision(False, 3, f"it cannot be told whether it holds: {error}")
        return decide(
            unsettled,
            self.smoke,
            restarts_unseen=unseen,
            keep_inconclusive=self.order.keep_inconclusive,
        )

    def _settle(self) -> str | None:
        """Why the version does not come to run; None if it does."""
        seen = None
        for found in self._looks(self.order.settle_timeout_s, self.job):
            seen = Observed.of(found)
            if seen.is_settled:
                break
            if seen.is_lost:
                return f"the job does not come to run: {seen.words}"
        else:
            said = "the operator does not know it" if seen is None else seen.words
            return f"the job does not run after {self.order.settle_timeout_s:g} s: {said}"
        for each in self.standing:
            if each["kind"] in _ROLLED_OUT:
                try:
                    self.kubectl.await_rollout(each, self.order.settle_timeout_s)
                except DeploymentError as error:
                    return f"{each['kind']} {each['metadata']['name']}: {error}"
        # From here on: what makes it restart under the simulation's load counts, too.
        self.job_id, self.life = seen.job_id, self._read_life(seen.job_id)
        return None

    def _simulate(self) -> Smoke:
        """Run the overlay's simulation anew, and read its verdict."""
        self.kubectl.delete(self.simulation)
        self.kubectl.apply(self.simulation)
        namespace = self.job["metadata"]["namespace"]
        deadline_s = self.clock() + self.order.smoke_timeout_s
        while self.clock() < deadline_s:
            for pod in self.kubectl.pods(self.order.judge, namespace):
                code = _exit_code(pod)
                if code is not None:
                    name = pod["metadata"]["name"]
                    self.smoke_log = self._log(name, namespace)
                    return SMOKE_BY_EXIT_CODE.get(code, "inconclusive")
            self.sleep(self.order.poll_s)
        return "inconclusive"

    def _log(self, pod: str, namespace: str) -> str:
        """Only for people: a verdict without its log is a verdict."""
        try:
            return self.kubectl.logs(pod, _JUDGING_CONTAINER, namespace)
        except DeploymentError as error:
            return str(error)

    def _watch(self) -> tuple[str | None, str | None]:
        """Why the version did not go on running, and why restarts were not seen.

        None, and None, if it did without one.
        """
        broken, unseen = self._go_on(), None
        if broken is None:
            broken, unseen = compare(self.life, self._read_life(self.job_id))
        self.restarts = broken or ("none" if unseen is None else f"not seen: {unseen}")
        return broken, unseen

    def _go_on(self) -> str | None:
        """Why the operator does not hold the job for the same and sound; None if it does."""
        for found in self._looks(self.order.watch_s, self.job):
            seen = Observed.of(found)
            if not seen.is_settled:
                return f"the job did not go on running: {seen.words}"
            if seen.job_id != self.job_id:
                return "the job was started anew"
        return None

    def _read_life(self, job_id: str) -> Life | str:
        pause = functools.partial(self.sleep, self.order.poll_s)
        return life_or_why_not(self.kubectl, self.job, job_id, pause)

    def _back(self, decision: Decision) -> None:
        before = self.job_before
        if before is None:
            raise DeploymentError(
                f"{decision.reason}; it is the first version here, so there is none to go back to: "
                "it is left as it is"
            )
        with self.phases.phase("roll back") as bar, self._way_back(decision):
            self.kubectl.delete(self.simulation)
            now = self.kubectl.get(FLINK_DEPLOYMENT, *_place(before))
            nonce = 1 + max(Observed.of(each).nonce for each in (before, now or before))
            others = [each for each in self.before if each["kind"] != FLINK_DEPLOYMENT]
            self.kubectl.apply(
                [*map(as_it_was_given, others), restored(before, self.savepoint, nonce)]
            )
            for found in self._looks(self.order.settle_timeout_s, before):
                seen = Observed.of(found)
                if seen.is_settled and seen.nonce == (nonce if self.savepoint else seen.nonce):
                    bar.note = "the version before runs again"
                    return
            raise DeploymentError(
                f"the version before does not run after {self.order.settle_timeout_s:g} s"
            )

    @contextmanager
    def _way_back(self, decision: Decision) -> Iterator[None]:
        try:
            yield
        except DeploymentError as error:
            raise DeploymentError(
                f"{decision.reason}; THE WAY BACK FAILED: {error}; the state before lies in "
                f"{self.savepoint or 'its last checkpoint'}: mend it by hand"
            ) from None

    def _looks(self, timeout_s: float, manifest: Manifest) -> Iterator[Manifest]:
        """Look at an object again and again, at least once, until the time is over."""
        deadline_s = self.clock() + timeout_s
        while True:
            found = self.kubectl.get(manifest["kind"], *_place(manifest))
            if found is not None:
                yield found
            if self.clock() >= deadline_s:
                return
            self.sleep(self.order.poll_s)

    def record(self) -> dict[str, Any]:
        """What is kept of a release, however it ended.

        Without a decision that was carried out, ``stays`` is None, and the reason says what is
        known.
        """
        stays, exit_code, reason = None, None, "it was broken off"
        if self.problem is not None:
            exit_code, reason = self.problem.exit_code, str(self.problem)
        if self.decision is not None:
            stays, exit_code = self.decision.stays, self.decision.exit_code
            reason = self.decision.reason
        return {
            "overlay": str(self.order.overlay),
            "release": self.order.release,
            "images": self.order.images,
            "unused_images": self.unused,
            "savepoint": self.savepoint,
            "simulation": self.smoke,
            "restarts": self.restarts,
            "stays": stays,
            "exit_code": exit_code,
            "reason": reason,
        }


def _place(manifest: Manifest) -> tuple[str, str]:
    return manifest["metadata"]["name"], manifest["metadata"]["namespace"]


def _exit_code(pod: Manifest) -> int | None:
    """Of the container that judges; None while it has not ended."""
    status = pod.get("status", {})
    for each in status.get("containerStatuses", ()):
        if each["name"] == _JUDGING_CONTAINER:
            ended = each.get("state", {}).get("terminated")
            if ended is not None:
                return int(ended["exitCode"])
    # Its init containers failed, or it was evicted: it never got to judge.
    return -1 if status.get("phase") == "Failed" else None
