"""What changes of manifests with a release, and what of a live object is given back?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.deployment import workflows
from tests.k8s.conftest import OVERLAYS, built
from tests.workbench.deployment.cluster import NEW, manifest, overlay
from workbench.deployment.manifests import (
    as_it_was_given,
    flink_deployment,
    restored,
    with_images,
    with_seed,
)
from workbench.deployment.observed import Observed
from workbench.deployment.problems import DeploymentRefused


def containers(*images: str) -> dict[str, Any]:
    pod = {"containers": [{"name": str(n), "image": image} for n, image in enumerate(images)]}
    return {"template": {"spec": pod}}


def test_an_image_is_replaced_wherever_it_stands_and_whatever_its_registry() -> None:
    given = [
        *overlay(),
        manifest("Job", "j", spec=containers("paystream/flink-job", "a/paystream/flink-job:1")),
    ]
    found = json.dumps(with_images(given, {"paystream/flink-job": NEW})[0])
    assert found.count(NEW) == 3
    assert "0.1.0" not in found


def test_another_image_of_a_name_that_ends_alike_stays() -> None:
    given = [manifest("Job", "j", spec=containers("b/my-paystream/flink-job:1", NEW))]
    found = json.dumps(with_images(given, {"paystream/flink-job": NEW})[0])
    assert "b/my-paystream/flink-job:1" in found


@pytest.mark.parametrize("image", ["paystream/flink-job:0.1.0", "x@sha256:abc", "x:latest"])
def test_an_image_without_digest_is_refused(image: str) -> None:
    with pytest.raises(DeploymentRefused, match="by digest"):
        with_images(overlay(), {"paystream/flink-job": image})


def test_a_misspelt_image_is_refused() -> None:
    with pytest.raises(DeploymentRefused, match="paystream/flink-jobs: no manifest"):
        with_images(overlay(), {"paystream/flink-jobs": NEW})


def test_an_image_of_the_project_that_the_overlay_does_not_run_is_left_out_and_named() -> None:
    images = {"paystream/flink-job": NEW, "paystream/workbench": NEW}
    found, unused = with_images(overlay(), images)
    assert unused == ["paystream/workbench"]
    assert json.dumps(found).count(NEW) == 1


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_overlay_takes_all_images_that_are_built(name: str) -> None:
    """As `tools/deploy.sh` hands them on: the names are those of the workflow `image`."""
    images = {
        built_name: f"ghcr.io/somebody/{built_name}@sha256:{'2' * 64}"
        for built_name in workflows.built_images()
    }
    given = built(name)
    found, unused = with_images(given, images)
    job = flink_deployment(found)
    assert job["spec"]["image"] == images["paystream/flink-job"]
    runs_the_workbench = "paystream/workbench" in json.dumps(given)
    assert unused == ([] if runs_the_workbench else ["paystream/workbench"])


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_overlay_refuses_a_misspelt_image(name: str) -> None:
    with pytest.raises(DeploymentRefused, match="paystream/work-bench: no manifest"):
        with_images(built(name), {"paystream/flink-job": NEW, "paystream/work-bench": NEW})


def test_only_the_simulation_s_seed_changes() -> None:
    other = manifest("ConfigMap", "other", data={"SEED": "1"})
    given = [*overlay(), other]
    found = with_seed(given, 42)
    assert found[0]["data"] == {"SEED": "42", "SCENARIO": "geo_jump"}
    assert found[-1] == other
    assert given[0]["data"]["SEED"] == "1"


def test_what_the_cluster_added_is_not_given_back() -> None:
    live = manifest("ConfigMap", "x", data={"a": "b"}, status={"seen": True})
    live["metadata"] |= {
        "uid": "u",
        "resourceVersion": "7",
        "generation": 3,
        "managedFields": [{}],
        "labels": {"k": "v"},
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "mine": "1"},
    }
    found = as_it_was_given(live)
    assert "status" not in found
    assert found["metadata"].keys() == {"name", "namespace", "labels", "annotations"}
    assert found["metadata"]["annotations"] == {"mine": "1"}
    assert live["metadata"]["uid"] == "u"


def test_without_a_savepoint_the_job_goes_on_with_what_it_has() -> None:
    job = restored(flink_deployment(overlay()), None, 5)["spec"]["job"]
    assert "savepointRedeployNonce" not in job


@pytest.mark.parametrize("count", [0, 2])
def test_one_job_is_expected(count: int) -> None:
    jobs = [manifest("FlinkDeployment", str(n)) for n in range(count)]
    with pytest.raises(DeploymentRefused, match=f"has {count} FlinkDeployments"):
        flink_deployment(jobs)


# What the operator says


def observed(generation: int, **status: Any) -> Observed:
    live = flink_deployment(overlay())
    live["metadata"]["generation"] = generation
    live["status"] = {
        "lifecycleState": "STABLE",
        "jobStatus": {"state": "RUNNING", "jobId": "j"},
        **status,
    }
    return Observed.of(live)


def test_a_sound_job_of_the_specification_before_is_not_settled() -> None:
    assert observed(2, observedGeneration=2).is_settled
    assert not observed(2, observedGeneration=1).is_settled


def test_an_older_operator_keeps_the_generation_as_text() -> None:
    kept = json.dumps({"resource_metadata": {"metadata": {"generation": 2}}})
    status = {"reconciliationStatus": {"lastReconciledSpec": kept}}
    assert observed(2, **status).is_settled
    assert not observed(3, **status).is_settled


def test_a_job_that_the_operator_has_not_seen_is_not_settled() -> None:
    live = flink_deployment(overlay())
    assert not Observed.of(live).is_settled
    assert "not seen" in Observed.of(live).words


@pytest.mark.parametrize("lifecycle", ["FAILED", "ROLLED_BACK"])
def test_a_lost_job_is_waited_for_no_longer(lifecycle: str) -> None:
    assert observed(1, observedGeneration=1, lifecycleState=lifecycle).is_lost
    assert not observed(2, observedGeneration=1, lifecycleState=lifecycle).is_lost
