"""Every page in a real Chromium, light and dark: drawn to its end, without a word of error."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, sync_playwright

from dashboard.folders import PROJECT_ROOT
from dashboard.view import views
from stack.free_ports import free_ports
from stack.ports import is_free

pytestmark = pytest.mark.browser

DRAWN_MS = 90_000
START_S = 60.0
#: Streamlit asks below a page's own address first where it lives; it then finds it at the root.
PROBES = ("_stcore/health", "_stcore/host-config")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The dashboard as people start it, with nothing of one's own: it has the example to show."""
    port, empty = free_ports(1)[0], tmp_path_factory.mktemp("empty")
    given = [
        part for name in ("runs", "exams", "realism", "gates") for part in (f"--{name}", str(empty))
    ]
    command = [shutil.which("paystream", path=str(PROJECT_ROOT / ".venv" / "bin")) or "paystream"]
    with subprocess.Popen(
        [*command, "dashboard", "--port", str(port), *given],
        stdout=subprocess.PIPE,
        env=os.environ,
        cwd=PROJECT_ROOT,
    ) as server:
        try:
            await_server(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)
    assert is_free(port), "the dashboard left its port taken"


def await_server(health: str) -> None:
    deadline_s = time.monotonic() + START_S
    while True:
        try:
            with urllib.request.urlopen(health, timeout=2):  # noqa: S310 - loopback
                return
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.2)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    found = shutil.which("chromium")
    assert found, "Chromium is missing: `bash tools/bootstrap.sh browser` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--use-gl=swiftshader"],
        )
        yield browser
        browser.close()


def complaints_of(page: Page) -> list[str]:
    """What the page's console and scripts complain of, as it comes."""
    complaints: list[str] = []

    def told(message: ConsoleMessage) -> None:
        where = str(message.location.get("url", ""))
        if message.type == "error" and not where.endswith(PROBES):
            complaints.append(f"{message.text} ({where})")

    page.on("console", told)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return complaints


def await_drawn(page: Page) -> None:
    """Until the title stands there and Streamlit runs no more."""
    page.wait_for_selector("h1", timeout=DRAWN_MS)
    page.wait_for_selector('[data-test-script-state="notRunning"]', timeout=DRAWN_MS)


def capture(page: Page, shot: Path) -> None:
    """Take a picture of the whole page.

    Now and then Chromium refuses one picture and takes the same one a moment later: so did 20 of
    301 runs of robotframework-browser's own tests, too.
    """
    for is_last in (False, False, True):
        try:
            page.screenshot(path=shot, full_page=True)
        except Error as error:
            if is_last or "Unable to capture screenshot" not in error.message:
                raise
            page.wait_for_timeout(1000)
        else:
            return


@pytest.mark.parametrize(
    ("source", "scheme"), [("example", "light"), ("example", "dark"), ("own", "light")]
)
@pytest.mark.parametrize("path", [view.path for view in views()])
def test_a_page_is_drawn_without_errors(chromium, address, path, source, scheme, tmp_path):
    """On the example, and where there is nothing at all."""
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": 1400, "height": 1000}, offline=False
    )
    page = context.new_page()
    complaints = complaints_of(page)
    where = "" if path == views()[0].path else path
    page.goto(f"{address}/{where}" + ("?source=example" if source == "example" else ""))
    await_drawn(page)
    keep = os.environ.get("PAYSTREAM_SCREENSHOTS")
    page.wait_for_timeout(3000 if keep else 300)  # charts draw themselves after the script
    shot = Path(keep or tmp_path) / f"{path}-{source}-{scheme}.png"
    capture(page, shot)
    failed = page.locator('[data-testid="stException"]').all_inner_texts()
    context.close()
    assert not failed
    assert not complaints
    assert shot.stat().st_size > 20_000, "an empty page"
