"""How is a cluster asked, and told? By `kubectl`, as a person would."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from workbench.deployment.manifests import Manifest
from workbench.deployment.problems import DeploymentError

#: Who owns the fields that are set: the next release sees what it may remove.
FIELD_MANAGER: Final = "paystream-deploy"
_TIMEOUT_S: Final = 120.0
#: Pods have half a minute each to end by themselves.
_REMOVAL_TIMEOUT_S: Final = 300.0


class Kubectl:
    """Runs `kubectl` with what the caller's environment says of cluster and login.

    Parameters
    ----------
    command
        In place of ``kubectl``, with options before its own, e.g. ``kubectl --context staging``.
    """

    def __init__(self, command: str = "kubectl") -> None:
        self._command = shlex.split(command)

    def render(self, overlay: Path) -> list[Manifest]:
        """The manifests of an overlay, as kustomize builds them; asks no cluster."""
        text = self._run("kustomize", str(overlay))
        return [each for each in yaml.safe_load_all(text) if each]

    def get(self, kind: str, name: str, namespace: str) -> Manifest | None:
        """One object, or None if it is not there."""
        found = self._json("get", kind, name, "--namespace", namespace, "--ignore-not-found")
        return found or None

    def get_those(self, manifests: Sequence[Manifest]) -> list[Manifest]:
        """What is on the cluster of these objects, as it is there."""
        if not manifests:
            return []
        found = self._json("get", "--filename", "-", "--ignore-not-found", given=manifests)
        return list(found["items"]) if found.get("kind") == "List" else [found] if found else []

    def pods(self, job: str, namespace: str) -> list[Manifest]:
        """Pods of a Job that are not about to go."""
        selector = f"batch.kubernetes.io/job-name={job}"
        found = self._json("get", "pods", "--namespace", namespace, "--selector", selector)
        return [
            each for each in found.get("items", ()) if "deletionTimestamp" not in each["metadata"]
        ]

    def apply(self, manifests: Iterable[Manifest]) -> None:
        """Make the cluster have these objects, as they stand here."""
        self._run(
            *("apply", "--server-side", "--force-conflicts", "--field-manager", FIELD_MANAGER),
            *("--filename", "-"),
            given=list(manifests),
        )

    def delete(self, manifests: Iterable[Manifest]) -> None:
        """Remove these objects, with what they own, and wait until all are gone.

        A Job's pods go first: a verdict of the run before must not be read for the next.
        """
        given = list(manifests)
        if given:
            self._run(
                *("delete", "--ignore-not-found", "--wait", "--cascade=foreground"),
                *("--filename", "-"),
                given=given,
                timeout_s=_REMOVAL_TIMEOUT_S,
            )

    def logs(self, pod: str, container: str, namespace: str) -> str:
        """What a container has said."""
        return self._run("logs", pod, "--container", container, "--namespace", namespace)

    def run_within(self, where: str, namespace: str, container: str, command: Sequence[str]) -> str:
        """Run a command in a container of a pod, e.g. of ``deployment/x``; gives what it printed.

        It comes there by the node, so no network policy has to let it in.
        """
        place = ("--namespace", namespace, "--container", container)
        return self._run("exec", where, *place, "--", *command)

    def await_rollout(self, manifest: Manifest, timeout_s: float) -> None:
        """Wait until all pods of a Deployment or StatefulSet are of its newest form."""
        kind, metadata = manifest["kind"].lower(), manifest["metadata"]
        self._run(
            *("rollout", "status", f"{kind}/{metadata['name']}"),
            *("--namespace", metadata["namespace"], f"--timeout={timeout_s:.0f}s"),
            timeout_s=timeout_s + _TIMEOUT_S,
        )

    def _json(self, *words: str, given: Sequence[Manifest] | None = None) -> dict[str, Any]:
        text = self._run(*words, "--output", "json", given=given)
        return dict(json.loads(text)) if text.strip() else {}

    def _run(
        self,
        *words: str,
        given: Sequence[Manifest] | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> str:
        """Run it, and give what it printed."""
        text = None
        if given is not None:
            # JSON: kubectl's YAML and Python's do not agree on which words are truth values.
            text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(given)})
        try:
            done = subprocess.run(
                [*self._command, *words],
                input=text, capture_output=True, text=True, check=False, timeout=timeout_s,
            )  # fmt: skip
        except FileNotFoundError:
            raise DeploymentError(f"{self._command[0]} is missing: install it") from None
        except subprocess.TimeoutExpired:
            raise DeploymentError(f"kubectl {words[0]} is not done after {timeout_s:g} s") from None
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()
            raise DeploymentError(f"kubectl {words[0]} failed: {said[-1][:300]}")
        return done.stdout
