"""Does a version stay only if it holds, and is the one before back otherwise?"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.workbench.deployment.cluster import NEW, OLD, Cluster
from workbench.console import Phases
from workbench.deployment.decision import Decision
from workbench.deployment.problems import DeploymentError, DeploymentRefused
from workbench.deployment.release import Order, Release

IMAGES = {"paystream/flink-job": NEW}


def release(cluster: Cluster, **order: Any) -> Release:
    given = {"images": IMAGES, "release": "abc", "seed": 7, "watch_s": 30.0, **order}
    return Release(
        Order(overlay=Path("staging"), **given),
        cluster,
        Phases(Console(quiet=True)),
        clock=cluster.clock,
        sleep=cluster.sleep,
    )


def run(cluster: Cluster, **order: Any) -> Decision:
    return release(cluster, **order).run()


def test_a_version_that_holds_stays() -> None:
    cluster = Cluster().with_old_version()
    decision = run(cluster)
    assert (decision.stays, decision.exit_code) == (True, 0)
    assert cluster.job["spec"]["image"] == NEW
    assert "initialSavepointPath" not in cluster.job["spec"]["job"]


def test_the_savepoint_lies_there_before_anything_is_changed() -> None:
    cluster = Cluster().with_old_version()
    under_way = release(cluster)
    under_way.run()
    assert cluster.done[0] == "apply FlinkStateSnapshot"
    assert under_way.savepoint == "s3://bucket/savepoint-1"
    snapshot = cluster.objects["FlinkStateSnapshot", "before-abc"]
    assert snapshot["spec"]["savepoint"] == {"disposeOnDelete": False}
    assert snapshot["spec"]["jobReference"]["name"] == "paystream-detection"


def test_the_simulation_runs_after_the_new_version_does_and_on_another_seed() -> None:
    cluster = Cluster().with_old_version()
    run(cluster)
    assert cluster.done.index("delete Job") < cluster.done.index("apply Job")
    assert cluster.done.index("apply FlinkDeployment") < cluster.done.index("apply Job")
    assert cluster.objects["ConfigMap", "paystream-simulation"]["data"]["SEED"] == "7"


@pytest.mark.parametrize(
    ("behaviour", "exit_code", "reason"),
    [
        ({"simulation_exits": 1}, 1, "the simulation failed"),
        ({"simulation_exits": 3}, 3, "inconclusive"),
        ({"simulation_exits": 137}, 3, "inconclusive"),
        ({"simulation_exits": None}, 3, "inconclusive"),
        ({"comes_to_run": False}, 1, "NoSuchFieldException"),
        ({"rolls_out": False}, 1, "paystream-dashboard"),
        ({"fails_when_watched": True}, 1, "after a failure: ValueError: no such rule"),
        ({"taken_up_when_watched": True}, 1, "took the job up anew"),
        ({"submitted_anew_when_watched": True}, 1, "started anew"),
    ],
)
def test_a_version_that_does_not_hold_makes_way_for_the_one_before(
    behaviour: dict[str, Any], exit_code: int, reason: str
) -> None:
    cluster = Cluster(**behaviour).with_old_version()
    decision = run(cluster)
    assert (decision.stays, decision.exit_code) == (False, exit_code)
    assert reason in decision.reason
    job = cluster.job["spec"]["job"]
    assert cluster.job["spec"]["image"] == OLD
    assert job["initialSavepointPath"] == "s3://bucket/savepoint-1"
    assert job["savepointRedeployNonce"] == 1
    assert ("Job", "paystream-evaluation") not in cluster.objects


def test_a_second_way_back_has_another_nonce() -> None:
    cluster = Cluster(simulation_exits=1).with_old_version()
    run(cluster)
    run(cluster)
    assert cluster.job["spec"]["job"]["savepointRedeployNonce"] == 2


def test_who_says_so_keeps_what_nobody_can_vouch_for() -> None:
    cluster = Cluster(simulation_exits=3).with_old_version()
    decision = run(cluster, keep_inconclusive=True)
    assert (decision.stays, decision.exit_code) == (True, 3)
    assert cluster.job["spec"]["image"] == NEW


def test_where_no_test_traffic_may_go_the_job_is_watched() -> None:
    cluster = Cluster(has_simulation=False).with_old_version()
    decision = run(cluster, watch_s=60.0)
    assert (decision.stays, decision.exit_code) == (True, 0)
    assert "without a restart; this overlay has no simulation" in decision.reason
    assert cluster.now_s >= 60.0
    restless = Cluster(has_simulation=False, fails_when_watched=True).with_old_version()
    decision = run(restless, watch_s=60.0)
    assert (decision.stays, decision.exit_code) == (False, 1)
    assert "no such rule" in decision.reason


@pytest.mark.parametrize("keep", [False, True])
def test_where_restarts_cannot_be_seen_and_nothing_else_was_tried_nobody_can_tell(
    keep: bool,
) -> None:
    cluster = Cluster(has_simulation=False, rest_answers=False).with_old_version()
    under_way = release(cluster, keep_inconclusive=keep)
    decision = under_way.run()
    assert (decision.stays, decision.exit_code) == (keep, 3)
    assert "restarts of the job were not seen (kubectl exec failed" in decision.reason
    assert "without a restart" not in decision.reason
    assert under_way.record()["restarts"].startswith("not seen: kubectl exec failed")


def test_where_restarts_cannot_be_seen_the_simulation_vouches_and_that_is_said() -> None:
    decision = run(Cluster(rest_answers=False).with_old_version())
    assert (decision.stays, decision.exit_code) == (True, 0)
    assert "the simulation passed; restarts of the job were not seen" in decision.reason
    assert "without a restart" not in decision.reason


def test_flink_is_asked_again_before_it_counts_as_unreadable() -> None:
    class Hesitant(Cluster):
        asked = 0

        def run_within(self, *given: Any) -> str:
            self.asked += 1
            if self.asked % 3:
                raise DeploymentError("kubectl exec failed: connection reset")
            return super().run_within(*given)

    under_way = release(Hesitant(has_simulation=False).with_old_version())
    assert under_way.run().exit_code == 0
    assert under_way.record()["restarts"] == "none"


@pytest.mark.parametrize("state", ["FAILED", "ABANDONED", "IN_PROGRESS"])
def test_without_its_savepoint_nothing_is_changed(state: str) -> None:
    cluster = Cluster(savepoint=state).with_old_version()
    with pytest.raises(DeploymentError, match="nothing was changed") as refused:
        run(cluster)
    assert refused.value.exit_code == 3
    assert cluster.done == ["apply FlinkStateSnapshot"]
    assert cluster.job["spec"]["image"] == OLD


def test_a_job_that_does_not_run_is_replaced_only_if_that_is_said() -> None:
    cluster = Cluster().with_old_version(job_state="FAILED")
    with pytest.raises(DeploymentRefused, match="--without-savepoint") as refused:
        run(cluster)
    assert refused.value.exit_code == 2
    assert cluster.done == []
    assert run(cluster, without_savepoint=True).stays


def test_the_first_version_has_none_before_it() -> None:
    cluster = Cluster()
    assert run(cluster).stays
    assert "apply FlinkStateSnapshot" not in cluster.done
    with pytest.raises(DeploymentError, match="none to go back to"):
        run(Cluster(simulation_exits=1))


def test_a_way_back_that_fails_is_said_with_the_savepoint() -> None:
    cluster = Cluster(simulation_exits=1, way_back_works=False).with_old_version()
    with pytest.raises(DeploymentError, match=r"WAY BACK FAILED.*s3://bucket/savepoint-1"):
        run(cluster)


def test_a_cluster_that_stops_answering_counts_against_the_version() -> None:
    class Gone(Cluster):
        def pods(self, job: str, _namespace: str) -> list[Any]:
            raise DeploymentError("kubectl get failed: connection refused")

    cluster = Gone().with_old_version()
    decision = run(cluster)
    assert (decision.stays, decision.exit_code) == (False, 3)
    assert cluster.job["spec"]["image"] == OLD


def test_an_overlay_without_its_judge_is_refused() -> None:
    with pytest.raises(DeploymentRefused, match="no Job another"):
        run(Cluster().with_old_version(), judge="another")


def test_an_image_that_the_overlay_does_not_run_is_said_and_kept() -> None:
    said = io.StringIO()
    images = {**IMAGES, "paystream/workbench": NEW}
    under_way = release(Cluster().with_old_version(), images=images)
    under_way.phases = Phases(Console(file=said, width=200))
    assert under_way.run().stays
    assert under_way.record()["unused_images"] == ["paystream/workbench"]
    assert "not run here: paystream/workbench" in said.getvalue()


def test_what_is_kept_says_what_was_done() -> None:
    under_way = release(Cluster(simulation_exits=1).with_old_version())
    under_way.run()
    record = under_way.record()
    assert record["savepoint"] == "s3://bucket/savepoint-1"
    assert (record["stays"], record["simulation"]) == (False, "fail")
    assert under_way.smoke_log == "PASS  everything"
