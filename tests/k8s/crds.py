"""What do the operators' own definitions say of their resources?

The schemas come from the jars that the operators are published in: of Flink's operator as a file,
of Strimzi from the annotations of its classes, by its own generator.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.k8s.conftest import JARS, operator_jars, run_java

Schema = dict[str, Any]

_FLINKS_FILE: Final = "META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml"
_STRIMZIS_CLASSES: Final = {
    "Kafka": "io.strimzi.api.kafka.model.kafka.Kafka",
    "KafkaNodePool": "io.strimzi.api.kafka.model.nodepool.KafkaNodePool",
    "KafkaTopic": "io.strimzi.api.kafka.model.topic.KafkaTopic",
    "KafkaUser": "io.strimzi.api.kafka.model.user.KafkaUser",
}


@cache
def crd_schema(kind: str, api_version: str) -> Schema:
    """The strict schema of a custom resource."""
    if kind in _STRIMZIS_CLASSES:
        definition = yaml.safe_load((_strimzis_definitions() / f"{kind}.yaml").read_text())
    else:
        definition = yaml.safe_load(_flinks_definition())
    group, _, version = api_version.partition("/")
    assert definition["spec"]["group"] == group
    (found,) = [each for each in definition["spec"]["versions"] if each["name"] == version]
    schema = strict(found["schema"]["openAPIV3Schema"])
    # Whatever belongs to every resource is the API server's to judge.
    schema["properties"] |= {"metadata": {"type": "object"}}
    return schema


def _flinks_definition() -> bytes:
    (jar,) = [each for each in operator_jars() if "operator-api" in each.name]
    with zipfile.ZipFile(jar) as archive:
        return archive.read(_FLINKS_FILE)


@cache
def _strimzis_definitions() -> Path:
    jars = tuple(sorted((JARS / "strimzi").glob("*.jar")))
    if not jars:
        pytest.fail(f"no jars in {JARS / 'strimzi'}: run `make install-kubernetes`")
    folder = Path(tempfile.mkdtemp(prefix="paystream-crds-"))
    # As in Strimzi's own build.
    options = ["--target-kube", "1.25+", "--crd-api-version", "v1", "--api-versions", "v1"]
    places = [f"{name}={folder / f'{kind}.yaml'}" for kind, name in _STRIMZIS_CLASSES.items()]
    main = "io.strimzi.crdgenerator.CrdGenerator"
    run_java(main, jars, *options, "--storage-version", "v1", "--yaml", *places)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


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
