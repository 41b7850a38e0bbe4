"""What does a person on call look at?

One file a board. Each gives a dashboard of Grafana; ``monitoring.generate`` writes them.
"""
