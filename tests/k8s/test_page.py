"""Does the page say what a cluster has to have, and do its commands end as it says?"""

from __future__ import annotations

import math
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.k8s.conftest import OVERLAYS, ROOT, Manifest, built, deployment, flink_configuration
from tests.k8s.policies import pods

PAGES: Final = {
    name: (ROOT / "docs" / name).read_text(encoding="utf-8")
    for name in ("kubernetes.md", "ci-cd.md")
}
PAGE: Final = PAGES["kubernetes.md"]
BLOCK: Final = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
UNITS_MIB: Final = {"m": 1, "Mi": 1, "Gi": 1024}


def _namespaces_too_late(page: str) -> list[str]:
    """Namespaces that are given a Secret before the page has made them."""
    there: set[str] = set()
    wrong = []
    commands = "\n".join(BLOCK.findall(page)).replace("\\\n", " ").splitlines()
    for command in commands:
        for file in re.findall(r"^kubectl apply -f (\S+/namespace\.yaml)", command):
            there.add(yaml.safe_load((ROOT / file).read_text())["metadata"]["name"])
        wrong += [
            name
            for name in re.findall(r"^kubectl -n (\S+) create secret", command)
            if name not in there
        ]
    return wrong


@pytest.mark.parametrize("page", PAGES)
def test_a_namespace_is_made_before_its_secrets(page):
    assert "create secret" in PAGES[page]
    assert _namespaces_too_late(PAGES[page]) == []


def test_a_secret_without_a_namespace_is_noticed():
    assert _namespaces_too_late("```sh\nkubectl -n x create secret generic y\n```\n") == ["x"]


def test_the_page_names_the_buckets():
    for overlay in ("staging", "production"):
        place = flink_configuration(overlay)["execution.checkpointing.dir"]
        assert f"`{place.split('/')[2]}`" in PAGE


def test_whoever_waits_for_a_verdict_hears_of_a_bad_one(tmp_path):
    (block,) = (each for each in BLOCK.findall(PAGE) if "logs job/paystream-evaluation" in each)
    waiting = block.replace("\\\n", " ").splitlines()[0]
    for said in ("Complete", "FailureTarget Failed"):
        _kubectl(tmp_path, said)
        assert _ends(waiting, tmp_path), f"it waits on where the Job is {said}"
    _kubectl(tmp_path, "Suspended")
    assert not _ends(waiting, tmp_path), "the negative control"


def _kubectl(folder: Path, said: str) -> None:
    (folder / "kubectl").write_text(f"#!/bin/sh\necho '{said}'\n")
    (folder / "kubectl").chmod(0o755)


def _ends(command: str, folder: Path) -> bool:
    # In place of waiting it ends with another code.
    text = f"sleep() {{ exit 7; }}\n{command}"
    environment = {"PATH": f"{folder}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", text], env=environment, check=False, timeout=30)
    return done.returncode == 0


def _cores(text: str | float) -> float:
    return float(text[:-1]) / 1000 if isinstance(text, str) and text.endswith("m") else float(text)


def _mib(text: str) -> float:
    found = re.fullmatch(r"(\d+)(\w+)", text)
    assert found is not None, text
    return float(found[1]) * UNITS_MIB[found[2]]


def _asked(manifest: Manifest) -> Iterator[tuple[float, float, float]]:
    """CPUs, memory (MiB) and local disk (MiB) of each pod; TaskManagers stand in `room`."""
    spec = manifest.get("spec", {})
    requests = []
    if manifest["kind"] == "KafkaNodePool":
        requests = [spec["resources"]["requests"]] * spec["replicas"]
    elif manifest["kind"] == "Kafka":
        requests = [each["resources"]["requests"] for each in spec["entityOperator"].values()]
    elif manifest["kind"] == "FlinkDeployment":
        own = spec["jobManager"]
        disk_mib = _mib(own["resource"]["ephemeralStorage"])
        one = (_cores(own["resource"]["cpu"]), _mib(own["resource"]["memory"]), disk_mib)
        yield from [one] * own["replicas"]
    else:
        for pod in pods(manifest):
            (container,) = pod.spec["containers"]
            times = spec.get("replicas", spec.get("completions", 1))
            requests += [container["resources"]["requests"]] * times
    yield from ((_cores(each["cpu"]), _mib(each["memory"]), 0.0) for each in requests)


def room(overlay: str, taskmanagers: int) -> str:
    """What an overlay asks for, as the page says it."""
    own = deployment(overlay)["spec"]["taskManager"]["resource"]
    one = (_cores(own["cpu"]), _mib(own["memory"]), _mib(own["ephemeralStorage"]))
    asked = [each for manifest in built(overlay) for each in _asked(manifest)]
    cores, memory_mib, disk_mib = (
        sum(each) for each in zip(*asked, *[one] * taskmanagers, strict=True)
    )
    memory_gib, disk_gib = (math.ceil(each / 1024) for each in (memory_mib, disk_mib))
    return f"{math.ceil(cores)}, {memory_gib} GiB, {disk_gib} GiB"


def test_the_page_says_how_much_room_an_overlay_asks_for():
    """With as little as it starts with, and with as much as the autoscaler may take."""
    at_first, at_most = [], []
    for overlay in OVERLAYS:
        keys = flink_configuration(overlay)
        spare = int(keys["slotmanager.redundant-taskmanager-num"])
        at_first.append(room(overlay, deployment(overlay)["spec"]["job"]["parallelism"] + spare))
        at_most.append(room(overlay, int(keys["slotmanager.number-of-slots.max"])))
    assert f"asked for at the start | {' | '.join(at_first)} |" in PAGE
    assert f"the same, at most | {' | '.join(at_most)} |" in PAGE


def test_the_page_says_what_the_node_of_a_simulation_needs():
    for overlay in ("dev", "staging"):
        jobs = [each for each in built(overlay) if each["kind"] == "Job"]
        cores, memory_mib, _ = (
            sum(each) for each in zip(*(one for job in jobs for one in _asked(job)), strict=True)
        )
        assert f"{cores:.0f} CPUs and {memory_mib / 1024:.0f} GiB in `{overlay}`" in PAGE
