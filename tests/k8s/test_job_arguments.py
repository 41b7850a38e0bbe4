"""Do Flink's driver, the job, and its Kafka client take the arguments of the deployment?"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from job.contracts import Topics
from job.flink.options import JobOptions, parse_options
from job.flink.tables import sink_table, source_table
from tests.k8s.conftest import OVERLAYS, ROOT, built, deployment, flink_jars, of_kind, run_java

JOB_ROOT = "/opt/paystream"


def arguments(overlay: str) -> list[str]:
    """What stands behind the driver's name."""
    return [str(each) for each in deployment(overlay)["spec"]["job"]["args"]]


def options(overlay: str) -> JobOptions:
    """What the job makes of it."""
    given = arguments(overlay)
    return parse_options(given[given.index("-py") + 2 :])


def test_flinks_driver_takes_them_apart_as_meant():
    given = arguments("production")
    assert all(arguments(each) == given for each in OVERLAYS)
    python = [jar for jar in flink_jars() if jar.name.startswith("flink-python-")]
    dist = [jar for jar in flink_jars() if jar.name.startswith(("flink-dist-", "log4j-"))]
    file, *rest = run_java("DriverArguments", (*python, *dist), *given)
    assert file == f"{JOB_ROOT}/job/flink/main.py"
    assert (ROOT / Path(file).relative_to(JOB_ROOT)).is_file()
    assert rest == given[given.index("-py") + 2 :]


def test_the_jar_is_that_of_the_python_package():
    spec = deployment("dev")["spec"]["job"]
    (jar,) = [jar for jar in flink_jars() if jar.name.startswith("flink-python-")]
    assert spec["jarURI"] == f"local:///opt/flink/opt/{jar.name}"
    assert spec["entryClass"] == "org.apache.flink.client.python.PythonDriver"
    flink = deployment("dev")["spec"]["flinkVersion"]
    assert flink == "v" + "_".join(jar.stem.removeprefix("flink-python-").split(".")[:2])


def test_the_job_takes_them_and_leaves_parallelism_to_the_operator(overlay):
    made = options(overlay)
    # With one of its own the autoscaler could not change it.
    assert made.parallelism is None
    assert made.sink_guarantee == "exactly-once"
    assert made.flink_properties == {}
    assert made.event_time_limit_ms is None
    assert made.topic_prefix == ""


def test_kafka_is_reached_with_tls_and_a_password_that_stands_in_a_file(overlay):
    made = options(overlay)
    properties = made.kafka_properties
    assert properties["security.protocol"] == "SASL_SSL"
    assert properties["sasl.mechanism"] == "SCRAM-SHA-512"
    spec = deployment(overlay)["spec"]["podTemplate"]["spec"]
    mounts = {each["name"]: each["mountPath"] for each in spec["containers"][0]["volumeMounts"]}
    secrets = {each["name"]: each.get("secret") for each in spec["volumes"]}
    folder = mounts["kafka-user"]
    assert properties["config.providers.secrets.param.allowed.paths"] == folder
    assert f'password="${{secrets:{folder}:password}}"' in properties["sasl.jaas.config"]
    user = secrets["kafka-user"]["secretName"]
    assert f'username="{user}"' in properties["sasl.jaas.config"]
    assert user in of_kind(built(overlay), "KafkaUser")
    assert properties["ssl.truststore.location"] == f"{mounts['kafka-ca']}/ca.crt"
    # In SQL a quote ends a text: these must pass through it unharmed.
    for ddl in (
        source_table(made, Topics.with_prefix()),
        sink_table("x", made, Topics.with_prefix()),
    ):
        assert f"'properties.sasl.jaas.config' = '{properties['sasl.jaas.config']}'" in ddl


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of an authority, as PEM."""
    folder = tmp_path_factory.mktemp("authority")
    store, file = folder / "store.p12", folder / "ca.crt"
    common = ["-keystore", store, "-storepass", "changeit", "-alias", "ca"]
    for command in (
        ["keytool", "-genkeypair", *common, "-keyalg", "EC", "-dname", "CN=test"],
        ["keytool", "-exportcert", "-rfc", *common, "-file", file],
    ):
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    return file


def opened(properties: dict[str, str], folder: Path) -> str:
    """What the connector's own client makes of the properties."""
    file = folder / "properties"
    file.write_text("".join(f"{name}\t{value}\n" for name, value in properties.items()))
    jars = [
        jar
        for jar in flink_jars()
        if jar.name.startswith(("flink-sql-connector-kafka", "flink-dist-", "log4j-"))
    ]
    return run_java("OpenConsumer", tuple(jars), file)[-1]


def in_folder(properties: dict[str, str], folder: Path, authority: Path) -> dict[str, str]:
    """The same, with the pod's files below a folder of this machine."""
    moved = {
        name: value.replace("/etc/paystream/kafka-user", str(folder)).replace(
            "/etc/paystream/kafka-ca/ca.crt", str(authority)
        )
        for name, value in properties.items()
    }
    return {"bootstrap.servers": "127.0.0.1:1", **moved}


@pytest.mark.slow
def test_the_connectors_client_reads_the_password_and_logs_in(authority, tmp_path):
    secret = tmp_path / "user"
    secret.mkdir()
    (secret / "password").write_text("hunter2")
    given = in_folder(options("production").kafka_properties, secret, authority)
    assert opened(given, tmp_path) == (
        "org.apache.flink.kafka.shaded.org.apache.kafka.common.security.scram.ScramLoginModule "
        'required username="paystream-job" password="hunter2";'
    )
    # As Strimzi writes it, for a client that is not shaded: no such class.
    wrong = {**given, "sasl.jaas.config": given["sasl.jaas.config"].replace(
        "org.apache.flink.kafka.shaded.", "")}  # fmt: skip
    with pytest.raises(AssertionError, match="LoginException"):
        opened(wrong, tmp_path)
