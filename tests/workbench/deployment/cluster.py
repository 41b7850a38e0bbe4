"""A cluster for tests: objects, an operator that takes them up, a clock that only waits move."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.deployment.kubectl import Kubectl
from workbench.deployment.manifests import Manifest
from workbench.deployment.problems import DeploymentError

NAMESPACE = "paystream-staging"
OLD = f"registry.example.com/paystream/flink-job@sha256:{'0' * 64}"
NEW = f"registry.example.com/paystream/flink-job@sha256:{'1' * 64}"


def manifest(kind: str, name: str, **rest: Any) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {"name": name, "namespace": NAMESPACE},
        **rest,
    }


def overlay(*, simulation: bool = True) -> list[Manifest]:
    """As kustomize gives it."""
    job = {"parallelism": 2, "upgradeMode": "last-state", "state": "running"}
    image = "registry.example.com/paystream/flink-job:0.1.0"
    found = [
        manifest("ConfigMap", "paystream-simulation", data={"SEED": "1", "SCENARIO": "geo_jump"}),
        manifest("FlinkDeployment", "paystream-detection", spec={"image": image, "job": job}),
        manifest("Deployment", "paystream-dashboard", spec={"replicas": 1}),
    ]
    if simulation:
        found += [
            manifest("Job", "paystream-generator", spec={}),
            manifest("Job", "paystream-evaluation", spec={}),
        ]
    return found


@dataclass
class Cluster(Kubectl):
    """What `kubectl` would do.

    Attributes
    ----------
    comes_to_run, simulation_exits, savepoint, rolls_out
        How the new version, its simulation, and the operator behave; `simulation_exits` None for
        never.
    fails_when_watched
        Flink restarts the new version between two looks: its id stays, and so does what the
        operator says of it.
    taken_up_when_watched
        Another JobManager takes it up, and forgets what failed before.
    submitted_anew_when_watched
        Somebody starts it as another job.
    rest_answers
        Whether a command can be run in the JobManager's pod.
    done
        What was asked for, in its order.
    """

    comes_to_run: bool = True
    simulation_exits: int | None = 0
    fails_when_watched: bool = False
    taken_up_when_watched: bool = False
    submitted_anew_when_watched: bool = False
    rest_answers: bool = True
    savepoint: str = "COMPLETED"
    rolls_out: bool = True
    way_back_works: bool = True
    has_simulation: bool = True
    done: list[str] = field(default_factory=list)
    objects: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    now_s: float = 0.0
    looked: int = 0

    def __post_init__(self) -> None:
        super().__init__("no-such-kubectl")

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def with_old_version(self, job_state: str = "RUNNING") -> Cluster:
        """The cluster as the release before left it."""
        for each in overlay(simulation=False):
            live = copy.deepcopy(each)
            live["metadata"] |= {"uid": "u", "resourceVersion": "7", "generation": 1}
            self.objects[live["kind"], live["metadata"]["name"]] = live
        job = self.job
        job["spec"]["image"] = OLD
        job["status"] = {
            "lifecycleState": "STABLE",
            "observedGeneration": 1,
            "jobStatus": {"state": job_state, "jobId": "old"},
        }
        return self

    @property
    def job(self) -> Manifest:
        return self.objects["FlinkDeployment", "paystream-detection"]

    def render(self, _overlay: Path) -> list[Manifest]:
        return overlay(simulation=self.has_simulation)

    def get(self, kind: str, name: str, _namespace: str) -> Manifest | None:
        found = self.objects.get((kind, name))
        if found is not None and kind == "FlinkDeployment":
            self._operate(found)
        return copy.deepcopy(found)

    def get_those(self, manifests: Sequence[Manifest]) -> list[Manifest]:
        keys = [(each["kind"], each["metadata"]["name"]) for each in manifests]
        return [copy.deepcopy(self.objects[key]) for key in keys if key in self.objects]

    def pods(self, job: str, _namespace: str) -> list[Manifest]:
        if self.simulation_exits is None:
            return []
        state = {"terminated": {"exitCode": self.simulation_exits}}
        status = {"containerStatuses": [{"name": "evaluation", "state": state}]}
        return [{"metadata": {"name": f"{job}-x"}, "status": status}]

    def apply(self, manifests: Iterable[Manifest]) -> None:
        for each in manifests:
            key = each["kind"], each["metadata"]["name"]
            self.done.append(f"apply {each['kind']}")
            live = self.objects.setdefault(key, {"metadata": {}})
            before = live.get("spec")
            live.update(copy.deepcopy({k: v for k, v in each.items() if k != "metadata"}))
            live["metadata"] |= each["metadata"]
            if before != live.get("spec"):
                live["metadata"]["generation"] = live["metadata"].get("generation", 0) + 1
            if each["kind"] == "FlinkStateSnapshot":
                path = "s3://bucket/savepoint-1" if self.savepoint == "COMPLETED" else None
                live["status"] = {"state": self.savepoint, "path": path, "error": "no slot"}

    def delete(self, manifests: Iterable[Manifest]) -> None:
        for each in manifests:
            self.done.append(f"delete {each['kind']}")
            self.objects.pop((each["kind"], each["metadata"]["name"]), None)

    def logs(self, _pod: str, _container: str, _namespace: str) -> str:
        return "PASS  everything"

    def run_within(self, where: str, namespace: str, container: str, command: Sequence[str]) -> str:
        """What Flink's REST says of the job, in the two answers that are asked for."""
        assert (where, namespace) == ("deployment/paystream-detection", NAMESPACE)
        assert container == "flink-main-container"
        job_id = self.job["status"]["jobStatus"]["jobId"]
        assert command[-2:] == (f"/jobs/{job_id}", f"/jobs/{job_id}/exceptions?maxExceptions=1")
        if not self.rest_answers:
            raise DeploymentError("kubectl exec failed: pods/exec is forbidden")
        is_taken_up = self.taken_up_when_watched and self._is_watched
        failures = []
        if self.fails_when_watched and self._is_watched:
            stacktrace = "ValueError: no such rule\n\tat process_element"
            failures = [{"timestamp": 5_000 + self.looked, "stacktrace": stacktrace}]
        job = {"jid": job_id, "start-time": 2_000 if is_taken_up else 1_000}
        return json.dumps([job, {"exceptionHistory": {"entries": failures, "truncated": False}}])

    def await_rollout(self, _manifest: Manifest, _timeout_s: float) -> None:
        if not self.rolls_out:
            raise DeploymentError("kubectl rollout failed: 0 of 1 updated")

    @property
    def _is_watched(self) -> bool:
        """Whether the new version had settled, and was looked at again and again since."""
        return self.job["spec"]["image"] == NEW and self.looked > 3

    def _operate(self, job: Manifest) -> None:
        """Take up the newest specification, a look later than it was given."""
        status = job.setdefault("status", {"jobStatus": {}})
        generation = job["metadata"]["generation"]
        is_new = job["spec"]["image"] == NEW
        works = self.comes_to_run if is_new else self.way_back_works
        if status.get("observedGeneration") != generation:
            status["observedGeneration"] = generation
            status["lifecycleState"] = "UPGRADING"
            status["jobStatus"] = {"state": "RECONCILING", "jobId": ""}
        elif works:
            status["lifecycleState"] = "STABLE"
            status["jobStatus"] = {"state": "RUNNING", "jobId": f"job-{generation}"}
            self.looked += is_new
            if self.submitted_anew_when_watched and self._is_watched:
                status["jobStatus"]["jobId"] = "another"
        else:
            status["lifecycleState"] = "FAILED"
            status["jobStatus"]["state"] = "FAILED"
            status["error"] = "NoSuchFieldException"
