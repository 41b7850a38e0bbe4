"""Is the store of the dev overlay ready only once it has the job's bucket?"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.k8s.conftest import built, flink_configuration, of_kind

#: As `weed shell` does it: what goes wrong is said, and the exit code is 0 all the same. It makes
#: no bucket before the filer has told the master of itself.
WEED = """\
#!/bin/sh
read -r command rest
case $command in
s3.bucket.create)
    if [ -e "{here}/filer" ]; then touch "{here}/${{rest#-name }}.bucket"
    else echo "error: no filer" >&2; fi ;;
s3.bucket.list)
    for each in "{here}"/*.bucket; do
        [ -e "$each" ] && echo "  $(basename "$each" .bucket)	size:0	chunk:0"
    done
    true ;;
esac
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Folder of a store whose S3 answers and whose filer is not known yet."""
    (tmp_path / "data").mkdir()
    for name, text in (("weed", WEED.format(here=tmp_path)), ("wget", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def _is_ready(here: Path) -> bool:
    (pod,) = of_kind(built("dev"), "StatefulSet").values()
    (container,) = pod["spec"]["template"]["spec"]["containers"]
    *shell, script = container["readinessProbe"]["exec"]["command"]
    done = subprocess.run(
        [*shell, script.replace("/data/", f"{here}/data/")],
        env={"PATH": f"{here}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def test_it_is_not_ready_while_its_bucket_cannot_be_made(here):
    assert not _is_ready(here)
    assert not _is_ready(here), "what failed once was taken for done"


def test_it_is_ready_once_the_jobs_bucket_is_there(here):
    assert not _is_ready(here)
    (here / "filer").touch()
    assert _is_ready(here)
    (bucket,) = here.glob("*.bucket")
    for key in ("dir", "savepoint-dir"):
        place = flink_configuration("dev")[f"execution.checkpointing.{key}"]
        assert place.startswith(f"s3://{bucket.stem}/")


def test_a_bucket_that_was_made_is_not_asked_for_again(here):
    (here / "filer").touch()
    assert _is_ready(here)
    (here / "weed").write_text("#!/bin/sh\nexit 1\n")
    assert _is_ready(here)


def test_it_is_not_ready_where_s3_does_not_answer(here):
    (here / "filer").touch()
    (here / "wget").write_text("#!/bin/sh\nexit 1\n")
    assert not _is_ready(here)
