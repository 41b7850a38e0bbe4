"""Do TLS and passwords come from the environment alone, and are they shown to nobody?"""

from __future__ import annotations

import pprint
from pathlib import Path

import pytest
from rich.pretty import pretty_repr

from job.contracts import Topics
from job.flink.options import KAFKA_PACKAGE, parse_options
from job.flink.tables import sink_table
from job.kafka_security import (
    PREFIX,
    KafkaSecurity,
    KafkaSecurityError,
    client_security,
)

HIDDEN = "hunter2"
JAVA = "org.apache.kafka"
LOGIN = {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_USERNAME": "job", "SASL_PASSWORD": HIDDEN}


def load(**given: object) -> KafkaSecurity:
    return KafkaSecurity.load({f"{PREFIX}{name}": str(value) for name, value in given.items()})


def password_file(folder: Path, text: str = HIDDEN) -> Path:
    file = folder / "password"
    file.write_text(text)
    return file


def test_a_kafka_that_asks_for_nothing_gets_nothing() -> None:
    security = KafkaSecurity.load({"PATH": "/bin"})
    assert security.librdkafka() == {}
    assert security.java(JAVA) == {}


def test_both_kinds_of_clients_get_the_same_login_and_trust(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    security = load(**LOGIN, SSL_CA=ca_file)
    assert security.librdkafka() == {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(ca_file),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "job",
        "sasl.password": HIDDEN,
    }
    assert security.java(JAVA) == {
        "security.protocol": "SASL_SSL",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca_file),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.jaas.config": f"{JAVA}.common.security.scram.ScramLoginModule required "
        f'username="job" password="{HIDDEN}";',
    }


def test_a_password_in_a_file_does_not_get_into_the_graph_of_the_job(tmp_path: Path) -> None:
    given = LOGIN | {"SASL_PASSWORD_FILE": password_file(tmp_path)}
    del given["SASL_PASSWORD"]
    security = load(**given)
    assert security.librdkafka()["sasl.password"] == HIDDEN
    properties = security.java(JAVA)
    assert HIDDEN not in str(properties)
    assert f'password="${{directory:{tmp_path}:password}}";' in properties["sasl.jaas.config"]
    assert properties["config.providers.directory.param.allowed.paths"] == str(tmp_path)


def test_quotes_and_backslashes_of_a_password_stay_within_the_login() -> None:
    login = load(**LOGIN | {"SASL_PASSWORD": 'a"; b\\'}).java(JAVA)["sasl.jaas.config"]
    assert login.endswith('password="a\\"; b\\\\";')


@pytest.mark.parametrize("show", [repr, str, pprint.pformat, pretty_repr], ids=lambda s: s.__name__)
def test_a_password_is_not_shown(show: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert callable(show)
    for name, value in LOGIN.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    for each in (KafkaSecurity.load(), parse_options([])):
        text = show(each)
        assert "SASL_SSL" in text
        assert HIDDEN not in text


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"SASL_USER": "x"}, "SASL_USER is no setting"),
        ({"SECURITY_PROTOCOL": "TLS"}, "SECURITY_PROTOCOL is 'TLS'; give one of PLAINTEXT"),
        ({"SECURITY_PROTOCOL": "SASL_PLAINTEXT"}, "give one of PLAINTEXT, SSL, SASL_SSL"),
        ({"SASL_PASSWORD": HIDDEN}, "SASL_PASSWORD is set and would not be used"),
        ({"SSL_CA": "/etc/hosts"}, "SSL_CA is set and would not be used"),
        ({"SECURITY_PROTOCOL": "SSL", "SASL_USERNAME": "x"}, "is SSL, not SASL_SSL"),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "SASL_PASSWORD": HIDDEN}, "SASL_USERNAME is missing"),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "SASL_USERNAME": "x"}, "SASL_PASSWORD) is missing"),
        (LOGIN | {"SASL_MECHANISM": "GSSAPI"}, "SASL_MECHANISM is 'GSSAPI'"),
        (LOGIN | {"SSL_CA": "/nowhere/ca.pem"}, "SSL_CA: there is no file /nowhere/ca.pem"),
        (LOGIN | {"SASL_PASSWORD_FILE": "/etc/hosts"}, "not both"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line_without_the_secret(
    given: dict[str, str], complaint: str
) -> None:
    with pytest.raises(KafkaSecurityError) as refused:
        load(**given)
    line = str(refused.value)
    assert complaint in line
    assert "\n" not in line
    assert HIDDEN not in line


@pytest.mark.parametrize("text", [f"{HIDDEN}\n", f'{HIDDEN}"', f"{HIDDEN}\\", ""])
def test_a_password_file_that_only_some_clients_could_read_is_refused(
    tmp_path: Path, text: str
) -> None:
    given = LOGIN | {"SASL_PASSWORD_FILE": password_file(tmp_path, text), "SASL_PASSWORD": ""}
    with pytest.raises(KafkaSecurityError, match="must hold the password alone") as refused:
        load(**given)
    assert HIDDEN not in str(refused.value)


def test_a_client_with_settings_of_its_own_does_not_get_the_environments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in LOGIN.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    assert client_security({"linger.ms": "5"})["sasl.username"] == "job"
    assert client_security({"security.protocol": "PLAINTEXT"}) == {}


def test_the_job_ends_with_one_line_where_the_environment_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"{PREFIX}SECURITY_PROTOCOL", "SASL_SSL")
    with pytest.raises(SystemExit) as ended:
        parse_options([])
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"paystream-job: {PREFIX}SASL_USERNAME is missing: SASL_SSL needs it\n"
    )


def test_what_a_person_gave_the_job_wins_over_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in LOGIN.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    options = parse_options(["--kafka.property", "sasl.mechanism=PLAIN"])
    properties = options.client_properties()
    assert properties["sasl.mechanism"] == "PLAIN"
    assert properties["sasl.jaas.config"].startswith(f"{KAFKA_PACKAGE}.common.security.scram.")
    sink = sink_table("outgoing", options, Topics.with_prefix())
    assert "'properties.security.protocol' = 'SASL_SSL'" in sink
