"""Does the page about security list the rights as they are given?"""

from __future__ import annotations

import re
from pathlib import Path

from generator.topics import run_topics
from job.contracts import Topics
from workbench.kafka_rights import Right, rights

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| ([^|]+) \|$", re.MULTILINE)


def row(right: Right) -> tuple[str, str, str]:
    names = ", ".join(f"`{name}`" for name in right.names)
    kind = f"{right.kind}s" if len(right.names) > 1 else right.kind
    more = "…" if right.kind == "transactional id" else ""
    return right.user, f"{kind} {names}{more}", ", ".join(right.operations)


def test_the_table_is_what_is_granted() -> None:
    table = PAGE.partition("<!-- rights -->")[2].partition("<!-- /rights -->")[0]
    assert ROW.findall(table) == [row(right) for right in rights()]


def test_every_topic_of_a_run_has_exactly_those_who_may_write_it() -> None:
    topics = Topics.with_prefix()
    writers = {
        name: {r.user for r in rights() if name in r.names and "write" in r.operations}
        for name in (*run_topics(""), topics.alerts_dead_letters)
    }
    written = {*topics.outputs(), topics.rule_audit}
    assert {name for name, users in writers.items() if users == {"job"}} == written
    assert writers[topics.swipes] == {"generator", "canary"}
    assert writers[topics.fraud_reports] == {"generator"}
    # From a replay, or out of the database.
    assert writers[topics.card_profiles] == {"generator", "delivery"}
    assert writers[topics.rules] == {"rules"}
    assert writers[topics.alerts_dead_letters] == {"delivery"}
