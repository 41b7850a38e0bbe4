"""Does what is applied make one run: senders, the one who judges, and the place they share?"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from generator import send_shard
from generator.client_file import read_client_file
from generator.kafka_client import admin_client
from stack import await_job
from tests.judging_asked_for import clock_ahead_ms, judging_asked_for
from tests.k8s.conftest import ROOT, WITH_SIMULATION, Manifest, built, deployment, of_kind
from tests.k8s.test_job_arguments import options

PROJECT = "/opt/paystream"


def jobs(overlay: str) -> tuple[Manifest, Manifest]:
    """The senders and the one who judges."""
    found = of_kind(built(overlay), "Job")
    return found["paystream-generator"], found["paystream-evaluation"]


def pod(manifest: Manifest) -> Manifest:
    spec: Manifest = manifest["spec"]["template"]["spec"]
    return spec


def settings(overlay: str) -> dict[str, str]:
    return dict(of_kind(built(overlay), "ConfigMap")["paystream-simulation"]["data"])


def words(overlay: str, container: Manifest, **more: str) -> list[str]:
    """A container's arguments as its process gets them."""
    known = settings(overlay) | more
    made = []
    for word in container["args"]:
        for name, value in known.items():
            word = word.replace(f"$({name})", value)
        assert "$(" not in word
        made.append(word)
    return made


