"""What must no manifest of ours do? One function a rule; each gives a line for each breach."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

Manifest = dict[str, Any]

#: Kinds whose pods stand at ``spec.template``.
_CONTROLLERS: Final = ("Deployment", "StatefulSet", "Job")
_TAG: Final = re.compile(r"[^@]+(:(?P<tag>[\w][\w.-]*)|@sha256:[0-9a-f]{64})")
_FLOATING: Final = re.compile(r"latest|stable|main|master|edge|nightly|\d+")
_SECRET_NAME: Final = re.compile(
    r"(?i)passw|secret[-_]?(access[-_]?)?key|token|api[-_]?key|credential|jaas|private[-_]?key"
)
#: What points at a secret, and is none: a reference, a file, a substitution, a class, a flag.
_REFERENCE: Final = re.compile(r"\$\{?\(?\w+[:)]|^/|^[A-Z]\w*Provider$|^(true|false)$|^$")


class Pod(NamedTuple):
    """One pod of a manifest, whatever makes it."""

    where: str
    spec: Manifest
    is_flinks: bool


def pods(manifest: Manifest) -> Iterator[Pod]:
    """The pods that a manifest asks for."""
    where = f"{manifest['kind']}/{manifest['metadata']['name']}"
    if manifest["kind"] in _CONTROLLERS:
        yield Pod(where, manifest["spec"]["template"]["spec"], False)
    if manifest["kind"] == "FlinkDeployment":
        spec = manifest["spec"]
        for role in ("jobManager", "taskManager"):
            own = spec[role].get("podTemplate", {}).get("spec", {})
            common = spec.get("podTemplate", {}).get("spec", {})
            # The operator lays one over the other; lists of containers by name.
            merged = {**common, **own, "containers": _merged(common, own)}
            yield Pod(f"{where} {role}", merged, True)


def _merged(common: Manifest, own: Manifest) -> list[Manifest]:
    by_name: dict[str, Manifest] = {}
    for each in (*common.get("containers", ()), *own.get("containers", ())):
        by_name[each["name"]] = {**by_name.get(each["name"], {}), **each}
    return list(by_name.values())


def containers(pod: Pod) -> Iterator[Manifest]:
    """All containers of a pod, those that start first too."""
    yield from pod.spec.get("initContainers", ())
    yield from pod.spec["containers"]


def runs_as_root(manifest: Manifest) -> Iterator[str]:
    """No root, no more rights than at the start, a root file system that cannot be written."""
    for pod in pods(manifest):
        own = pod.spec.get("securityContext", {})
        if own.get("runAsNonRoot") is not True or not own.get("runAsUser"):
            yield f"{pod.where}: may run as root"
        if own.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{pod.where}: no seccomp profile"
        for each in containers(pod):
            context = each.get("securityContext", {})
            name = f"{pod.where} {each['name']}"
            if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
                yield f"{name}: may gain rights"
            if context.get("readOnlyRootFilesystem") is not True:
                yield f"{name}: its root file system can be written"
            if "ALL" not in context.get("capabilities", {}).get("drop", ()):
                yield f"{name}: keeps capabilities"
            if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False:
                yield f"{name}: runs as root"


def shares_the_node(manifest: Manifest) -> Iterator[str]:
    """Nothing of the node's: its network, processes, files."""
    for pod in pods(manifest):
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.spec.get(name):
                yield f"{pod.where}: {name}"
        for volume in pod.spec.get("volumes", ()):
            if "hostPath" in volume:
                yield f"{pod.where}: hostPath {volume['name']}"
        for each in containers(pod):
            for port in each.get("ports", ()):
                if "hostPort" in port:
                    yield f"{pod.where} {each['name']}: hostPort {port['hostPort']}"


def lacks_limits(manifest: Manifest) -> Iterator[str]:
    """CPU and memory, as request and limit; room on the disk where it is not the cluster's."""
    for pod in pods(manifest):
        for volume in pod.spec.get("volumes", ()):
            if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
                yield f"{pod.where}: emptyDir {volume['name']} has no sizeLimit"
        if pod.is_flinks:
            continue
        for each in containers(pod):
            for part in ("requests", "limits"):
                missing = {"cpu", "memory"} - set(each.get("resources", {}).get(part, ()))
                if missing:
                    yield f"{pod.where} {each['name']}: no {part} for {', '.join(sorted(missing))}"
    if manifest["kind"] == "FlinkDeployment":
        # Flink makes request and limit of it (`kubernetes.*.cpu.limit-factor` is 1).
        for role in ("jobManager", "taskManager"):
            missing = {"cpu", "memory", "ephemeralStorage"} - set(
                manifest["spec"][role].get("resource", {})
            )
            if missing:
                yield f"FlinkDeployment {role}: no {', '.join(sorted(missing))}"


