"""Who may connect to a secured broker, and what does each need for it?

Made with the broker's log folder: a certificate that the broker signs itself, and a user with a
password for each kind of client. They lie below the broker's folder, readable by their owner alone.
Clients take theirs from the environment, ``PAYSTREAM_KAFKA_...``; a file for a shell stands beside
each password.
"""

from __future__ import annotations

import secrets
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Final

from stack.java import C1_ALONE, java_binary
from stack.process import StackError
from stack.settings import HOST, StackSettings

MECHANISM: Final = "SCRAM-SHA-512"
#: May do everything; the broker itself is one of its clients.
ADMIN: Final = "admin"
#: Everybody else may do what an access rule allows: nothing, after the start.
USERS: Final = (ADMIN, "generator", "job", "evaluation", "delivery", "rules", "canary")
#: Whom the broker's certificate names. Only who holds its key may talk to the controller.
BROKER: Final = "CN=paystream-broker"
_VALID_DAYS: Final = 3650
_KEYTOOL_TIMEOUT_S: Final = 60.0


def folder(settings: StackSettings) -> Path:
    """Where certificate, keys and passwords lie."""
    return settings.kafka_folder / "access"


def ca_file(settings: StackSettings) -> Path:
    """The certificate that clients trust."""
    return folder(settings) / "ca.pem"


def keystore(settings: StackSettings) -> Path:
    """The broker's certificate and key."""
    return folder(settings) / "broker.p12"


def password_file(settings: StackSettings, user: str) -> Path:
    """The password of a user, or of the ``keystore``."""
    return folder(settings) / "passwords" / user


def environment_file(settings: StackSettings, user: str) -> Path:
    """What a shell reads to be this user: ``set -a; . FILE``."""
    return folder(settings) / f"{user}.env"


def environment(settings: StackSettings, user: str) -> dict[str, str]:
    """The variables by which a client is this user; none where the broker asks for nothing."""
    if not settings.secured:
        return {}
    return {
        "PAYSTREAM_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "PAYSTREAM_KAFKA_SASL_MECHANISM": MECHANISM,
        "PAYSTREAM_KAFKA_SASL_USERNAME": user,
        "PAYSTREAM_KAFKA_SASL_PASSWORD_FILE": str(password_file(settings, user)),
        "PAYSTREAM_KAFKA_SSL_CA": str(ca_file(settings)),
    }


def librdkafka(settings: StackSettings, user: str) -> dict[str, str]:
    """Settings of a client of librdkafka that is this user."""
    if not settings.secured:
        return {}
    return {
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(ca_file(settings)),
        "sasl.mechanism": MECHANISM,
        "sasl.username": user,
        "sasl.password": password_file(settings, user).read_text(),
    }


def broker_properties(settings: StackSettings) -> dict[str, str]:
    """What the broker's configuration has to say so that nobody comes in unasked.

    Passwords are referred to by file: the configuration holds none.
    """
    passwords = folder(settings) / "passwords"
    login = (
        "org.apache.kafka.common.security.scram.ScramLoginModule required "
        f'username="{ADMIN}" password="${{directory:{passwords}:{ADMIN}}}";'
    )
    return {
        "config.providers": "directory",
        "config.providers.directory.class": (
            "org.apache.kafka.common.config.provider.DirectoryConfigProvider"
        ),
        "config.providers.directory.param.allowed.paths": str(passwords),
        "ssl.keystore.type": "PKCS12",
        "ssl.keystore.location": str(keystore(settings)),
        "ssl.keystore.password": f"${{directory:{passwords}:keystore}}",
        "ssl.key.password": f"${{directory:{passwords}:keystore}}",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca_file(settings)),
        "ssl.enabled.protocols": "TLSv1.3,TLSv1.2",
        # The controller knows no passwords: whoever talks to it shows the broker's certificate.
        "listener.name.controller.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": MECHANISM,
        "sasl.mechanism.inter.broker.protocol": MECHANISM,
        f"listener.name.sasl_ssl.{MECHANISM.lower()}.sasl.jaas.config": login,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN};User:{BROKER}",
        "allow.everyone.if.no.acl.found": "false",
    }


def make(settings: StackSettings) -> None:
    """Make certificate, users and passwords anew.

    Raises
    ------
    StackError
        If the JDK's keytool is missing or fails.
    """
    shutil.rmtree(folder(settings), ignore_errors=True)
    passwords = folder(settings) / "passwords"
    folder(settings).mkdir(parents=True, mode=0o700)
    passwords.mkdir(mode=0o700)
    for name in (*USERS, "keystore"):
        _write_private(password_file(settings, name), secrets.token_urlsafe(24))
    for user in USERS:
        lines = [f"{k}={shlex.quote(v)}\n" for k, v in environment(settings, user).items()]
        _write_private(environment_file(settings, user), "".join(lines))
    _make_certificate(settings)


def scram_arguments(settings: StackSettings) -> Path:
    """A file of arguments by which `kafka-storage format` makes the users; remove it afterwards.

    A command line could be read by everybody.
    """
    file = folder(settings) / "format-arguments"
    passwords = {user: password_file(settings, user).read_text() for user in USERS}
    words = [
        f"--add-scram={MECHANISM}=[name={user},password={password}]\n"
        for user, password in passwords.items()
    ]
    _write_private(file, "".join(words))
    return file


def _make_certificate(settings: StackSettings) -> None:
    store = [
        *("-keystore", str(keystore(settings)), "-storetype", "PKCS12", "-alias", "broker"),
        *("-storepass:file", str(password_file(settings, "keystore"))),
    ]
    _keytool(
        "-genkeypair", *store, "-keyalg", "EC", "-groupname", "secp256r1",
        "-dname", BROKER, "-validity", str(_VALID_DAYS),
        "-ext", f"san=ip:{HOST},dns:localhost", "-ext", "bc=ca:true",
    )  # fmt: skip
    keystore(settings).chmod(0o600)
    _keytool("-exportcert", "-rfc", *store, "-file", str(ca_file(settings)))


def _keytool(*arguments: str) -> None:
    program = Path(java_binary()).with_name("keytool")
    command = [str(program), f"-J{C1_ALONE}", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=_KEYTOOL_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"no certificate for Kafka: {program} does not run: {error}") from None
    if done.returncode != 0:
        raise StackError("no certificate for Kafka: keytool failed", done.stdout + done.stderr)


def _write_private(file: Path, text: str) -> None:
    file.touch(mode=0o600)
    file.write_text(text)
