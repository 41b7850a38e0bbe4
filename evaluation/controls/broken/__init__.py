"""The negative controls that need no cluster, one in each module."""
