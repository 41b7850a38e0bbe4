"""Where are the modules of a package whose folder may be gone?

In Flink's thread mode all attempts of a job share one Python. Each gets the job's files in a folder
of its own, and loses it with the attempt. An attempt that ends while its modules are still being
imported leaves packages in memory whose folder is deleted: every later attempt would look there for
what is missing, and fail with ModuleNotFoundError until somebody starts the TaskManager anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path


class LivePath(list[str]):
    """A package's ``__path__`` that follows ``sys.path`` once its own folder is gone.

    Python asks it anew for each import of a submodule, as it does with a namespace package's
    (PEP 420). The copies hold the same code: the workbench renews TaskManagers that hold another
    version (`job.version`).

    Parameters
    ----------
    name
        Of the package, with dots.
    own
        Its ``__path__`` as Python made it.

    Examples
    --------
    >>> import job.rules
    >>> list(job.rules.__path__) == list(LivePath("job.rules", job.rules.__path__))
    True
    """

    def __init__(self, name: str, own: list[str]) -> None:
        super().__init__(own)
        self._below = Path(*name.split("."))

    def __iter__(self) -> Iterator[str]:
        own = [folder for folder in super().__iter__() if Path(folder).is_dir()]
        if own:
            return iter(own)
        found = (Path(entry) / self._below for entry in sys.path)
        return iter([str(folder) for folder in found if (folder / "__init__.py").is_file()][:1])
