"""How do card profiles come out of PostgreSQL into the job, at the start and as they change?"""
