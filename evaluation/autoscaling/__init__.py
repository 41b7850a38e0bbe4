"""Did the job follow its load: what was seen, what was decided, and what came of it?"""
