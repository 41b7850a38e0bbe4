"""How do alerts come into Elasticsearch, and how are they found there?"""