def image_not_pinned(manifest: Manifest) -> Iterator[str]:
    """Each image by a version or a digest, and no version that moves."""
    found = [
        (f"{pod.where} {each['name']}", each["image"])
        for pod in pods(manifest)
        if not pod.is_flinks
        for each in containers(pod)
    ]
    if manifest["kind"] == "FlinkDeployment":
        found.append(("FlinkDeployment", manifest["spec"]["image"]))
    for where, image in found:
        match = _TAG.fullmatch(image)
        if match is None or (match["tag"] and _FLOATING.fullmatch(match["tag"])):
            yield f"{where}: {image} is not pinned by a version"


def secret_in_clear(manifest: Manifest) -> Iterator[str]:
    """No Secret is among the manifests, and nothing that is called like one has a value."""
    where = f"{manifest['kind']}/{manifest['metadata']['name']}"
    if manifest["kind"] == "Secret":
        yield f"{where}: a Secret belongs into the cluster, not into these files"
    yield from (f"{where} {path}: a value in clear" for path in _secrets(manifest, ""))


def _secrets(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, dict):
        # An environment variable, or a setting of another list of names and values.
        if isinstance(node.get("name"), str) and _is_secret(node["name"], node.get("value")):
            yield f"{path}.{node['name']}"
        for key, value in node.items():
            if _is_secret(str(key), value):
                yield f"{path}.{key}"
            yield from _secrets(value, f"{path}.{key}")
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from _secrets(value, f"{path}[{position}]")
    elif isinstance(node, str):
        yield from (f"{path} ({name})" for name in _assigned(node))


def _is_secret(name: str, value: Any) -> bool:
    known = ("secretName", "secretKeyRef", "secret", "automountServiceAccountToken")
    if name in known or not isinstance(value, str):
        return False
    return bool(_SECRET_NAME.search(name)) and not _REFERENCE.search(value)


def _assigned(text: str) -> Iterator[str]:
    """Names of secrets that are given a value within a text, such as ``password="..."``."""
    for name, value in re.findall(r"([\w.-]+)\s*=\s*(?=\"?([^\s\";,]*))", text):
        last = name.rsplit(".", 1)[-1]
        secret = re.fullmatch(r"(?i)(.*[-_])?(password|secret|token|secret-?key|api-?key)", last)
        if secret and not re.match(r"\$|%s|'|$", value):
            yield name


def service_account_of_others(manifest: Manifest) -> Iterator[str]:
    """A ServiceAccount of its own, and a token for Flink alone."""
    if manifest["kind"] == "FlinkDeployment":
        if not manifest["spec"].get("serviceAccount"):
            yield "FlinkDeployment: the default ServiceAccount"
        return
    for pod in pods(manifest):
        if pod.spec.get("serviceAccountName", "default") == "default":
            yield f"{pod.where}: the default ServiceAccount"
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield f"{pod.where}: has a token for the API server and asks it nothing"


def takes_service_links(manifest: Manifest) -> Iterator[str]:
    """No variables for each service of the namespace.

    Kafka's is called ``paystream-kafka-bootstrap``, and ``PAYSTREAM_KAFKA_BOOTSTRAP_SERVICE_HOST``
    would be a setting of Kafka's clients that nobody knows.
    """
    for pod in pods(manifest):
        if pod.spec.get("enableServiceLinks") is not False:
            yield f"{pod.where}: gets a variable for each service"


def too_many_rights(manifest: Manifest) -> Iterator[str]:
    """No right to everything, to secrets, or beyond the namespace."""
    where = f"{manifest['kind']}/{manifest['metadata']['name']}"
    if manifest["kind"] in ("ClusterRole", "ClusterRoleBinding"):
        yield f"{where}: reaches beyond the namespace"
    if manifest["kind"] != "Role":
        return
    forbidden = {"secrets", "pods/exec", "roles", "rolebindings", "serviceaccounts"}
    for rule in manifest["rules"]:
        for part in ("apiGroups", "resources", "verbs"):
            if "*" in rule.get(part, ()):
                yield f"{where}: * in {part}"
        for resource in sorted(forbidden & set(rule.get("resources", ()))):
            yield f"{where}: {resource}"


def is_not_watched(manifest: Manifest) -> Iterator[str]:
    """What serves has a probe that restarts it, and one that says when it can be asked."""
    kinds = {"Deployment", "StatefulSet", "FlinkDeployment"}
    if manifest["kind"] not in kinds:
        return
    for pod in pods(manifest):
        for each in pod.spec["containers"]:
            name = f"{pod.where} {each['name']}"
            if "livenessProbe" not in each:
                yield f"{name}: no liveness probe"
            if "readinessProbe" not in each and "startupProbe" not in each:
                yield f"{name}: no readiness or startup probe"


POLICIES: Final[tuple[Callable[[Manifest], Iterator[str]], ...]] = (
    runs_as_root,
    shares_the_node,
    lacks_limits,
    image_not_pinned,
    secret_in_clear,
    service_account_of_others,
    takes_service_links,
    too_many_rights,
    is_not_watched,
)
