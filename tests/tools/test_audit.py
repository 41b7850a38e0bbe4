"""Does the audit say what is known, and never that all is well where nobody was asked?"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools import audit

BOM = {
    "components": [
        {"name": "a", "purl": "pkg:pypi/a@1.0"},
        {"name": "b", "purl": "pkg:maven/org.b/b@2.0?type=jar"},
        {"name": "a file, of no registry"},
    ]
}
Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


@pytest.fixture
def osv(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], list[dict[str, Any]]]]:
    """A database on this machine; gives what it was asked."""
    servers = []

    def serve(answer: Answer) -> list[dict[str, Any]]:
        asked: list[dict[str, Any]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append(question)
                status, body = answer(question)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv(audit.URL_VARIABLE, f"http://127.0.0.1:{server.server_port}")
        return asked

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def sbom(tmp_path: Path) -> str:
    file = tmp_path / "sbom.json"
    file.write_text(json.dumps(BOM))
    return str(file)


def results(*each: dict[str, Any]) -> Answer:
    return lambda _question: (200, json.dumps({"results": each}).encode())


def test_nothing_known_is_a_pass(osv: Any, sbom: str, capsys: Any) -> None:
    asked = osv(results({}, {}))
    assert audit.main([sbom]) == 0
    assert "0 of 2 packages and jars" in capsys.readouterr().out
    packages = [query["package"]["purl"] for query in asked[0]["queries"]]
    assert packages == ["pkg:maven/org.b/b@2.0", "pkg:pypi/a@1.0"]


def test_what_is_known_is_named_and_fails(osv: Any, sbom: str, capsys: Any) -> None:
    osv(results({}, {"vulns": [{"id": "GHSA-1"}, {"id": "PYSEC-2"}]}))
    assert audit.main([sbom]) == 1
    out = capsys.readouterr().out
    assert "pkg:pypi/a@1.0: GHSA-1, PYSEC-2" in out
    assert "org.b" not in out


@pytest.mark.parametrize(
    "answer",
    [
        lambda _question: (500, b"{}"),
        lambda _question: (200, b"<html>a proxy's page</html>"),
        lambda _question: (200, b"{}"),
        results({}),
    ],
    ids=["an error", "no JSON", "no results", "an answer missing"],
)
def test_no_answer_is_inconclusive_and_never_a_pass(
    osv: Any, sbom: str, capsys: Any, answer: Answer
) -> None:
    osv(answer)
    assert audit.main([sbom]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("audit: INCONCLUSIVE, nothing was checked: ")


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://example.org", "file:///etc"])
def test_nobody_there_or_no_safe_way_is_inconclusive(
    monkeypatch: pytest.MonkeyPatch, sbom: str, url: str
) -> None:
    monkeypatch.setenv(audit.URL_VARIABLE, url)
    assert audit.main([sbom]) == 3


def test_without_a_list_it_says_how_to_make_one(tmp_path: Path, capsys: Any) -> None:
    assert audit.main([str(tmp_path / "none.json")]) == 2
    assert "make sbom" in capsys.readouterr().err
