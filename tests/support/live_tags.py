"""Live tags in the sandbox's registry, read by plain requests."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from typing import TYPE_CHECKING

from azure_sandbox.sandbox import REGISTRY
from support.registry_sandbox import signed_in_reader

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployer import Deployer


def tag_of_id(resource_id: str) -> str:
    """The live tag of an app, or of a slot, by its ARM id."""
    return f"live-{hashlib.sha256(resource_id.lower().encode()).hexdigest()[:12]}"


def tag_of(deployer: Deployer, slot: str = "") -> str:
    """The live tag of the app, or of one of its slots."""
    group = f"/subscriptions/{deployer.sandbox.subscription_id}/resourcegroups/{deployer.group}"
    return tag_of_id(f"{group}/providers/Microsoft.Web/sites/{deployer.app}{f'/slots/{slot}' if slot else ''}")


def live_digest(deployer: Deployer, slot: str = "", repository: str = "package") -> str | None:
    """What the live tag of the app, or of one of its slots, means; None when there is none."""
    return signed_in_reader(deployer.sandbox).digest(repository, tag_of(deployer, slot))


def _place(sandbox: Sandbox, repository: str, registry: str) -> Path:
    return sandbox.endpoints.ca_file.parents[1] / "registries" / registry / "repositories" / repository


def drop_repository(sandbox: Sandbox, repository: str, registry: str = REGISTRY) -> None:
    """Have the registry forget it, and all that it has said of itself."""
    shutil.rmtree(_place(sandbox, repository, registry))


def age(sandbox: Sandbox, repository: str, days: int, registry: str = REGISTRY) -> None:
    """Make all that is in a repository so old, if it is younger; the order stays."""
    place = _place(sandbox, repository, registry)
    then = time.time() - days * 86400
    files = sorted((place / "_manifests").glob("*"), key=lambda file: file.stat().st_mtime)
    for number, file in enumerate(files):
        if file.stat().st_mtime > then:
            os.utime(file, (then + number, then + number))