def placed(container: Manifest) -> dict[str, tuple[str, bool]]:
    """Folder of the shared volume, and whether it can be written, by the place it is seen at."""
    return {
        each["mountPath"]: (each["subPath"], not each.get("readOnly", False))
        for each in container["volumeMounts"]
        if each["name"] == "runs"
    }


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
def test_each_shard_has_one_sender(overlay):
    generator, _ = jobs(overlay)
    spec = generator["spec"]
    assert spec["completionMode"] == "Indexed"
    assert str(spec["completions"]) == str(spec["parallelism"]) == settings(overlay)["SHARDS"]
    # Sent again, a shard would be repeats.
    assert spec["backoffLimit"] == 0
    (container,) = pod(generator)["containers"]
    (shard,) = [each for each in container["env"] if each["name"] == "SHARD"]
    field = shard["valueFrom"]["fieldRef"]["fieldPath"]
    assert field == "metadata.annotations['batch.kubernetes.io/job-completion-index']"


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
def test_no_shard_is_without_a_partition(overlay):
    partitions = of_kind(built(overlay), "KafkaTopic")["swipes"]["spec"]["partitions"]
    assert int(settings(overlay)["SHARDS"]) <= partitions


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
def test_the_sender_takes_its_arguments(overlay, monkeypatch):
    generator, _ = jobs(overlay)
    (container,) = pod(generator)["containers"]
    assert container["command"][1:] == ["-m", "generator.send_shard"]
    seen: dict[str, Any] = {}
    monkeypatch.setattr(send_shard, "read_client_file", lambda file: {"file": str(file)})

    def take(shared: Path, number: int, shards: int, wait_s: float) -> None:
        seen.update(shared=str(shared), number=number, shards=shards)
        raise send_shard.SendFailed("no order")

    monkeypatch.setattr(send_shard, "take_order", take)
    monkeypatch.setattr("sys.argv", ["send_shard", *words(overlay, container, SHARD="1")])
    with pytest.raises(SystemExit) as ended:
        send_shard.main()
    assert ended.value.code == 2
    shards = int(settings(overlay)["SHARDS"])
    assert seen == {"shared": f"{PROJECT}/shared", "number": 1, "shards": shards}


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
def test_the_evaluation_takes_its_arguments(overlay, monkeypatch):
    _, evaluation = jobs(overlay)
    (container,) = pod(evaluation)["containers"]
    assert container["command"] == ["/opt/venv/bin/paystream", "simulate"]
    replay, job = judging_asked_for(["simulate", *words(overlay, container)], monkeypatch)
    assert str(replay.rate_per_min) == settings(overlay)["RATE_PER_MIN"]
    assert str(job.sender_shards) == settings(overlay)["SHARDS"]
    assert job.group == options(overlay).group_id
    assert job.prefix == options(overlay).topic_prefix
    assert job.bootstrap == options(overlay).bootstrap_servers
    assert job.expect_rules
    # The clock records at the end must not be ahead of what the job takes.
    assert clock_ahead_ms(replay) < options(overlay).event_time_max_ahead_ms


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
def test_the_evaluation_waits_for_the_job_first(overlay, monkeypatch, capsys):
    _, evaluation = jobs(overlay)
    *_, last = pod(evaluation)["initContainers"]
    assert last["command"][1:] == ["-m", "stack.await_job"]
    asked: list[str] = []
    monkeypatch.setattr(await_job, "FlinkRest", lambda *urls: asked.extend(urls))
    monkeypatch.setattr(await_job, "await_job", lambda *_: "detection")
    assert await_job.main(last["args"]) == 0
    # The service that Flink makes for REST is called after the cluster.
    name = deployment(overlay)["metadata"]["name"]
    assert asked == [f"http://{name}-rest:8081"]


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
def test_senders_and_judge_share_one_clock(overlay):
    for manifest in jobs(overlay):
        labels = manifest["spec"]["template"]["metadata"]["labels"]
        terms = pod(manifest)["affinity"]["podAffinity"]
        (term,) = terms["requiredDuringSchedulingIgnoredDuringExecution"]
        assert term["topologyKey"] == "kubernetes.io/hostname"
        assert term["labelSelector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
def test_they_share_folders_at_the_same_place(overlay):
    generator, evaluation = jobs(overlay)
    (sends,), (judges,) = (pod(each)["containers"] for each in (generator, evaluation))
    (shows,) = pod(of_kind(built(overlay), "Deployment")["paystream-dashboard"])["containers"]
    assert placed(judges) == {
        f"{PROJECT}/shared": ("shared", True),
        f"{PROJECT}/replays": ("replays", True),
        f"{PROJECT}/runs": ("runs", True),
    }
    assert placed(sends) == {
        f"{PROJECT}/shared": ("shared", True),
        f"{PROJECT}/replays": ("replays", False),
    }
    assert placed(shows) == {
        f"{PROJECT}/runs": ("runs", False),
        f"{PROJECT}/replays": ("replays", False),
    }


@pytest.mark.parametrize("overlay", WITH_SIMULATION)
@pytest.mark.parametrize("job", [0, 1])
def test_the_client_file_is_made_of_template_and_password(overlay, job, tmp_path):
    manifest = jobs(overlay)[job]
    first = pod(manifest)["initContainers"][0]
    mounts = {each["name"]: each["mountPath"] for each in first["volumeMounts"]}
    folders = {}
    for name, place in mounts.items():
        folders[place] = tmp_path / name
        folders[place].mkdir()
    template = of_kind(built(overlay), "ConfigMap")["paystream-kafka-client"]["data"]
    (tmp_path / "kafka-template" / "client.properties").write_text(template["client.properties"])
    (tmp_path / "kafka-user" / "password").write_text("hunter2")
    (script,) = first["args"]
    for place, folder in folders.items():
        script = script.replace(place, str(folder))
    environment = {each["name"]: each["value"] for each in first["env"]}
    subprocess.run(
        [*first["command"], script], env={**os.environ, **environment}, check=True, timeout=20
    )
    file = tmp_path / "kafka-client" / "client.properties"
    assert file.stat().st_mode & 0o077 == 0
    made = read_client_file(file)
    user = environment["KAFKA_USER"]
    assert made == {
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "ssl.ca.location": "/etc/paystream/kafka-ca/ca.crt",
        "sasl.username": user,
        "sasl.password": "hunter2",
    }
    volumes = {each["name"]: each for each in pod(manifest)["volumes"]}
    assert volumes["kafka-user"]["secret"]["secretName"] == user
    # The client library knows each of them; only the file of the authority is not on this machine.
    admin_client("127.0.0.1:1", {k: v for k, v in made.items() if k != "ssl.ca.location"})


def test_modules_and_pages_that_are_started_are_there():
    for manifest in (*jobs("dev"), *of_kind(built("dev"), "Deployment").values()):
        spec = pod(manifest)
        for each in (*spec.get("initContainers", ()), *spec["containers"]):
            command = each["command"]
            if "-m" in command:
                module = command[command.index("-m") + 1]
                assert (ROOT / (module.replace(".", "/") + ".py")).is_file()
                assert each["workingDir"] == PROJECT
            for word in command:
                if word.startswith(PROJECT):
                    assert (ROOT / Path(word).relative_to(PROJECT)).is_file()
