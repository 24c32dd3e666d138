"""What happens in a run, as frozen nouns, told in order as it happens."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from functions_model.bundle.deployable import AppImage
    from functions_model.core.references import Digest
    from functions_model.core.registered import RegisteredAsset
    from functions_model.core.spec import DeploymentSpec, Model
    from functions_model.environment import EnvironmentRequest, Lock, PythonChoice
    from functions_model.image.assembly import Base, Image
    from functions_model.image.layers import Layer
    from functions_model.provision import Applied, Change, ResourcePlan, Written
    from functions_model.provision.removal import RemovalPlan
    from functions_model.registry import PushedImage
    from functions_model.verify import Verified


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. Each event is told once, as soon as it is known."""


@dataclass(frozen=True, slots=True)
class StageEnded(Event):
    """A part of the story is over.

    Attributes:
        title: What was done: "Build the image".
        seconds: Wall time.
        succeeded: False when it raised.
    """

    title: str
    seconds: float
    succeeded: bool


@dataclass(frozen=True, slots=True)
class ModelFetched(Event):
    """A registered model is on this machine.

    Attributes:
        asset: As it was asked for.
        model: As it was found.
    """

    asset: RegisteredAsset
    model: Model


@dataclass(frozen=True, slots=True)
class EnvironmentResolved(Event):
    """The dependencies are known to the last version."""

    request: EnvironmentRequest
    python: PythonChoice
    lock: Lock


@dataclass(frozen=True, slots=True)
class BaseChosen(Event):
    """The base image is known, pinned by digest.

    Attributes:
        base: What it is.
        created: When it was built, as it says itself; None when it does not.
        before: The digest of the base that this repository's last image was built on; None when there is none.
        newer: The digest that the base's tag means now, where the user pinned another; None when nothing is newer.
    """

    base: Base
    created: datetime | None = None
    before: Digest | None = None
    newer: Digest | None = None


class LayerOrigin(enum.StrEnum):
    """How a layer came to be in this run."""

    FOUND = "found"
    """The registry has it from an earlier run, under its key. Nothing was installed, read or packed."""
    PACKED = "packed"
    """Packed here; sent later, if the registry lacks it."""
    SENT = "sent"
    """Packed, hashed and sent in one pass."""


@dataclass(frozen=True, slots=True)
class LayerReady(Event):
    """A layer is known to the last byte.

    Attributes:
        layer: The layer.
        origin: How it came to be.
        seconds: Wall time; that of layers beside it runs at the same time.
    """

    layer: Layer
    origin: LayerOrigin
    seconds: float


@dataclass(frozen=True, slots=True)
class EngineRan(Event):
    """A container engine has built the part of the image that is below the app.

    Attributes:
        base: What it started from: a reference, or the user's own Dockerfile.
        apt_packages: Debian packages that it installed.
        layers: How many layers are new.
        size: Their bytes, as they are sent.
        seconds: Wall time.
    """

    base: str
    apt_packages: tuple[str, ...]
    layers: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Attached(Event):
    """Something was attached to the image, which its manifest does not know of.

    Attributes:
        what: For people: `bill of materials`.
        digest: Of its content.
        size: Bytes of its content.
    """

    what: str
    digest: Digest
    size: int


@dataclass(frozen=True, slots=True)
class ContextWritten(Event):
    """A Dockerfile and its context are in a folder.

    Attributes:
        folder: Relative to the workspace.
        base: What the Dockerfile starts from.
    """

    folder: Path
    base: str


@dataclass(frozen=True, slots=True)
class ImageBuilt(Event):
    """The image is known to the last byte. Nothing of it can be seen in the registry yet.

    Attributes:
        app: The same as a deployment sees it: where it goes, and what is to be verified.
    """

    image: Image
    app: AppImage


@dataclass(frozen=True, slots=True)
class ImageFound(Event):
    """An image that was made before is deployed, and its label was read.

    Attributes:
        app: Where the app pulls it from, and what is to be verified.
        spec: The whole spec, with what the label decides.
        imported_from: Where the registry takes it from, without the digest; empty when it has it already.
    """

    app: AppImage
    spec: DeploymentSpec
    imported_from: str = ""


@dataclass(frozen=True, slots=True)
class TagFound(Event):
    """The tag that was asked for is there, and points to another image.

    Attributes:
        tag: As the user gave it.
        before: The digest that it means until it is moved.
    """

    tag: str
    before: Digest


@dataclass(frozen=True, slots=True)
class AheadBegun(Event):
    """Resources are being made that need not wait for the image, told in the plan's order."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class PlanBegun(Event):
    """The difference between what is wanted and what is there, before anything is written: any image counts as new."""

    plan: ResourcePlan


@dataclass(frozen=True, slots=True)
class PlanMade(Event):
    """The same with the image; `begun` is the plan without it, where there was one."""

    plan: ResourcePlan
    begun: ResourcePlan | None = None


@dataclass(frozen=True, slots=True)
class RemovalPlanned(Event):
    """What a removal would do."""

    plan: RemovalPlan


@dataclass(frozen=True, slots=True)
class ImagePushed(Event):
    """The image is in the registry, tag and all."""

    pushed: PushedImage


@dataclass(frozen=True, slots=True)
class ResourceWritten(Event):
    """One change of the plan was made."""

    written: Written


@dataclass(frozen=True, slots=True)
class PlanApplied(Event):
    """The resources are as wanted."""

    applied: Applied


@dataclass(frozen=True, slots=True)
class AppVerified(Event):
    """The app runs this build, and `init()` has returned in it, if that could be seen.

    Attributes:
        candidate: Its candidate that answers; empty for the app itself.
    """

    verified: Verified
    candidate: str = ""


@dataclass(frozen=True, slots=True)
class Moved(Event):
    """A candidate and its app run in each other's place; with `back`, an earlier move was taken back."""

    written: Written
    back: bool = False


@dataclass(frozen=True, slots=True)
class UndoBegun(Event):
    """The app is not live, and the run rolls it back to the image that ran before."""

    image: str


@dataclass(frozen=True, slots=True)
class UndoEnded(Event):
    """What became of the rollback.

    Attributes:
        story: In whole sentences for people.
        serves: Whether what ran before is live again, as far as that can be seen.
    """

    story: str
    serves: bool = False


@dataclass(frozen=True, slots=True)
class AppOvertaken(Event):
    """Somebody else has deployed to the app while this run did: what it runs is theirs."""

    image: str


@dataclass(frozen=True, slots=True)
class RunStopped(Event):
    """A signal has ended the run. Of the work in `begun`, for people ("the plan `p`"), the end is not known."""

    begun: tuple[str, ...] = ()
