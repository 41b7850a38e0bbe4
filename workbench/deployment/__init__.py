"""How does a version get onto a cluster, and back if it does not hold there?"""
