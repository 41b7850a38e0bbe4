"""Are options that do not go together refused by name, with exit code 2?"""

from __future__ import annotations

import sys

import pytest

from workbench import cli, cli_run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--job", "external"], "--job external needs --bootstrap HOST:PORT"),
        (["--bootstrap", "k:1"], "--bootstrap is for another job: give --job external"),
        (["--topic-prefix", "a."], "--topic-prefix is for another job: give --job external"),
        (["--create-topics"], "--create-topics is for another job: give --job external"),
        (["--kafka-config", "f"], "--kafka-config is for another job: give --job external"),
        (
            ["--job", "external", "--bootstrap", "k:1", "--fault", "taskmanager_kill"],
            "--fault: nothing is broken on the cluster of an external job",
        ),
        (["--job", "external", "--bootstrap", "k:1", "--writes", "verdicts"], "--writes"),
        (
            ["--job", "external", "--bootstrap", "k:1", "--writes", "late-swipes"],
            "neither decisions nor alerts",
        ),
        (["--job", "external", "--bootstrap", "127.0.0.1:1"], "Kafka does not answer"),
        (
            ["--job", "external", "--bootstrap", "k:1", "--kafka-config", "/absent"],
            "Kafka settings /absent cannot be read",
        ),
    ],
)
def test_refused_in_one_line(words, said, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(cli_run, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(sys, "argv", ["paystream", "simulate", *words])
    monkeypatch.setattr("workbench.cli.signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("topic", "said"),
    [("payments", "names no contract"), ("swipes", "Kafka does not answer")],
)
def test_a_contract_check_that_cannot_be_made(topic, said, monkeypatch, capsys):
    words = ["contract-check", "--topic", topic, "--bootstrap", "127.0.0.1:1"]
    monkeypatch.setattr(sys, "argv", ["paystream", *words])
    monkeypatch.setattr("workbench.cli.signal.signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
