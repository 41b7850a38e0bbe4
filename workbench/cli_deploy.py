"""`paystream deploy`: a version onto a cluster, judged there, and back if it does not hold."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from generator.whole_file import write_whole
from workbench.console import Phases, make_console
from workbench.deployment.kubectl import Kubectl
from workbench.deployment.problems import DeploymentRefused
from workbench.deployment.release import Order, Release
from workbench.revision import resolve

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def deploy(
    overlay: Annotated[Path, typer.Argument(help="Folder of an overlay, k8s/overlays/…")],
    image: Annotated[
        list[str] | None,
        typer.Option(help="NAME=REGISTRY/NAME@sha256:…; repeatable. Else: as the overlay says."),
    ] = None,
    release: Annotated[
        str | None, typer.Option(help="Name of the version.", show_default="the commit")
    ] = None,
    kubectl: Annotated[
        str, typer.Option(help="Command, e.g. 'kubectl --context staging'.")
    ] = "kubectl",
    judge: Annotated[
        str, typer.Option(help="Job of the overlay whose exit code is the verdict.")
    ] = "paystream-evaluation",
    seed: Annotated[
        int | None, typer.Option(min=1, help="Of the simulation.", show_default="by the time")
    ] = None,
    without_savepoint: Annotated[
        bool, typer.Option("--without-savepoint", help="Replace a job that does not run.")
    ] = False,
    keep_inconclusive: Annotated[
        bool,
        typer.Option("--keep-inconclusive", help="A version that nobody can vouch for stays."),
    ] = False,
    watch_s: Annotated[float, typer.Option(min=0, help="Watch the job for so long, s.")] = 120.0,
    settle_timeout_s: Annotated[float, typer.Option(min=1, help="Until it runs, s.")] = 900.0,
    smoke_timeout_s: Annotated[
        float, typer.Option(min=1, help="Until the simulation is judged, s.")
    ] = 3_600.0,
    out: Annotated[
        Path | None, typer.Option(help="Folder for record.json and the simulation's log.")
    ] = None,
) -> None:
    """Savepoint, apply, simulate, watch; roll back if it does not hold.

    Exit codes: 0 it holds; 1 it does not, and the version before runs again; 2 wrong usage, nothing
    was changed; 3 nobody can tell.
    """
    if not (overlay / "kustomization.yaml").exists():
        raise DeploymentRefused(f"no kustomization.yaml in {overlay}")
    name = release or resolve("HEAD")[:12]
    if not _NAME.fullmatch(name):
        raise DeploymentRefused(f"--release: {name!r} is no name for Kubernetes (a-z, 0-9, -)")
    order = Order(
        overlay=overlay,
        images=_images(image or []),
        # The same version can be brought there twice: each has a savepoint of its own.
        release=f"{name}-{time.time_ns() // 1_000_000_000:x}",
        seed=seed or time.time_ns() // 1_000_000_000 % 2_000_000_000,
        judge=judge,
        without_savepoint=without_savepoint,
        keep_inconclusive=keep_inconclusive,
        settle_timeout_s=settle_timeout_s,
        smoke_timeout_s=smoke_timeout_s,
        watch_s=watch_s,
    )
    console = make_console()
    console.print(f"[bold]deploy[/] {name} to {overlay.name}")
    under_way = Release(order, Kubectl(kubectl), Phases(console))
    try:
        decision = under_way.run()
    finally:
        # Most of all where a person has to mend it by hand: it says where the savepoint lies.
        if out is not None:
            _keep(under_way, out)
    what = "stays" if decision.stays else "was rolled back"
    console.print(f"{name} {what}: {decision.reason}", soft_wrap=True)
    raise typer.Exit(decision.exit_code)


def _keep(under_way: Release, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    record = msgspec.json.encode(under_way.record())
    write_whole(out / "record.json", msgspec.json.format(record, indent=2))
    write_whole(out / "simulation.log", under_way.smoke_log.encode())


def _images(pairs: list[str]) -> dict[str, str]:
    images = {}
    for pair in pairs:
        name, equals, image = pair.partition("=")
        if not equals or not name or not image:
            raise DeploymentRefused(f"--image: {pair!r} is not NAME=IMAGE")
        images[name] = image
    return images


COMMANDS: Final[tuple[Callable[..., None], ...]] = (deploy,)
