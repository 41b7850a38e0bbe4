"""Would a container engine start what `docker-compose.flink.yml` describes, and safely?"""

from __future__ import annotations

import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deployment import compose_file, dockerfile
from tests.deployment.compose_file import COMPOSE, ROOT, Compose, megabytes, services
from tests.deployment.schemas import problems

SCHEMA = "vendor.compose-spec"


def set_in(compose: Compose, service: str, key: str, value: Any) -> Compose:
    """The file with one thing of one service otherwise; None takes it out."""
    compose["services"][service] = {**compose["services"][service], key: value}
    if value is None:
        del compose["services"][service][key]
    return compose


def test_it_is_a_compose_file() -> None:
    assert problems(compose_file.read(), SCHEMA) == []


def test_another_text_is_none() -> None:
    """The negative control."""
    wrong = set_in(compose_file.read(), "kafka", "prots", ["9092:9092"])
    assert problems(wrong, SCHEMA) != []


#: What must be empty, and what one broken line of the file makes of it.
CHECKS: list[tuple[Callable[[Compose], Any], tuple[str, str, Any], Any]] = [
    (compose_file.without_version, ("grafana", "image", "grafana/grafana:latest"), ["grafana"]),
    (compose_file.without_version, ("grafana", "image", "grafana/grafana"), ["grafana"]),
    (compose_file.missing_files, ("kafka", "volumes", ["./compose/no.yml:/x:ro"]), None),
    # There on this machine, once something was installed; in no checkout.
    (compose_file.missing_files, ("kafka", "volumes", ["./.local/jars:/x:ro"]), ["./.local/jars"]),
    (compose_file.writable_files, ("kafka", "volumes", ["./compose:/x"]), ["kafka: ./compose"]),
    (compose_file.undeclared_volumes, ("grafana", "volumes", ["other:/x"]), None),
    (compose_file.reachable_from_elsewhere, ("kafka", "ports", ["9092:9092"]), None),
    (compose_file.reachable_from_elsewhere, ("kafka", "ports", ["0.0.0.0:9092:9092"]), None),
    (compose_file.unlimited, ("kafka", "mem_limit", None), ["kafka"]),
    (compose_file.without_health, ("kafka", "healthcheck", None), ["kafka"]),
    (
        compose_file.impatient,
        ("topics", "depends_on", {"kafka": {"condition": "service_started"}}),
        ["topics -> kafka"],
    ),
    (compose_file.sings_unasked, ("canary", "profiles", None), ["canary"]),
    (
        compose_file.waits_in_vain,
        ("grafana", "depends_on", {"canary": {"condition": "service_healthy"}}),
        ["grafana -> canary"],
    ),
]


@pytest.mark.parametrize("check", dict.fromkeys(each[0] for each in CHECKS))
def test_nothing_is_wrong(check: Callable[[Compose], Any]) -> None:
    assert not check(compose_file.read())


@pytest.mark.parametrize(("check", "broken", "found"), CHECKS)
def test_what_is_wrong_is_found(
    check: Callable[[Compose], Any], broken: tuple[str, str, Any], found: Any
) -> None:
    """The negative controls."""
    wrong = check(set_in(compose_file.read(), *broken))
    assert wrong if found is None else wrong == found


def test_what_the_project_promises_is_there() -> None:
    assert services(compose_file.read()).keys() >= {
        "kafka", "jobmanager", "taskmanager", "object-store", "elasticsearch", "postgres",
        "prometheus", "grafana", "dashboard",
    }  # fmt: skip


def test_services_are_of_the_versions_of_the_local_stack() -> None:
    found = services(compose_file.read())
    pom = ET.parse(ROOT / "pom.xml").getroot()  # noqa: S314 - our own file
    properties = pom.find("{*}properties")
    assert properties is not None
    versions = {each.tag.rpartition("}")[2]: each.text for each in properties}
    search = found["elasticsearch"]["image"]
    assert compose_file.version_of(search) == versions["elasticsearch.version"]
    kafka = dockerfile.arguments((ROOT / "Dockerfile").read_text())["KAFKA_IMAGE"]
    assert compose_file.version_of(kafka) == versions["kafka.version"]
    agent = f"jmx_prometheus_javaagent-{versions['jmx.exporter.version']}.jar"
    assert agent in found["kafka"]["environment"]["KAFKA_OPTS"]


