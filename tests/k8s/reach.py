"""Whom do the network policies let to a pod, and whither do they let it go?"""

from __future__ import annotations

from typing import Any, Final, Literal

from tests.k8s.conftest import Manifest, of_kind

_OTHER_SIDE: Final = {"ingress": "from", "egress": "to"}
#: Flink's operator, which has a namespace of its own.
OPERATOR: Final = {
    "namespaceSelector": {
        "matchLabels": {"kubernetes.io/metadata.name": "flink-kubernetes-operator"}
    }
}


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a selector takes a pod with these labels; an empty one takes every pod."""
    return bool(selector.get("matchLabels", selector).items() <= labels.items())


def let(
    manifests: list[Manifest],
    direction: Literal["ingress", "egress"],
    labels: dict[str, str],
    port: int,
) -> list[dict[str, Any]]:
    """Selectors of the other side at a port of it; an empty one is everybody."""
    found: list[dict[str, Any]] = []
    for policy in of_kind(manifests, "NetworkPolicy").values():
        if not selects(policy["spec"]["podSelector"], labels):
            continue
        for rule in policy["spec"].get(direction, []):
            ports = [each["port"] for each in rule.get("ports", [])]
            if not ports or port in ports:
                found += rule.get(_OTHER_SIDE[direction], [{}])
    return found
