"""Is the page of licences that of what is locked, and was each that asks for more looked at?"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from tools.licences import (
    LOCK,
    LOOKED_AT,
    PAGE,
    ROOT,
    jar_licences,
    locked_packages,
    needs_a_look,
    page,
    python_licences,
)
from tools.sbom import merged

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", re.MULTILINE)


def section(title: str) -> dict[str, str]:
    text = PAGE.read_text(encoding="utf-8").partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = [(name.strip(), said.strip()) for name, said, _ in ROW.findall(text)]
    return {name: said for name, said in rows if name not in ("name", "---")}


def test_every_locked_package_stands_there_with_what_it_says_of_itself() -> None:
    assert section("Python packages") == python_licences(), "run `make sbom`"


def test_every_jar_that_is_wanted_stands_there() -> None:
    wanted = (ROOT / "jars.sha256").read_text().splitlines()
    names = {Path(line.split()[1]).name for line in wanted}
    artifacts = {name.partition(":")[2] for name in section("Jars")}
    missing = [name for name in names if not any(name.startswith(f"{a}-") for a in artifacts)]
    assert missing == [], "run `make sbom`"


def test_no_licence_is_unknown_and_those_that_ask_for_more_were_looked_at() -> None:
    found = section("Python packages") | section("Jars")
    assert [name for name, said in found.items() if "?" in said] == []
    asking = {name for name, said in found.items() if needs_a_look(said)}
    assert asking - set(LOOKED_AT) == set()
    assert set(LOOKED_AT) - asking == set(), "looked at, and gone or permissive now"


def test_every_package_is_locked_with_a_hash() -> None:
    for lock in (LOCK, LOCK.with_name("requirements-uv.lock")):
        text = lock.read_text(encoding="utf-8")
        entries = re.split(r"^(?=[A-Za-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]
        assert len(entries) == len(locked_packages(text)) > 0
        assert [each.split()[0] for each in entries if "--hash=sha256:" not in each] == []


def test_the_page_says_what_was_found() -> None:
    written = page({"a": "MIT"}, {"org.b:b": "Apache-2.0"})
    assert "| a | MIT |  |" in written
    assert "| org.b:b | Apache-2.0 |  |" in written


def test_jars_are_read_off_the_list_of_components() -> None:
    jar = {"purl": "pkg:maven/g/a@1", "group": "g", "name": "a"}
    named = [jar | {"licenses": [{"license": {"name": "The MIT License"}}]}]
    assert jar_licences({"components": named}) == {"g:a": "MIT"}
    assert jar_licences({"components": [jar, {"name": "no jar"}]}) == {"g:a": "?"}


def test_two_lists_become_one_in_which_each_component_stands_once() -> None:
    def bom(root: str, *names: str) -> dict[str, object]:
        return {
            "metadata": {"component": {"bom-ref": root}},
            "components": [{"bom-ref": name} for name in names],
            "dependencies": [{"ref": root, "dependsOn": list(names)}, {"ref": names[0]}],
        }

    found = merged(bom("project", "a", "b"), [bom("pom", "b", "c")])
    assert [each["bom-ref"] for each in found["components"]] == ["a", "b", "c"]
    assert found["dependencies"] == [
        {"ref": "a"},
        {"ref": "b"},
        {"ref": "project", "dependsOn": ["a", "b"]},
    ]


def test_a_jar_of_other_contents_is_refused(tmp_path: Path) -> None:
    for name in ("tools/verify_jars.sh", "jars.sha256"):
        copy = tmp_path / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((ROOT / name).read_text())
    folder = tmp_path / ".local" / "jars" / "kafka"
    folder.mkdir(parents=True)
    (folder / "a.jar").write_bytes(b"a")

    def verify(*words: str) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "tools" / "verify_jars.sh"
        command = ["bash", str(script), *words, "kafka"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert verify().returncode == 1
    assert verify("--write").returncode == 0
    assert verify().returncode == 0
    assert "flink-connector/" in (tmp_path / "jars.sha256").read_text()
    (folder / "a.jar").write_bytes(b"b")
    refused = verify()
    assert refused.returncode == 1
    assert "kafka/a.jar" in refused.stderr
    (folder / "b.jar").write_bytes(b"b")
    assert "kafka/b.jar" in verify().stderr


def test_what_is_built_here_is_never_noted_and_lies_there_after_the_comparison(
    tmp_path: Path,
) -> None:
    script = tmp_path / "tools" / "verify_jars.sh"
    script.parent.mkdir()
    script.write_text((ROOT / "tools" / "verify_jars.sh").read_text())
    folder = tmp_path / "elsewhere" / "autoscaler"
    folder.mkdir(parents=True)
    (folder / "a.jar").write_bytes(b"a")
    (folder / "paystream-autoscaler-0.1.0.jar").write_bytes(b"other each time")

    def verify(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", str(script), *words, "--below", "elsewhere", "autoscaler"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert verify("--write").returncode == 0
    assert "paystream" not in (tmp_path / "jars.sha256").read_text()
    assert "autoscaler/paystream-autoscaler-0.1.0.jar" in verify().stderr
    (folder / "paystream-autoscaler-0.1.0.jar").unlink()
    assert verify().returncode == 0
    assert verify("--no-such-option").returncode == 2
