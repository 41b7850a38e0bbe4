"""The production detection job: what it reads, what it decides, what it writes.

Goes to production alone: imports none of the workbench's other packages.
"""

from job.live_path import LivePath

__path__ = LivePath(__name__, __path__)
