"""What brings the job what it has to know, and takes its alerts to where people look for them?

Programs that go to production beside the job: alerts into Elasticsearch, card profiles out of
PostgreSQL. Of the job they know its contracts alone.
"""
