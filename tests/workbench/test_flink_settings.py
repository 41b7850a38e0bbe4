"""Does `paystream simulate --flink key=value` reach the job?"""

from __future__ import annotations

import sys

import pytest

from job.flink.options import parse_options
from workbench import cli
from workbench.plan import JobPlan


def test_every_flink_key_of_the_plan_reaches_the_job_itself() -> None:
    keys = {"execution.buffer-timeout.interval": "7 ms", "-odd": "a=b"}
    arguments = JobPlan(flink=keys).arguments("run-7.", "127.0.0.1:9092", 0)
    assert parse_options(arguments).flink_properties == keys


def test_every_kafka_property_of_the_plan_reaches_the_job_itself() -> None:
    properties = {"fetch.max.wait.ms": "100", "-odd": "a=b"}
    arguments = JobPlan(kafka=properties).arguments("run-7.", "127.0.0.1:9092", 0)
    assert parse_options(arguments).kafka_properties == properties


@pytest.mark.parametrize("pair", ["foo", "=foo", ""])
def test_what_is_no_key_and_value_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], pair: str
) -> None:
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["paystream", "simulate", "--flink", pair])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"paystream: --flink: {pair!r} is not key=value")
