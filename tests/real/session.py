"""One run of these checks: what is made before the first of them, and removed after the last."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from arm import Arm
from az import Az
from group import Group
from hosts import DockerHosts, engine
from login import credential_for
from recording import Recording
from stand_in import StandInHosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.core.credentials import TokenCredential

    from hosts import Hosts
    from target import Target

    Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Azure:
    """An Azure, a login there, and a resource group for this run alone.

    Attributes:
        target: Where.
        credential: The login.
        arm: Resource Manager, as the same.
        az: The real az, as the same.
        group: Of this run.
        work: A folder for whatever.
        versions: Takes the versions of what is judged.
    """

    target: Target
    credential: TokenCredential
    arm: Arm
    az: Az
    group: Group
    work: Path
    versions: dict[str, str]


HOSTS = pytest.StashKey["Hosts"]()
AZURE = pytest.StashKey[Azure]()
RECORDING = pytest.StashKey[Recording]()


@contextmanager
def opened_hosts(target: Target | None, images: tuple[str, str], *, pull: bool, say: Say) -> Iterator[Hosts]:
    """Functions hosts: of Microsoft's image, or, with a sandbox for a target, of its stand-in.

    Args:
        target: A sandbox; None for Microsoft's image.
        images: The base image, and Azurite's.
        pull: Whether to get these two from their registry.
        say: Told about slow steps.
    """
    with ExitStack() as closing:
        docker = closing.enter_context(engine())
        if target is None:
            for image in images if pull else ():
                say(f"Pulling {image} ...")
                docker.images.pull(image)
            yield closing.enter_context(DockerHosts(docker, *images))
            return
        arm = Arm(target, credential_for(target))
        group = closing.enter_context(Group(arm, target.location, say))
        yield closing.enter_context(StandInHosts(target, arm, group, docker))


@contextmanager
def opened_azure(target: Target, run: str, versions: dict[str, str], say: Say) -> Iterator[Azure]:
    """An Azure, with a resource group that is removed at the end, whatever happens."""
    credential = credential_for(target)
    with tempfile.TemporaryDirectory(prefix="real-") as folder:
        az, arm = Az(target, Path(folder, "az")), Arm(target, credential)
        with Group(arm, target.location, say, run) as group:
            yield Azure(target, credential, arm, az, group, Path(folder), versions)
