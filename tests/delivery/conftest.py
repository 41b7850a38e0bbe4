"""What do the tests of deliveries share? A database of their own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from stack.settings import StackSettings


@pytest.fixture
def url(database: StackSettings) -> Iterator[str]:
    """A database that no other test has."""
    name = f"t{uuid.uuid4().hex[:10]}"
    with psycopg.connect(database.postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield database.postgres_url.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(database.postgres_url, autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
