"""Do the commands of the pages do what a reader expects when they are typed, one after the other?

Each shell block is typed in a copy of the project, with a stack of its own, in the order of the
pages. What needs something that is the reader's own, or takes longer than a test may, is named
below with its reason; `test_commands.py` looks whether that at least exists.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from stack.port_table import PORT_FIELDS
from stack.settings import ENV_PREFIX, StackSettings

pytestmark = [pytest.mark.stack, pytest.mark.slow]

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = (
    "README.md",
    "CONTRIBUTING.md",
    *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")),
)
BLOCK: Final = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)

#: Why a command is not typed, by what it looks like.
NOT_TYPED: Final = {
    r"HOST:PORT|FILE\b|REGISTRY|FOLDER|DIR\.\.\.|mine\.(csv|toml)": "names the reader's own",
    r"^(docker|\./bin/flink)|stack=compose|127\.0\.0\.1:9092": "needs a container engine",
    r"^(until )?kubectl|paystream deploy": "needs a cluster",
    r"make (test|test-full|check|bench|install-kubernetes)\b|-m pytest": "is the tests themselves",
    r"make bootstrap|make install-": "changes the machine",
    r"make audit": "asks a server on the net",
    r"(make|paystream) (evaluate|ab|realism|gates|controls)\b": "minutes; has tests of its own",
    r"(make|paystream) (chaos|soak|autoscale|state)\b": "minutes to hours; has tests of its own",
    r"--once$.*|--topic-prefix (run-7|P)\.|topic=run-7": "a running job's topics; tested elsewhere",
    r"paystream (index-alerts|publish-profiles)$": "a running job's topics; tested elsewhere",
    r"runs/2026": "a run of another day",
    r"(publish CHANGE|export FILE|publish --snooze|--end-snooze)": "names a card or a file",
    r"^(set |\. )": "changes the shell",
    r"make (docs|sbom|jars-lock)": "writes generated pages; has tests of its own",
}
#: Serve until they are ended: for so long they have to live, seconds, and then end by themselves.
SERVING: Final = re.compile(r"make dashboard|paystream (canary|index-alerts|publish-profiles)")
SERVED_S: Final = 15.0
ENDING_S: Final = 60.0
#: These end with a verdict, fail and inconclusive, too: machines differ in speed, and some has to
#: fail.
JUDGING: Final = re.compile(r"make (simulate|local)|paystream (show|simulate)")
VERDICTS: Final = {0, 1, 3}
#: Of the shell's own, which say nothing where all is well.
SILENT: Final = re.compile(r"(cp|mkdir|cd) ")
LIMIT_S: Final = 1_800.0


class Block(NamedTuple):
    """A shell block of a page; its lines without comments."""

    page: str
    number: int
    commands: tuple[str, ...]


def blocks() -> Iterator[Block]:
    """All of them, in the order of the pages."""
    for page in PAGES:
        for number, text in enumerate(BLOCK.findall((ROOT / page).read_text(encoding="utf-8")), 1):
            yield Block(page, number, tuple(commands_of(text.replace("\\\n", " "))))


def commands_of(text: str) -> Iterator[str]:
    """The commands of a block: a quoted text or a here-document may go over several lines."""
    command: list[str] = []
    for line in text.splitlines():
        command.append(line if command else line.partition(" #")[0].strip())
        joined = "\n".join(command)
        document = re.search(r"<<'(\w+)'$", command[0])
        is_whole = line == document[1] if document is not None else joined.count("'") % 2 == 0
        if is_whole:
            if joined:
                yield joined
            command = []
    assert not command, f"a command without an end: {command[0]}"


def reason_not_to(command: str) -> str | None:
    """Why this is not typed; None: it is."""
    return next((why for look, why in NOT_TYPED.items() if re.search(look, command)), None)


TYPED: Final = [
    each for each in blocks() if any(reason_not_to(command) is None for command in each.commands)
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project as it is here, with what is installed; runs and replays become its own."""
    folder = tmp_path_factory.mktemp("reader") / "paystream"
    # What refuses to run as root runs as nobody, who must get there.
    for parent in (folder.parent, *folder.parent.parents[:2]):
        parent.chmod(parent.stat().st_mode | 0o011)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            # With its times: make would install anew what is older than its sources.
            shutil.copy2(ROOT / name, folder / name)
    shutil.copytree(ROOT / ".git", folder / ".git")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / ".local").mkdir()
    for each in (ROOT / ".local").iterdir():
        if each.name != "stack":
            (folder / ".local" / each.name).symlink_to(each)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def surroundings(copy: Path) -> Iterator[dict[str, str]]:
    """The environment of the reader's shell: a stack of its own on free ports."""
    settings = StackSettings.with_free_ports(copy / ".local" / "stack")
    ports = {f"{ENV_PREFIX}{name.upper()}": str(getattr(settings, name)) for name in PORT_FIELDS}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "MAKE", "MFLAGS", ENV_PREFIX))
    }
    environment = {
        **inherited,
        **ports,
        "PYTHONPATH": str(copy),
        "PATH": f"{copy}/.venv/bin:{os.environ['PATH']}",
    }
    yield environment
    type_in("paystream stack down", copy, environment)


