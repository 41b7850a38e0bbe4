"""The fraud rules: one file each, found by discovery (:mod:`job.rules.discovery`)."""

from job.live_path import LivePath

__path__ = LivePath(__name__, __path__)
