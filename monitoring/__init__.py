"""Who is woken when, and what do they see?

Rules and boards over what job, Kafka and state tell of themselves, and the canary, which measures
from outside what the job cannot know. Goes to production with the job.
"""
