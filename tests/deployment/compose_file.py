"""What does `docker-compose.flink.yml` say, and which of its promises does a text like it break?

Each check takes a parsed file and gives what is wrong with it, so that the tests can hand it a
broken one as well.
"""

from __future__ import annotations

import copy
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = ROOT / "docker-compose.flink.yml"
IMAGE: Final = re.compile(
    r"(?P<name>[\w./-]+?)(:(?P<tag>[\w][\w.-]*))?(@sha256:(?P<digest>[0-9a-f]{64}))?"
)

Compose = dict[str, Any]


def read() -> Compose:
    """The file, anchors resolved; a copy of its own for each service that shares a part."""
    return copy.deepcopy(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")))


def services(compose: Compose) -> dict[str, dict[str, Any]]:
    return dict(compose["services"])


def version_of(image: str) -> str | None:
    """The tag that names a version; None for none, or for one that moves."""
    found = IMAGE.fullmatch(image)
    assert found is not None, f"{image} is no name of an image"
    tag = found["tag"]
    return tag if tag and re.match(r"v?\d+\.\d+", tag) else None


def without_version(compose: Compose) -> list[str]:
    return [name for name, each in services(compose).items() if not version_of(each["image"])]


def mounts(compose: Compose) -> Iterator[tuple[str, str, list[str]]]:
    """Service, source and the rest of each volume."""
    for name, each in services(compose).items():
        for volume in each.get("volumes", ()):
            source, *rest = volume.split(":")
            yield name, source, rest


def missing_files(compose: Compose) -> list[str]:
    """Files and folders that are mounted and not in a fresh checkout: an engine would make a folder
    of that name."""
    sources = {source for _, source, _ in mounts(compose) if source.startswith(".")}
    return sorted(source for source in sources if not _kept(source))


def _kept(source: str) -> bool:
    """Whether git keeps it, or something in it."""
    command = ("git", "ls-files", "--", source)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return bool(done.stdout)


def writable_files(compose: Compose) -> list[str]:
    """Mounts of the checkout that a container could write to."""
    return [
        f"{name}: {source}"
        for name, source, rest in mounts(compose)
        if source.startswith(".") and rest[-1] != "ro"
    ]


def undeclared_volumes(compose: Compose) -> set[str]:
    """Named volumes that are used and not declared, or the other way round."""
    used = {source for _, source, _ in mounts(compose) if not source.startswith((".", "/"))}
    return used ^ set(compose.get("volumes") or {})


def reachable_from_elsewhere(compose: Compose) -> list[str]:
    return [
        f"{name}: {port}"
        for name, each in services(compose).items()
        for port in each.get("ports", ())
        if not str(port).startswith("127.0.0.1:")
    ]


def unlimited(compose: Compose) -> list[str]:
    return [name for name, each in services(compose).items() if "mem_limit" not in each]


def is_one_shot(service: dict[str, Any]) -> bool:
    """Whether it ends by itself when its work is done."""
    return service.get("restart") == "no"


def without_health(compose: Compose) -> list[str]:
    """Services that others wait for or that publish a port, without a check of their health."""
    found = services(compose)
    waited_for = {on for each in found.values() for on in each.get("depends_on", ())}
    return sorted(
        name
        for name, each in found.items()
        if (name in waited_for or each.get("ports"))
        and "healthcheck" not in each
        and not is_one_shot(each)
    )


def impatient(compose: Compose) -> list[str]:
    """Dependencies that wait for a start, not for health or for the end of a one-shot."""
    found = services(compose)
    wrong = []
    for name, each in found.items():
        for on, how in each.get("depends_on", {}).items():
            end = is_one_shot(found[on])
            wanted = "service_completed_successfully" if end else "service_healthy"
            if how["condition"] != wanted:
                wrong.append(f"{name} -> {on}")
    return wrong


def sings_unasked(compose: Compose) -> list[str]:
    """Canaries that start with the rest: who judges the job would meet swipes of others."""
    return [
        name
        for name, each in services(compose).items()
        if "canary" in each.get("command", ()) and not each.get("profiles")
    ]


def waits_in_vain(compose: Compose) -> list[str]:
    """Dependencies on what is only started when asked for."""
    found = services(compose)
    return [
        f"{name} -> {on}"
        for name, each in found.items()
        for on in each.get("depends_on", ())
        if found[on].get("profiles")
    ]


def megabytes(text: str) -> int:
    """MiB of a memory limit or a heap.

    >>> megabytes("1g"), megabytes("1536m")
    (1024, 1536)
    """
    return int(text[:-1]) * {"m": 1, "g": 1024}[text[-1].lower()]
