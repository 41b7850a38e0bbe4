"""What is the project made of, down to the last package and jar, with versions and hashes?

    python -m tools.sbom PROFILE|POM...     writes build/sbom.json (CycloneDX 1.6)

The Python packages are told by cyclonedx-py, of the environment that runs this; the jars of each
profile of pom.xml, and of each other pom that is named by its path, by CycloneDX's Maven plugin.
Here both are put together and held to the schema.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT: Final = Path(__file__).resolve().parents[1]
BUILD: Final = ROOT / "build"
VERSION: Final = "1.6"
_MAVEN_PLUGIN: Final = "org.cyclonedx:cyclonedx-maven-plugin:2.9.1:makeBom"

Bom = dict[str, Any]


class SbomError(RuntimeError):
    """A part of the list cannot be made; one line and what the tool said."""


def python_bom() -> Bom:
    """The packages of this environment."""
    out = BUILD / "sbom-python.json"
    _run(
        *(str(Path(sys.executable).with_name("cyclonedx-py")), "environment", sys.executable),
        *("--pyproject", str(ROOT / "pyproject.toml"), "--sv", VERSION),
        *("--output-reproducible", "--output-file", str(out)),
    )
    return _read(out)


def maven_bom(what: str) -> Bom:
    """The jars of one profile of pom.xml, or of another pom."""
    is_pom = what.endswith(".xml")
    name = f"sbom-{what.replace('/', '-').removesuffix('.xml')}"
    _run(
        *("mvn", "--quiet", "--batch-mode", "--file", str(ROOT / (what if is_pom else "pom.xml"))),
        *(() if is_pom else ("--activate-profiles", what)),
        *(_MAVEN_PLUGIN, f"-DoutputDirectory={BUILD}", f"-DoutputName={name}"),
        *("-DoutputFormat=json", f"-DschemaVersion={VERSION}", "-DincludeTestScope=false"),
    )
    return _read(BUILD / f"{name}.json")


def merged(base: Bom, others: Iterable[Mapping[str, Any]]) -> Bom:
    """One list of all; what two name is one component.

    Parameters
    ----------
    base
        Whose head the list takes: it names the project.
    others
        Of which components and dependencies are added.
    """
    components = {each["bom-ref"]: each for each in base.get("components", [])}
    needs: dict[str, set[str]] = {}
    for bom in (base, *others):
        for each in bom.get("components", []):
            components.setdefault(each["bom-ref"], each)
        for each in bom.get("dependencies", []):
            needs.setdefault(each["ref"], set()).update(each.get("dependsOn", []))
    known = {*components, base["metadata"]["component"]["bom-ref"]}
    dependencies = [
        {"ref": ref} | ({"dependsOn": sorted(on & known)} if on & known else {})
        for ref, on in sorted(needs.items())
        if ref in known
    ]
    ordered = [components[ref] for ref in sorted(components)]
    return {**base, "components": ordered, "dependencies": dependencies}


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SbomError(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _read(file: Path) -> Bom:
    found: Bom = json.loads(file.read_bytes())
    return found


def main(profiles_and_poms: list[str]) -> int:
    """Write the list.

    Returns
    -------
    int
        0, or 1 where a part cannot be made or the whole does not keep the schema.
    """
    BUILD.mkdir(exist_ok=True)
    try:
        bom = merged(python_bom(), [maven_bom(each) for each in profiles_and_poms])
    except SbomError as error:
        sys.stderr.write(f"sbom: {error}\n")
        return 1
    text = json.dumps(bom, indent=2, sort_keys=True)
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if wrong is not None:
        sys.stderr.write(f"sbom: not CycloneDX {VERSION}: {str(wrong).partition(chr(10))[0]}\n")
        return 1
    (BUILD / "sbom.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"build/sbom.json: {len(bom['components'])} components\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
