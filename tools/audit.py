"""Is a known vulnerability in anything that the project is made of?

    python -m tools.audit [SBOM]        build/sbom.json, which `make sbom` writes

Each package and jar of the list is asked for at OSV (https://osv.dev), which holds the advisories
of PyPI and Maven among others. Exit codes: 0 none is known, 1 some are, 2 there is no list, 3
nobody could be asked: that is no pass.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
SBOM: Final = ROOT / "build" / "sbom.json"
#: Environment variable with another address, e.g. of a mirror.
URL_VARIABLE: Final = "PAYSTREAM_OSV_URL"
_URL: Final = "https://api.osv.dev"
_TIMEOUT_S: Final = 30.0
#: What one request may ask for at most, by OSV's own limit.
_BATCH: Final = 1_000


class CannotAsk(RuntimeError):
    """The database does not answer, or not as it should; one line."""


def purls(sbom: Mapping[str, Any]) -> list[str]:
    """What can be asked for: packages and jars, without what a URL adds to their name."""
    found = {str(each["purl"]).partition("?")[0] for each in sbom["components"] if "purl" in each}
    return sorted(each for each in found if each.startswith(("pkg:pypi/", "pkg:maven/")))


def advisories(wanted: list[str], url: str) -> dict[str, list[str]]:
    """Ids of the advisories by package; those without any are left out.

    Raises
    ------
    CannotAsk
        Saying why.
    """
    found: dict[str, list[str]] = {}
    for begin in range(0, len(wanted), _BATCH):
        batch = wanted[begin : begin + _BATCH]
        answers = _ask(url, batch)
        if len(answers) != len(batch):
            raise CannotAsk(f"{url} gave {len(answers)} answers to {len(batch)} questions")
        for purl, answer in zip(batch, answers, strict=True):
            ids = [str(each["id"]) for each in answer.get("vulns", [])]
            if ids:
                found[purl] = ids
    return found


def _ask(url: str, batch: list[str]) -> list[dict[str, Any]]:
    if not url.startswith(("https://", "http://127.0.0.1:")):
        raise CannotAsk(f"{url}: only https, or this machine")
    body = json.dumps({"queries": [{"package": {"purl": purl}} for purl in batch]}).encode()
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        f"{url}/v1/querybatch", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return [each or {} for each in json.load(answer)["results"]]
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise CannotAsk(f"{url} does not answer: {error}") from None


def main(arguments: list[str]) -> int:
    """Ask, and say what is known."""
    file = Path(arguments[0]) if arguments else SBOM
    try:
        wanted = purls(json.loads(file.read_bytes()))
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"audit: {file} is no list of components ({error}): run `make sbom`\n")
        return 2
    try:
        found = advisories(wanted, os.environ.get(URL_VARIABLE, _URL).rstrip("/"))
    except CannotAsk as error:
        sys.stderr.write(f"audit: INCONCLUSIVE, nothing was checked: {error}\n")
        return 3
    for purl, ids in found.items():
        sys.stdout.write(f"{purl}: {', '.join(ids)}\n")
    vulnerable = f"{len(found)} of {len(wanted)} packages and jars have known vulnerabilities"
    sys.stdout.write(f"audit: {vulnerable}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
