"""Does a real Flink refuse whoever brings a jar, once it is told to as in production?"""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from stack.flink import jobmanager, jobmanager_probe
from stack.flink_home import prepare
from stack.process import start, stop, wait_ready
from stack.settings import StackSettings

pytestmark = [pytest.mark.stack, pytest.mark.slow]

BOUNDARY = "0123456789abcdef"
JAR = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="jarfile"; filename="any.jar"\r\n'
    "Content-Type: application/x-java-archive\r\n\r\n"
    "PK\r\n"
    f"--{BOUNDARY}--\r\n"
).encode()


def status(url: str, body: bytes | None = None) -> int:
    """How Flink answers."""
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"} if body else {}
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    ("allowed", "brought", "asked_for"), [("true", 200, 200), ("false", 400, 404)]
)
def test_a_jar_is_taken_or_not(tmp_path: Path, allowed: str, brought: int, asked_for: int) -> None:
    settings = StackSettings.with_free_ports(tmp_path)
    prepare(settings)
    with (settings.flink_folder / "conf" / "config.yaml").open("a") as configuration:
        configuration.write(f'web.submit.enable: "{allowed}"\n')
    service = jobmanager(settings)
    record = start(service)
    try:
        probe = jobmanager_probe(settings)
        wait_ready(service, record, probe, settings.ready_deadline_s)
        (url,) = settings.flink_rest_urls
        assert status(f"{url}/overview") == 200
        assert status(f"{url}/jars/upload", JAR) == brought
        assert status(f"{url}/jars") == asked_for
        assert bool(list(tmp_path.rglob("*any.jar"))) == (brought == 200)
    finally:
        stop(service.pid_file, settings.stop_grace_s)
