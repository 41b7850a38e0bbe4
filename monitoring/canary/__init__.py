"""How long does a swipe take until its decision can be read, in production, right now?"""
