"""What do the tests of the manifests share? What kustomize makes of an overlay, and small JVMs."""

from __future__ import annotations

import copy
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from stack.flink_home import package_folder

ROOT = Path(__file__).resolve().parents[2]
KUSTOMIZE = ROOT / ".local" / "bin" / "kustomize"
JARS = ROOT / ".local" / "jars"
#: What only these tests need: the check that the operator makes of a deployment.
OPERATOR = ROOT / ".local" / "kubernetes" / "flink-operator"
PROGRAMS = Path(__file__).parent / "java"
OVERLAYS = ("dev", "staging", "production")
#: In which a simulation runs.
WITH_SIMULATION = ("dev", "staging")

Manifest = dict[str, Any]


@cache
def _built(overlay: str) -> list[Manifest]:
    if not KUSTOMIZE.exists():
        pytest.fail(f"no kustomize at {KUSTOMIZE}: `make install-kubernetes` builds it, with Go")
    done = subprocess.run(
        [KUSTOMIZE, "build", ROOT / "k8s" / "overlays" / overlay],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def built(overlay: str) -> list[Manifest]:
    """All that ``kubectl apply -k`` would apply; a copy that a test may change."""
    return copy.deepcopy(_built(overlay))


def broker_labels(cluster: str) -> dict[str, str]:
    """As Strimzi labels the pods of a Kafka, which are not part of PayStream."""
    return {"strimzi.io/cluster": cluster, "strimzi.io/component-type": "kafka"}


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> str:
    """Each overlay in turn."""
    return str(request.param)


@pytest.fixture
def manifests(overlay: str) -> list[Manifest]:
    """All of an overlay."""
    return built(overlay)


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    """Those of a kind, by name."""
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def deployment(overlay: str) -> Manifest:
    """The job of an overlay."""
    (found,) = of_kind(built(overlay), "FlinkDeployment").values()
    return found


def flink_configuration(overlay: str) -> dict[str, str]:
    """Flink's keys of an overlay."""
    return dict(deployment(overlay)["spec"]["flinkConfiguration"])


def operator_jars() -> tuple[Path, ...]:
    """Flink's operator with all that it needs."""
    found = tuple(sorted(OPERATOR.glob("*.jar")))
    if not found:
        pytest.fail(f"no jars in {OPERATOR}: run `make install-kubernetes`")
    return found


def flink_jars() -> tuple[Path, ...]:
    """Flink 2.3 as it runs, with its Python and Kafka jars and its plugin for S3."""
    package = package_folder()
    return (
        *sorted((package / "lib").glob("*.jar")),
        *sorted((package / "opt").glob("flink-python-*.jar")),
        *sorted((JARS / "flink-connector").glob("*.jar")),
        *sorted((JARS / "flink-s3").glob("*.jar")),
    )


def run_java(program: str, jars: tuple[Path, ...], *arguments: object) -> list[str]:
    """Run a class of the jars, or a program of ``java/`` from its source; gives what it printed."""
    classes = ":".join(map(str, jars))
    source = PROGRAMS / f"{program}.java"
    done = subprocess.run(
        # Lives for a second: compiled code for long lives is not worth its price.
        ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-cp", classes,
         source if source.exists() else program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()