def newest(folder: Path) -> str:
    """Name of the newest finished run or replay in it."""
    found = [
        each
        for each in folder.iterdir()
        if each.is_dir() and not each.name.startswith(".") and not each.name.endswith(".partial")
    ]
    assert found, f"nothing in {folder.name}/ yet: the page needs what an earlier block makes"
    return max(found, key=lambda each: each.stat().st_mtime_ns).name


def as_typed(command: str, copy: Path) -> str:
    """The command with a run, a replay and a name of this copy in place of the page's words."""
    for word, folder in (("REPLAY", "replays"), ("RUN", "runs")):
        if re.search(rf"\b{word}\b", command):
            command = re.sub(rf"\b{word}\b", newest(copy / folder), command)
    return command


@pytest.mark.parametrize("block", TYPED, ids=lambda each: f"{each.page}:{each.number}")
def test_a_block_does_what_it_says(block: Block, copy: Path, surroundings: dict[str, str]) -> None:
    if block.number == min(each.number for each in TYPED if each.page == block.page):
        # A reader of one page has not read those before.
        type_in("paystream stack down", copy, surroundings)
    for command in block.commands:
        if reason_not_to(command) is not None:
            continue
        typed = as_typed(command, copy)
        if SERVING.search(typed):
            serve(typed, copy, surroundings)
            continue
        done = type_in(typed, copy, surroundings)
        assert status(done.returncode, done.stdout) in allowed(typed), (
            f"{typed}\n{done.stdout[-4000:]}"
        )
        assert done.stdout.strip() or SILENT.match(typed), f"{typed} printed nothing"
        assert "Traceback" not in done.stdout


def type_in(
    command: str, copy: Path, surroundings: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        ["/bin/bash", "-c", command],
        cwd=copy,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def serve(typed: str, copy: Path, surroundings: dict[str, str]) -> None:
    """Start what serves until it is ended, and end it with all that it started."""
    served = subprocess.Popen(
        # `env`, since a command may begin with variables.
        ["/bin/bash", "-c", f"exec env {typed}"],
        cwd=copy,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline_s = time.monotonic() + SERVED_S
    while served.poll() is None and time.monotonic() < deadline_s:
        time.sleep(0.2)
    ended_early = served.poll() is not None
    if not ended_early:
        os.killpg(served.pid, signal.SIGTERM)
    printed, _ = served.communicate(timeout=ENDING_S)
    assert not ended_early, f"{typed} ended by itself:\n{printed[-4000:]}"
    assert "Traceback" not in printed, printed[-4000:]


def status(code: int, printed: str) -> int:
    """The exit code; where make made it its own 2, that of its recipe."""
    behind_make = re.findall(r"^make: \*\*\* .* Error (\d+)$", printed, re.MULTILINE)
    return int(behind_make[-1]) if behind_make else code


def allowed(command: str) -> set[int]:
    """Exit codes of a command that did what it says."""
    return VERDICTS if JUDGING.search(command) else {0}


def test_no_reason_is_left_over() -> None:
    """Each reason is some command's, or it hides a command that is to come."""
    commands = [command for each in blocks() for command in each.commands]
    idle = [look for look in NOT_TYPED if not any(re.search(look, each) for each in commands)]
    assert idle == []