def asks_for_what_is_only_built(page: str) -> list[str]:
    """Commands that put every image to its registry, where some are in none."""
    built = any("build" in each for each in services(compose_file.read()).values())
    commands = re.findall(r"^docker compose .*", page, re.MULTILINE)
    return [each for each in commands if built and "--resolve-image-digests" in each]


def test_no_registry_is_asked_for_images_that_are_only_built() -> None:
    page = (ROOT / "docs" / "compose.md").read_text(encoding="utf-8")
    assert asks_for_what_is_only_built(page) == []


def test_a_command_that_asks_for_them_is_found() -> None:
    """The negative control: it ends with the first digest that it cannot have."""
    command = "docker compose -f docker-compose.flink.yml config --resolve-image-digests"
    assert asks_for_what_is_only_built(f"```sh\n{command}\n```\n") == [command]


def test_one_slot_is_one_python_process() -> None:
    flink = yaml.safe_load((ROOT / "compose" / "flink" / "config.yaml").read_text())
    assert flink["taskmanager.numberOfTaskSlots"] == "1"


@pytest.mark.parametrize("service", ["jobmanager", "taskmanager"])
def test_a_flink_process_fits_into_its_container(service: str) -> None:
    flink = yaml.safe_load((ROOT / "compose" / "flink" / "config.yaml").read_text())
    each = services(compose_file.read())[service]
    needed = megabytes(flink[f"{service}.memory.process.size"])
    for mount in each.get("tmpfs", ()):
        needed += megabytes(re.findall(r"size=(\w+)", mount)[0])
    assert needed < megabytes(each["mem_limit"])


def test_the_dashboard_finds_the_replays_that_runs_and_exams_name() -> None:
    """Both name them by the way from their own folder: two up, then `replays/`."""
    mounted = {
        source: Path(rest[0])
        for name, source, rest in compose_file.mounts(compose_file.read())
        if name == "dashboard"
    }
    for kind in ("runs", "exams"):
        assert mounted.get("./replays") == mounted[f"./{kind}"].parent / "replays"


def test_removing_all_replays_leaves_the_folder_that_is_mounted(tmp_path: Path) -> None:
    """An engine would make a missing one as root, and the next run could not write to it."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.search(r"^clean-replays:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert found is not None
    for name in ("exam/shard", ".half-made"):
        (tmp_path / "replays" / name).mkdir(parents=True)
    (tmp_path / "replays" / ".gitkeep").touch()
    recipe = found[1].replace("\t@", "\t")
    subprocess.run(["sh", "-ec", recipe], cwd=tmp_path, check=True)
    assert [path.name for path in (tmp_path / "replays").iterdir()] == [".gitkeep"]


def test_our_own_images_give_their_rights_away() -> None:
    for name, each in services(compose_file.read()).items():
        if each["image"].startswith("paystream/"):
            assert each["cap_drop"] == ["ALL"], name
            assert each["security_opt"] == ["no-new-privileges:true"], name


def test_prometheus_asks_only_who_is_there() -> None:
    compose = compose_file.read()
    assert scraped(yaml.safe_load((ROOT / "monitoring" / "prometheus.yml").read_text())) <= (
        services(compose).keys()
    )


def scraped(prometheus: dict[str, Any]) -> set[str]:
    """Hosts that a Prometheus asks, but for itself."""
    hosts: set[str] = set()
    for job in prometheus.get("scrape_configs", ()):
        for each in job.get("dns_sd_configs", ()):
            hosts |= set(each["names"])
        if job["job_name"] != "prometheus":
            for each in job.get("static_configs", ()):
                hosts |= {target.partition(":")[0] for target in each["targets"]}
    return hosts


def test_a_host_that_is_no_service_is_found() -> None:
    """The negative control."""
    local = {"job_name": "flink", "static_configs": [{"targets": ["127.0.0.1:9249"]}]}
    assert scraped({"scrape_configs": [local]}) == {"127.0.0.1"}


def test_flink_on_the_command_line_goes_into_the_job_manager() -> None:
    script = (ROOT / "bin" / "flink").read_text()
    assert COMPOSE.name in script
    assert re.search(r"exec -T (\S+) flink", script)[1] in services(compose_file.read())  # type: ignore[index]
