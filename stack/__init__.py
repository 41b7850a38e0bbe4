"""Which real services does a run need, and are they up?

Local processes on loopback: Kafka and a Flink cluster; Elasticsearch and PostgreSQL where asked
for. This package knows processes and ports and nothing of fraud. It stays free of imports so that
``python3 -m stack.doctor`` runs before the virtual environment exists.
"""
