"""Does the page of alerts say what is wrong where it has nothing to search in?

What it finds is tested where there is an Elasticsearch: tests/delivery/alerts/test_index_alerts.py.
"""

from __future__ import annotations

import pytest

from tests.dashboard.conftest import Opener


def test_without_an_address_it_says_how_to_come_by_an_index(
    open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAYSTREAM_ELASTICSEARCH_URL", raising=False)
    page = open_page("alerts")
    assert not page.exception
    assert "PAYSTREAM_ELASTICSEARCH_URL" in page.info[0].value
    assert "paystream index-alerts" in page.code[0].value


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "nowhere"])
def test_an_address_at_which_nothing_answers_is_one_line(
    open_page: Opener, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("PAYSTREAM_ELASTICSEARCH_URL", url)
    page = open_page("alerts")
    assert not page.exception
    assert len(page.error) == 1
    assert "\n" not in page.error[0].value
