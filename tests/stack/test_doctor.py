"""Does the doctor find what is missing, with nothing but the standard library?"""

from __future__ import annotations

import ast
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stack import doctor
from stack.settings import PROJECT_ROOT

SOURCE = Path(doctor.__file__)


def test_it_is_readable_for_python_3_8() -> None:
    ast.parse(SOURCE.read_text(), feature_version=(3, 8))


def test_it_imports_only_the_standard_library() -> None:
    # -S: no site-packages, as on a fresh machine.
    code = "import stack.doctor"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=PROJECT_ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_port_in_use_is_found_with_the_variable_that_changes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("PAYSTREAM_STACK_KAFKA_PORT", str(port))
        found = next(each for each in doctor.check() if each.name == "port kafka")
    assert not found.ok
    assert str(port) in found.found
    assert "PAYSTREAM_STACK_KAFKA_PORT" in found.remedy


@pytest.mark.parametrize(
    ("service", "asks", "option"),
    [("zookeeper", "HIGH_AVAILABILITY", "--ha"), ("postgres", "POSTGRES", "--postgres")],
)
def test_a_port_that_is_needed_only_if_asked_for_is_no_obstacle_before(
    service: str, asks: str, option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> doctor.Check:
        return next(each for each in doctor.check() if each.name == f"port {service}")

    variable = f"PAYSTREAM_STACK_{service.upper()}_PORT"
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv(variable, str(server.getsockname()[1]))
        assert found().ok
        assert found().needed == f"another {variable} for {option}"
        monkeypatch.setenv(f"PAYSTREAM_STACK_{asks}", "1")
        assert not found().ok


def test_missing_tools_name_the_package_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    remedies = {each.name: each.remedy for each in doctor.check() if not each.ok}
    assert remedies["java"] == "apt-get install openjdk-17-jdk-headless"
    assert remedies["maven"] == "apt-get install maven"
    assert remedies["make"] == "apt-get install make"


@pytest.mark.parametrize(
    ("said", "found", "is_asked_for"),
    [
        ("go version go1.26.8 linux/amd64", "1.26", False),
        ("go version go1.24 linux/amd64", "1.24", False),
        ("go version go1.19.8 linux/amd64", "1.19", True),
        (None, "none", True),
    ],
)
def test_go_is_asked_for_by_the_tests_alone(
    said: str | None,
    found: str,
    is_asked_for: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if said is not None:
        go = tmp_path / "go"
        go.write_text(f"#!/bin/sh\necho '{said}'\n")
        go.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    check = next(each for each in doctor.check() if each.name == "go")
    assert (check.ok, check.found) == (True, found)
    assert ("make test" in check.needed) is is_asked_for


@pytest.mark.parametrize(
    ("said", "ok"),
    [
        ('openjdk version "17.0.15"', True),
        ('openjdk version "21" 2023', True),
        ('openjdk version "11.0.2"', False),
        ('java version "1.8.0_202"', False),
        ('openjdk version "25"', False),
    ],
)
def test_java_versions(
    said: str, ok: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    java.chmod(0o755)
    compiler = java.with_name("javac")
    compiler.write_text("#!/bin/sh\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    found = next(each for each in doctor.check() if each.name == "java")
    assert found.ok is ok


def test_java_without_its_compiler_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"17\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    found = next(each for each in doctor.check() if each.name == "java")
    assert (found.ok, found.found) == (False, "17 without javac")


def test_the_exit_code_says_whether_something_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = doctor.Check("make", True, "4.3", "any", "")
    bad = doctor.Check("maven", False, "none", "any", "apt-get install maven")
    monkeypatch.setattr(doctor, "check", lambda: [good])
    assert doctor.main() == 0
    monkeypatch.setattr(doctor, "check", lambda: [good, bad])
    assert doctor.main() == 2
    assert "maven: apt-get install maven" in capsys.readouterr().out
