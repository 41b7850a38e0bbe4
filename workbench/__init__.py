"""The command line and the order of a run; stands on top of all other packages."""
