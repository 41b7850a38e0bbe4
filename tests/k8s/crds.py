"""What do the operators' own definitions say of their resources?

They lie in ``definitions/``, taken from the operators' sources.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.k8s.conftest import ROOT

Schema = dict[str, Any]

DEFINITIONS: Final = Path(__file__).parent / "definitions"
#: Kinds that are defined there.
DEFINED: Final = frozenset(file.name.split(".")[0] for file in DEFINITIONS.glob("*.json.gz"))
#: Adds what Flink's operator knows and the definition of its chart has not heard of.
FLINK_VERSION_PATCH: Final = ROOT / "k8s" / "operator" / "flink-version.json"


@cache
def crd_schema(kind: str, api_version: str, *, patched: bool = True) -> Schema:
    """The strict schema of a custom resource.

    Parameters
    ----------
    kind, api_version
        Of the resource.
    patched
        Whether the definition of Flink's operator is patched as docs/kubernetes.md says.
    """
    definition = json.loads(gzip.decompress((DEFINITIONS / f"{kind}.json.gz").read_bytes()))
    if kind == "FlinkDeployment" and patched:
        _patch(definition, json.loads(FLINK_VERSION_PATCH.read_text()))
    group, _, version = api_version.partition("/")
    assert definition["spec"]["group"] == group
    (found,) = [each for each in definition["spec"]["versions"] if each["name"] == version]
    schema = strict(found["schema"]["openAPIV3Schema"])
    # Whatever belongs to every resource is the API server's to judge.
    common = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    schema["properties"] |= {**common, "metadata": {"type": "object"}}
    return schema


def _patch(definition: Schema, steps: list[dict[str, Any]]) -> None:
    """JSON Patch, as far as it is needed: something added at the end of a list."""
    for step in steps:
        *path, last = step["path"].strip("/").split("/")
        assert (step["op"], last) == ("add", "-")
        node: Any = definition
        for key in path:
            node = node[int(key)] if isinstance(node, list) else node[key]
        node.append(step["value"])


def strict(node: Any) -> Any:
    """An OpenAPI schema as JSON Schema that takes no field that it does not name.

    An API server drops such a field without a word; here it is an error.
    """
    if isinstance(node, list):
        return [strict(each) for each in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: {name: strict(each) for name, each in value.items()}
        if key == "properties"
        else strict(value)
        for key, value in node.items()
    }
    if made.pop("x-kubernetes-int-or-string", False):
        made["type"] = ["integer", "string"]
        made.pop("anyOf", None)
    open_to_all = made.pop("x-kubernetes-preserve-unknown-fields", False)
    if "properties" in made and not open_to_all and "additionalProperties" not in made:
        made["additionalProperties"] = False
    if open_to_all:
        made.pop("type", None)
    if made.pop("nullable", False) and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made
