"""Do the Dockerfile's steps work, one after the other, in a fresh folder?

What only a container can do is left out and named: packages of Debian, and the users.
"""

from __future__ import annotations

import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from job.version import hash_of
from stack import flink_home
from stack.compose.shipped import shipped_settings
from tests.deployment import compose_file
from tests.deployment.compose_file import ROOT
from tests.deployment.dockerfile import Build, moved

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMMANDS = "".join(
    file.read_text(encoding="utf-8") for file in sorted((ROOT / "workbench").glob("cli*.py"))
)


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return Build(TEXT, ROOT, tmp_path_factory.mktemp("image"))


@pytest.fixture(scope="module")
def flink(build: Build) -> Path:
    return build.root("flink")


def test_only_what_needs_a_container_was_left_out(build: Build, flink: Path) -> None:
    assert flink.exists()
    build.root("workbench")
    assert sorted(build.not_run) == [
        ("build", "apt-get"),
        ("flink", "apt-get"),
        ("flink", "groupadd"),
        ("workbench", "groupadd"),
    ]


def test_lib_and_plugins_are_those_of_the_local_stack(flink: Path) -> None:
    settings = shipped_settings()
    lib = {path.name for path in (flink / "opt/flink/lib").iterdir()}
    assert lib == {jar.name for jar in flink_home._library_jars(settings)}
    plugins = {path.name for path in (flink / "opt/flink/plugins").iterdir() if path.is_dir()}
    assert plugins == set(flink_home._plugins(settings))
    s3 = {path.name for path in (flink / "opt/flink/plugins/s3-native").iterdir()}
    assert s3 == {path.name for path in flink_home._plugins(settings)["s3-native"].glob("*.jar")}


def test_the_job_s_jar_has_its_classes(flink: Path) -> None:
    (jar,) = (flink / "opt/flink/lib").glob("paystream-flink-*.jar")
    with zipfile.ZipFile(jar) as archive:
        names = archive.namelist()
    assert "dev/paystream/flink/FrequentCheckpointsOptionsFactory.class" in names
    assert "dev/paystream/flink/windows/EventTimeWindows.class" in names


def python(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Python of an image, with its PYTHONPATH and nothing of this environment."""
    environment = {"PATH": os.defpath, "PYTHONPATH": str(root / "opt/paystream")}
    command = (str(root / "opt/venv/bin/python"), *words)
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_job_s_code_is_the_checkout_s_and_finds_what_it_needs(flink: Path) -> None:
    done = python(flink, "-c", "from job.version import code_hash; print(code_hash())")
    assert done.stdout.strip() == hash_of(ROOT / "job")
    done = python(flink, str(flink / "opt/paystream/job/flink/main.py"), "--help")
    assert done.returncode == 0, done.stderr
    assert "--watermark.max-lateness" in done.stdout


def test_the_job_s_image_has_nothing_of_the_workbench(flink: Path) -> None:
    assert python(flink, "-c", "import streamlit").returncode != 0
    assert [path.name for path in (flink / "opt/paystream").iterdir()] == ["job"]


def test_the_entry_point_starts_flink_s_scripts(flink: Path, tmp_path: Path) -> None:
    """With scripts in their place that say how they were called."""
    for name in ("jobmanager.sh", "flink"):
        script = tmp_path / name
        script.write_text(f'#!/bin/sh\necho "{name} $*"\n')
        script.chmod(0o755)
    entry = flink / "docker-entrypoint.sh"
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for given, said in (
        (["jobmanager", "-D", "a=b"], "jobmanager.sh start-foreground -D a=b"),
        (["flink", "list"], "flink list"),
    ):
        done = subprocess.run(
            (str(entry), *given), capture_output=True, text=True, env=environment, check=True
        )
        assert done.stdout.strip() == said


def test_flink_s_scripts_find_its_folder(flink: Path, tmp_path: Path) -> None:
    for name in ("config.yaml", "log4j-cli.properties"):
        text = (ROOT / "compose/flink" / name).read_text()
        (tmp_path / name).write_text(moved(text, flink))
    environment = {
        "PATH": f"{flink}/opt/venv/bin:{os.environ['PATH']}",
        "FLINK_CONF_DIR": str(tmp_path),
        **{
            f"FLINK_{name.upper()}_DIR": f"{flink}/opt/flink/{name}"
            for name in ("lib", "opt", "plugins", "log")
        },
    }
    done = subprocess.run(
        (f"{flink}/opt/flink/bin/flink", "--version"),
        capture_output=True, text=True, env=environment, check=False, timeout=120,
    )  # fmt: skip
    assert "Version: 2.3.0" in done.stdout, done.stderr


def test_the_workbench_s_image_has_its_command_and_the_object_store(build: Build) -> None:
    root = build.root("workbench")
    done = python(root, "-c", "from workbench.entry import main; main()", "--help")
    assert done.returncode == 0, done.stderr
    assert "simulate" in done.stdout
    assert (root / "opt/venv/bin/weed").exists()


def test_what_the_containers_start_finds_all_that_it_imports(build: Build) -> None:
    """A command imports its own modules when it is called: `--help` would not miss them."""
    root = build.root("workbench")
    modules = sorted(
        f"{package}.{path.stem}"
        for package in ("delivery.alerts", "delivery.profiles", "monitoring.canary", "dashboard")
        for path in (ROOT / package.replace(".", "/")).glob("*.py")
        if path.stem != "__init__"
    )
    done = python(root, "-W", "ignore", "-c", "".join(f"import {name}\n" for name in modules))
    assert done.returncode == 0, done.stderr
    imported = set(re.findall(r"^ +from (\w+)[\w.]* import", COMMANDS, re.MULTILINE))
    own = {name for name in imported if (ROOT / name).is_dir()}
    assert {"delivery", "monitoring"} <= own
    assert {name for name in own if not (root / "opt/paystream" / name).is_dir()} == set()
    packages = "".join(f"import {name}\n" for name in sorted(imported - own))
    done = python(root, "-W", "ignore", "-c", packages)
    assert done.returncode == 0, done.stderr


def test_the_brokers_image_has_the_agent_that_it_is_started_with(build: Build) -> None:
    broker = compose_file.services(compose_file.read())["kafka"]
    agent, _, settings = broker["environment"]["KAFKA_OPTS"].partition("=9404:")
    for path in (agent.removeprefix("-javaagent:"), settings):
        assert (build.root("kafka") / path.lstrip("/")).is_file()


@pytest.mark.parametrize(
    "step",
    [
        "RUN cp /opt/no-such-file /opt/flink",
        "COPY no-such-file ./",
        "RUN false | true",
    ],
)
def test_a_step_that_fails_is_noticed(step: str, tmp_path: Path) -> None:
    """The negative control."""
    broken = Build(f"FROM python:3.11 AS one\n{step}\n", ROOT, tmp_path)
    with pytest.raises(AssertionError):
        broken.root("one")
