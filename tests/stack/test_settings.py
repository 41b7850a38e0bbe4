"""Are wrong settings refused by name, and do the services get what the settings say?"""

from __future__ import annotations

from pathlib import Path

import pytest

from stack import doctor, elasticsearch, flink, flink_home, kafka, object_store, postgres
from stack.free_ports import free_ports
from stack.process import StackError
from stack.settings import PROJECT_ROOT, StackSettings


def test_the_data_folder_lies_below_the_project_whatever_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert StackSettings.load().data_folder == PROJECT_ROOT / ".local" / "stack"
    assert StackSettings.load(data_folder="x").data_folder == PROJECT_ROOT / "x"


def test_an_environment_variable_sets_a_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAYSTREAM_STACK_TASKMANAGERS", "3")
    assert StackSettings.load().taskmanagers == 3


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KAFKA_PORT", "0"),
        ("KAFKA_PORT", "70000"),
        ("TASKMANAGERS", "0"),
        ("TASKMANAGERS", "many"),
        ("KAFKA_HEAP_MB", "10"),
        ("STATE_BACKEND", "redis"),
        ("JIT", "fast"),
        ("CHECKPOINT_INTERVAL_MS", "1"),
    ],
)
def test_a_wrong_value_is_refused_with_the_name_of_its_variable(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"PAYSTREAM_STACK_{variable}", value)
    with pytest.raises(StackError, match=f"PAYSTREAM_STACK_{variable}"):
        StackSettings.load()


def test_two_services_on_one_port_are_refused() -> None:
    with pytest.raises(StackError, match="kafka_port and flink_rest_port are both 9000"):
        StackSettings.load(kafka_port=9000, flink_rest_port=9000)


def test_ports_of_what_does_not_run_are_in_nobody_s_way() -> None:
    assert StackSettings.load(kafka_port=2181).ports()["kafka_port"] == 2181
    with pytest.raises(StackError, match="kafka_port and zookeeper_port are both 2181"):
        StackSettings.load(kafka_port=2181, high_availability=True)


def test_a_port_within_those_of_the_object_store_is_refused() -> None:
    with pytest.raises(
        StackError, match="kafka_port is 8340, but the object store takes 8333 to 8340"
    ):
        StackSettings.load(kafka_port=8340, object_store=True)
    StackSettings.load(kafka_port=8341, object_store=True)


def test_free_ports_come_in_a_row() -> None:
    ports = free_ports(8)
    assert ports == list(range(ports[0], ports[0] + 8))


def test_the_broker_listens_on_loopback_only(settings: StackSettings) -> None:
    properties = kafka.server_properties(settings)
    assert properties["listeners"] == (
        f"PLAINTEXT://127.0.0.1:{settings.kafka_port},"
        f"CONTROLLER://127.0.0.1:{settings.kafka_controller_port}"
    )


def test_the_broker_neither_drops_nor_refuses_records_for_their_event_time(
    settings: StackSettings,
) -> None:
    properties = kafka.server_properties(settings)
    assert properties["log.retention.ms"] == "-1"
    assert int(properties["log.message.timestamp.after.max.ms"]) > 10**15


def test_every_internal_topic_is_content_with_one_broker(settings: StackSettings) -> None:
    properties = kafka.server_properties(settings)
    factors = {key: value for key, value in properties.items() if "replication.factor" in key}
    assert len(factors) == 3
    assert set(factors.values()) == {"1"}


def test_thread_mode_can_restart_in_the_same_taskmanager(settings: StackSettings) -> None:
    configuration = flink_home.configuration(settings)
    flink_home.prepare(settings)
    assert configuration["python.execution-mode"] == "thread"
    assert configuration["classloader.parent-first-patterns.additional"] == "pemja."
    assert list((settings.flink_folder / "lib").glob("flink-python-*.jar"))


def test_flink_binds_to_loopback_only(settings: StackSettings) -> None:
    configuration = flink_home.configuration(settings)
    hosts = {key: value for key, value in configuration.items() if "host" in key or "addr" in key}
    assert len(hosts) == 6
    assert set(hosts.values()) == {"127.0.0.1"}


def test_the_virtual_environment_comes_first_on_the_path_of_taskmanagers(
    settings: StackSettings,
) -> None:
    path = flink.taskmanager(settings, 0).environment["PATH"]
    assert path.split(":")[0] == str(settings.python.parent)


def test_preparing_twice_leaves_no_stale_jar(settings: StackSettings) -> None:
    flink_home.prepare(settings)
    lib = settings.flink_folder / "lib"
    before = sorted(lib.iterdir())
    (lib / "old-connector.jar").symlink_to("/nowhere.jar")
    flink_home.prepare(settings)
    assert sorted(lib.iterdir()) == before


