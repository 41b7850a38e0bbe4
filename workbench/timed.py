"""How much processor time does a command take, with all its children?

python -m workbench.timed cpu.json -- command arguments
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    """Run a command; write its user and system seconds; end as it ended."""
    file, separator, *command = arguments
    if separator != "--" or not command:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    process = subprocess.Popen(command)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = {"user_s": used.ru_utime, "system_s": used.ru_stime}
    Path(file).write_text(json.dumps(measured), encoding="utf-8")
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
