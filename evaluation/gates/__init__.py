"""May this change go in: what do the gates of a profile say?

Pure: it reads what runs, benchmarks and exams have left, and starts nothing.
"""
