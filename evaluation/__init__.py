"""What came out: collect a history, judge it, state a verdict, keep it."""
