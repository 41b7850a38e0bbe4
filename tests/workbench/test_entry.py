"""What does who interrupts `paystream` at once get to see?"""

from __future__ import annotations

import subprocess
import sys

#: Ctrl-C in the middle of the imports.
INTERRUPTED = """
import sys

class CtrlC:
    def find_spec(self, name, path, target=None):
        if name == "workbench.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, CtrlC())
from workbench.entry import main
main()
"""


def test_an_interrupt_while_it_imports_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "interrupted: nothing was started yet\n")