def test_elasticsearch_and_postgres_listen_on_loopback_only(settings: StackSettings) -> None:
    assert elasticsearch.node_settings(settings)["network.host"] == "127.0.0.1"
    command = postgres.service(settings).command
    assert "listen_addresses=127.0.0.1" in command
    assert "unix_socket_directories=" in command


def test_a_missing_archive_says_what_to_run(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path, jars_folder=tmp_path)
    with pytest.raises(StackError, match="make install-elasticsearch"):
        elasticsearch.service(settings)


def test_files_of_checkpoints_go_where_the_stack_keeps_them(tmp_path: Path) -> None:
    keys = (
        "execution.checkpointing.dir",
        "execution.checkpointing.savepoint-dir",
        "high-availability.storageDir",
    )
    for in_s3, scheme in ((False, "file:///"), (True, "s3://paystream/")):
        settings = StackSettings.with_free_ports(
            tmp_path, high_availability=True, object_store=in_s3
        )
        configuration = flink_home.configuration(settings)
        assert {configuration[key].startswith(scheme) for key in keys} == {True}
        assert len({configuration[key] for key in keys}) == len(keys)


def test_a_plain_stack_knows_nothing_of_zookeeper_and_s3(settings: StackSettings) -> None:
    keys = flink_home.configuration(settings)
    assert [key for key in keys if key.startswith(("high-availability", "s3.", "fs.s3"))] == []
    flink_home.prepare(settings)
    assert not (settings.flink_folder / "plugins" / "s3-native").exists()


def test_two_jobmanagers_share_neither_port_nor_folder(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path, high_availability=True)
    first, second = (flink.jobmanager(settings, index) for index in (0, 1))
    assert first.address != second.address
    assert f"rest.bind-port={settings.flink_standby_rest_port}" in second.command
    assert first.pid_file != second.pid_file
    assert any("working-dir" in word for word in second.command)


def test_the_object_store_listens_on_loopback_only_and_reports_to_nobody(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path, object_store=True)
    command = object_store.service(settings).command
    assert "-ip.bind=127.0.0.1" in command
    assert "-master.telemetry=false" in command


def test_a_login_to_a_cloud_does_not_reach_the_object_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    settings = StackSettings.with_free_ports(tmp_path, object_store=True)
    assert "AWS_ACCESS_KEY_ID" not in object_store.service(settings).environment


def test_missing_jars_say_what_to_run(tmp_path: Path) -> None:
    settings = StackSettings.with_free_ports(tmp_path, jars_folder=tmp_path)
    with pytest.raises(StackError, match="make install"):
        flink_home.prepare(settings)
    with pytest.raises(StackError, match="make install"):
        kafka.service(settings)


def test_working_files_of_two_stacks_never_share_a_folder(tmp_path: Path) -> None:
    folders = {
        StackSettings.with_free_ports(tmp_path / name, rocksdb_medium="memory").rocksdb_folder
        for name in ("one", "two")
    }
    assert len(folders) == 2
    assert all(folder.is_relative_to("/dev/shm") for folder in folders)


def test_working_files_go_to_disk_where_memory_is_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.settings.SHARED_MEMORY", tmp_path / "absent")
    chosen = StackSettings.with_free_ports(tmp_path)
    assert chosen.rocksdb_folder.is_relative_to(chosen.flink_folder)
    asked = StackSettings.with_free_ports(tmp_path, rocksdb_medium="disk")
    assert asked.rocksdb_folder.is_relative_to(asked.flink_folder)


def test_the_doctor_knows_the_same_default_ports() -> None:
    defaults = {name: default for name, (default, _) in doctor.PORTS.items()}
    everything = ("high_availability", "object_store", "elasticsearch", "postgres", "monitoring")
    assert defaults == StackSettings.load(**dict.fromkeys(everything, True)).ports()
    assert defaults.keys() - doctor.OPTIONAL_PORTS.keys() == StackSettings.load().ports().keys()


@pytest.mark.parametrize(("jit", "is_c1_alone"), [("quick", True), ("full", False)])
def test_broker_and_taskmanagers_compile_as_the_setting_says(
    settings: StackSettings, jit: str, is_c1_alone: bool
) -> None:
    chosen = settings.model_copy(update={"jit": jit})
    only_c1 = "-XX:TieredStopAtLevel=1"
    assert (only_c1 in kafka.service(chosen).command) is is_c1_alone
    taskmanagers = flink_home.configuration(chosen)[flink_home.TASKMANAGER_JVM]
    assert (only_c1 in taskmanagers) is is_c1_alone
