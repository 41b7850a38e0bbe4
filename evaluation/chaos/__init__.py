"""What did a series of faults show: one row a fault, a verdict over all, a table for the docs."""
