"""What stands in the manifests of an overlay, and what of it changes with a release?

Pure functions over parsed manifests. An overlay names images by version; a release names them by
digest, so that what was tested is what runs.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from workbench.deployment.images import IMAGES, stands_for
from workbench.deployment.problems import DeploymentRefused

Manifest = dict[str, Any]

FLINK_DEPLOYMENT: Final = "FlinkDeployment"
#: Jobs of an overlay are its simulation: they run once, after the rest stands.
_SIMULATION_KIND: Final = "Job"
#: ConfigMap that the simulation is told by, and the key in it that must be new for each run on the
#: same topics: a replay is a function of its seed.
_SIMULATION_SETTINGS: Final = "paystream-simulation"
_SEED: Final = "SEED"
_DIGEST: Final = re.compile(r"[\w.:/-]+@sha256:[0-9a-f]{64}")
#: What the API server adds to an object, and refuses or ignores when it is given back.
_SERVERS_OWN: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
)
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def with_images(
    manifests: Iterable[Manifest], images: Mapping[str, str]
) -> tuple[list[Manifest], list[str]]:
    """The manifests with images by digest, and the names of those images that none of them has.

    An image of the project that the overlay does not run is left out: who deploys hands on all that
    was built.

    Parameters
    ----------
    manifests
        Of an overlay.
    images
        What to run by the end of an image's name, such as ``paystream/flink-job``; whichever
        registry the overlay names.

    Raises
    ------
    DeploymentRefused
        If one is not told by digest; or stands in no manifest and is none of the project's.
    """
    for name, image in images.items():
        if not _DIGEST.fullmatch(image):
            raise DeploymentRefused(
                f"image {name}={image}: give it by digest (…@sha256:…); a tag can move between "
                "one environment and the next"
            )
    used: set[str] = set()

    def replaced(text: str) -> str:
        name = re.sub(r"(:[\w][\w.-]*)?(@sha256:[0-9a-f]+)?$", "", text)
        for wanted, image in images.items():
            if stands_for(wanted, name):
                used.add(wanted)
                return image
        return text

    result = [_map_images(each, replaced) for each in manifests]
    unused = sorted(images.keys() - used)
    for wanted in unused:
        if not any(stands_for(wanted, name) for name in IMAGES):
            raise DeploymentRefused(
                f"image {wanted}: no manifest of this overlay has it, and the project builds only "
                f"{', '.join(IMAGES)}"
            )
    return result, unused


def _map_images(node: Any, replaced: Callable[[str], str]) -> Any:
    if isinstance(node, dict):
        return {
            key: replaced(value)
            if key == "image" and isinstance(value, str)
            else _map_images(value, replaced)
            for key, value in node.items()
        }
    if isinstance(node, list):
        return [_map_images(each, replaced) for each in node]
    return node


def with_seed(manifests: Iterable[Manifest], seed: int) -> list[Manifest]:
    """The manifests with another seed of the simulation, where there is one."""
    result = copy.deepcopy(list(manifests))
    for each in result:
        is_settings = each["kind"] == "ConfigMap" and each["metadata"]["name"] == (
            _SIMULATION_SETTINGS
        )
        if is_settings and _SEED in each.get("data", {}):
            each["data"][_SEED] = str(seed)
    return result


def split(manifests: Iterable[Manifest]) -> tuple[list[Manifest], list[Manifest]]:
    """What stands, and what runs once to judge it."""
    standing: list[Manifest] = []
    simulation: list[Manifest] = []
    for each in manifests:
        (simulation if each["kind"] == _SIMULATION_KIND else standing).append(each)
    return standing, simulation


def flink_deployment(manifests: Iterable[Manifest]) -> Manifest:
    """The one job of an overlay.

    Raises
    ------
    DeploymentRefused
        If there is none, or more than one.
    """
    found = [each for each in manifests if each["kind"] == FLINK_DEPLOYMENT]
    if len(found) != 1:
        raise DeploymentRefused(f"the overlay has {len(found)} FlinkDeployments, one is expected")
    return found[0]


def as_it_was_given(live: Manifest) -> Manifest:
    """An object of the cluster without what the cluster itself added to it."""
    result = copy.deepcopy(live)
    result.pop("status", None)
    metadata = result["metadata"]
    for name in _SERVERS_OWN:
        metadata.pop(name, None)
    metadata.get("annotations", {}).pop(_LAST_APPLIED, None)
    return result


def restored(before: Manifest, savepoint: str | None, nonce: int) -> Manifest:
    """The job as it was, told to start from a savepoint.

    Parameters
    ----------
    before
        The FlinkDeployment before the release.
    savepoint
        Where it lies; None to go on with the newest state that there is.
    nonce
        Another than it has now: the operator starts a job from its savepoint only then.
    """
    result = as_it_was_given(before)
    job = result["spec"]["job"]
    job["state"] = "running"
    if savepoint is not None:
        job["initialSavepointPath"] = savepoint
        job["savepointRedeployNonce"] = nonce
    return result


def savepoint_request(deployment: Manifest, name: str) -> Manifest:
    """Ask the operator for a savepoint that outlives its own object.

    Parameters
    ----------
    deployment
        The running job's.
    name
        Of the request.
    """
    metadata = {"name": name, "namespace": deployment["metadata"]["namespace"]}
    return {
        "apiVersion": "flink.apache.org/v1beta1",
        "kind": "FlinkStateSnapshot",
        "metadata": metadata,
        "spec": {
            "backoffLimit": 2,
            "jobReference": {
                "kind": FLINK_DEPLOYMENT,
                "name": deployment["metadata"]["name"],
            },
            "savepoint": {"disposeOnDelete": False},
        },
    }
