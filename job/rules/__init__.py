"""The fraud rules: one file each, found by discovery (:mod:`job.rules.discovery`)."""
