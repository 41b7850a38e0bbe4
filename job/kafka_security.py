"""How does a client reach a Kafka that asks for TLS and a password?

The environment says it, in the same words for every client of the project: those of librdkafka
(generator, evaluation, deliveries, workbench) and those in the JVM (the job). Nothing of it is a
command-line argument, which everybody on the machine can read, and none is written into a run.

A password in a file (``PAYSTREAM_KAFKA_SASL_PASSWORD_FILE``, as Kubernetes mounts a secret) is
given to the JVM's clients as a reference: the graph of the job, which Flink stores for another
JobManager, then holds no password. The file has to be on every machine of the cluster.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

#: What all variables begin with.
PREFIX: Final = "PAYSTREAM_KAFKA_"
#: Those there are, without the prefix.
VARIABLES: Final = (
    "SECURITY_PROTOCOL",
    "SASL_MECHANISM",
    "SASL_USERNAME",
    "SASL_PASSWORD",
    "SASL_PASSWORD_FILE",
    "SSL_CA",
)
#: SASL without TLS is left out: who listens in would see every swipe.
PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_SSL")
#: Mechanism, and the class of Java's client that speaks it.
_LOGIN_MODULES: Final = {
    "SCRAM-SHA-512": "common.security.scram.ScramLoginModule",
    "SCRAM-SHA-256": "common.security.scram.ScramLoginModule",
    "PLAIN": "common.security.plain.PlainLoginModule",
}
_DIRECTORY_PROVIDER: Final = "common.config.provider.DirectoryConfigProvider"
#: What Java's client can read between the quotes of its login, and in a reference to a file.
_PLAIN_PASSWORD: Final = re.compile(r'[^\x00-\x1f\x7f"\\]+')
_PLAIN_PATH: Final = re.compile(r"[^\x00-\x1f\x7f\"\\:}]+")


class KafkaSecurityError(ValueError):
    """A setting that cannot be used. The message is one line for a person, without a secret."""


@dataclass(frozen=True, kw_only=True)
class KafkaSecurity:
    """How a client proves who it is, and whom it trusts.

    Attributes
    ----------
    protocol
        ``PLAINTEXT``, ``SSL`` or ``SASL_SSL``.
    mechanism
        Of SASL.
    username, password
        Of SASL.
    password_file
        Where the password was read, None where the environment held it.
    ca_file
        Certificates (PEM) of whom to trust; None for those that the system trusts.
    """

    protocol: str = "PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    username: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None
    ca_file: Path | None = None

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> KafkaSecurity:
        """Read the settings; none is a Kafka that asks for nothing.

        Parameters
        ----------
        environment
            Variables; those of this process when left out.

        Raises
        ------
        KafkaSecurityError
            When one is unknown, wrong or missing, naming its variable.

        Examples
        --------
        >>> KafkaSecurity.load({}).protocol
        'PLAINTEXT'
        >>> KafkaSecurity.load({"PAYSTREAM_KAFKA_SECURITY_PROTOCOL": "SSL"}).librdkafka()
        {'security.protocol': 'SSL'}
        """
        given = _given(os.environ if environment is None else environment)
        protocol = given.get("SECURITY_PROTOCOL", "PLAINTEXT")
        if protocol not in PROTOCOLS:
            raise KafkaSecurityError(
                f"{PREFIX}SECURITY_PROTOCOL is {protocol!r}; give one of {', '.join(PROTOCOLS)}"
            )
        _require_use(given, protocol)
        ca_file = _file(given, "SSL_CA")
        if protocol != "SASL_SSL":
            return cls(protocol=protocol, ca_file=ca_file)
        mechanism = given.get("SASL_MECHANISM", cls.mechanism)
        if mechanism not in _LOGIN_MODULES:
            known = ", ".join(_LOGIN_MODULES)
            raise KafkaSecurityError(
                f"{PREFIX}SASL_MECHANISM is {mechanism!r}; give one of {known}"
            )
        password_file = _file(given, "SASL_PASSWORD_FILE")
        return cls(
            protocol=protocol,
            mechanism=mechanism,
            username=_required(given, "SASL_USERNAME"),
            password=_password(given, password_file),
            password_file=password_file,
            ca_file=ca_file,
        )

    def librdkafka(self) -> dict[str, str]:
        """Settings of a client of librdkafka; none for a Kafka that asks for nothing."""
        if self.protocol == "PLAINTEXT":
            return {}
        settings = {"security.protocol": self.protocol}
        if self.ca_file is not None:
            settings["ssl.ca.location"] = str(self.ca_file)
        if self.protocol == "SASL_SSL":
            settings["sasl.mechanism"] = self.mechanism
            settings["sasl.username"] = self.username
            settings["sasl.password"] = self.password
        return settings

    def java(self, package: str) -> dict[str, str]:
        """Properties of a client in the JVM; none for a Kafka that asks for nothing.

        Parameters
        ----------
        package
            Where Kafka's classes lie: ``org.apache.kafka``, or where a jar has moved them.
        """
        if self.protocol == "PLAINTEXT":
            return {}
        properties = {"security.protocol": self.protocol}
        if self.ca_file is not None:
            properties["ssl.truststore.type"] = "PEM"
            properties["ssl.truststore.location"] = str(self.ca_file)
        if self.protocol != "SASL_SSL":
            return properties
        password = _quoted(self.password)
        if self.password_file is not None:
            folder, name = self.password_file.parent, self.password_file.name
            provider = "config.providers.directory"
            properties["config.providers"] = "directory"
            properties[f"{provider}.class"] = f"{package}.{_DIRECTORY_PROVIDER}"
            properties[f"{provider}.param.allowed.paths"] = str(folder)
            password = f'"${{directory:{folder}:{name}}}"'
        properties["sasl.mechanism"] = self.mechanism
        properties["sasl.jaas.config"] = (
            f"{package}.{_LOGIN_MODULES[self.mechanism]} required "
            f"username={_quoted(self.username)} password={password};"
        )
        return properties


def client_security(extra: Mapping[str, str]) -> dict[str, str]:
    """Settings of a client of librdkafka: the environment's, unless it was given its own.

    Parameters
    ----------
    extra
        What a person gave this client. With a ``security.protocol`` the environment has no say.

    Raises
    ------
    KafkaSecurityError
        As for :meth:`KafkaSecurity.load`.
    """
    return {} if "security.protocol" in extra else KafkaSecurity.load().librdkafka()


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    given = {
        name.removeprefix(PREFIX): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    unknown = sorted(given.keys() - set(VARIABLES))
    if unknown:
        raise KafkaSecurityError(
            f"{PREFIX}{unknown[0]} is no setting; there are {', '.join(VARIABLES)}, each after "
            f"{PREFIX}"
        )
    return {name: value for name, value in given.items() if value}


def _require_use(given: Mapping[str, str], protocol: str) -> None:
    """Refuse what would have no effect, e.g. a password where the connection asks for none."""
    idle = {"PLAINTEXT": ("SASL_", "SSL_"), "SSL": ("SASL_",), "SASL_SSL": ()}[protocol]
    for name in sorted(given):
        if name.startswith(idle):
            wanted = "SASL_SSL" if name.startswith("SASL_") else "SSL or SASL_SSL"
            raise KafkaSecurityError(
                f"{PREFIX}{name} is set and would not be used: {PREFIX}SECURITY_PROTOCOL is "
                f"{protocol}, not {wanted}"
            )


def _required(given: Mapping[str, str], name: str) -> str:
    if name not in given:
        raise KafkaSecurityError(f"{PREFIX}{name} is missing: SASL_SSL needs it")
    return given[name]


def _file(given: Mapping[str, str], name: str) -> Path | None:
    if name not in given:
        return None
    # Clients of the JVM do not run in this folder.
    path = Path(given[name]).expanduser().absolute()
    if not path.is_file():
        raise KafkaSecurityError(f"{PREFIX}{name}: there is no file {path}")
    if not _PLAIN_PATH.fullmatch(str(path)):
        raise KafkaSecurityError(f"{PREFIX}{name}: no quote, colon, brace or backslash in its path")
    return path


def _password(given: Mapping[str, str], file: Path | None) -> str:
    if file is None:
        if "SASL_PASSWORD" not in given:
            raise KafkaSecurityError(
                f"{PREFIX}SASL_PASSWORD_FILE (or {PREFIX}SASL_PASSWORD) is missing: SASL_SSL "
                "needs it"
            )
        return given["SASL_PASSWORD"]
    if "SASL_PASSWORD" in given:
        raise KafkaSecurityError(f"give {PREFIX}SASL_PASSWORD or …_FILE, not both")
    try:
        password = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KafkaSecurityError(
            f"{PREFIX}SASL_PASSWORD_FILE: {file} cannot be read: {type(error).__name__}"
        ) from None
    if not _PLAIN_PASSWORD.fullmatch(password):
        raise KafkaSecurityError(
            f"{PREFIX}SASL_PASSWORD_FILE: {file} must hold the password alone, without quote, "
            "backslash or line break at its end (printf '%s' instead of echo)"
        )
    return password


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
