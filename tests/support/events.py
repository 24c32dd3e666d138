"""What happened in a run that never was: events for the tests of the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from functions_model.bundle.deployable import AppImage
from functions_model.core.references import Digest, ImageReference
from functions_model.core.spec import HttpTrigger
from functions_model.environment import EnvironmentRequest, Lock, PythonChoice
from functions_model.environment.locked_packages import LockedPackage
from functions_model.image.assembly import Base, assemble
from functions_model.image.configs import ImageConfig
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import LayerPlan, build_layer
from functions_model.image.manifests import OCI_LAYER_GZIP, OCI_MANIFEST, Descriptor, Manifest
from functions_model.pipeline.events import (
    AppVerified,
    BaseChosen,
    EnvironmentResolved,
    Event,
    ImageBuilt,
    ImagePushed,
    LayerOrigin,
    LayerReady,
    PlanApplied,
    PlanMade,
    ResourceWritten,
    StageEnded,
)
from functions_model.provision import Action, Applied, Change, FieldChange, Observed, ResourcePlan, Written
from functions_model.registry import BlobTransfer, How, PushedImage
from functions_model.verify import Verified
from support.wanted import wanted

if TYPE_CHECKING:
    from functions_model.image.assembly import Image

GREEN = Digest("sha256:" + "9" * 64)
OLDER = Digest("sha256:" + "8" * 64)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAN_LINK = "https://portal.azure.com/#resource/plan"


def image(folder: Path) -> Image:
    """Two small layers on a base of one."""
    config = {"os": "linux", "architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": [GREEN]}}
    below = Descriptor(OCI_LAYER_GZIP, GREEN, 1_300_000_000)
    base = Base(
        ImageReference("mcr.microsoft.com", "azure-functions/python", "4-python3.12"),
        GREEN,
        Manifest(OCI_MANIFEST, Descriptor("application/vnd.oci.image.config.v1+json", GREEN, 2), (below,)),
        ImageConfig(config),
    )
    layers = [
        build_layer(LayerPlan(name, FileTree.of([TreeFile(f"{name}/file", name.encode() * 100)])), folder)
        for name in ("dependencies", "model")
    ]
    return assemble(base, layers, env={}, labels={})


def built(folder: Path) -> ImageBuilt:
    """The image, and where it goes."""
    made = image(folder)
    reference = ImageReference("contoso.azurecr.io", "package", "1.0", made.digest)
    return ImageBuilt(made, AppImage(reference, "0" * 32, ("score", "identity"), HttpTrigger()))


def changes(*actions: Action) -> ResourcePlan:
    """A plan with a change for each action, in turn of a plan, an account and an app."""
    made = (
        Change("plan", "iris-plan", actions[0], (FieldChange("sku", "EP1", "EP2"),), link=PLAN_LINK),
        Change("storage account", "iris0001", actions[1], (FieldChange("sku", None, "Standard_LRS"),)),
        Change("function app", "iris", actions[2], (FieldChange("image", "a|b", "c"),), "it is used as it is"),
    )
    return ResourcePlan(made, wanted(), Observed())


def deployment(folder: Path) -> list[Event]:
    """A deployment that went well."""
    made = built(folder)
    plan = changes(Action.UPDATE, Action.CREATE, Action.KEEP)
    request = EnvironmentRequest(Path("conda.yml"), "3.12", (), warnings=("The channel `x` was left aside.",))
    lock = Lock("six==1.17.0\n", GREEN, (LockedPackage("six", "1.17.0", ()),), request, "linux")
    blobs = [
        BlobTransfer("base layer 1", GREEN, 1_300_000_000, How.MOUNTED),
        *(
            BlobTransfer(layer.name, layer.digest, layer.size, how)
            for layer, how in zip(made.image.layers, (How.PRESENT, How.SENT), strict=True)
        ),
    ]
    written = tuple(Written(change, 1.5) for change in plan.changes[:2])
    dependencies, model = made.image.layers
    return [
        StageEnded("Check", 0.01, succeeded=True),
        EnvironmentResolved(request, PythonChoice("3.12", "the environment file asks for it"), lock),
        BaseChosen(made.image.base, NOW - timedelta(days=34), before=OLDER),
        LayerReady(replace(dependencies, repository="functions-model/cache"), LayerOrigin.FOUND, 0.0),
        LayerReady(model, LayerOrigin.SENT, 21.3),
        made,
        StageEnded("Build the image", 12.5, succeeded=True),
        PlanMade(plan),
        ImagePushed(PushedImage(made.app.reference, tuple(blobs), 4200, 9, manifest_written=True)),
        *(ResourceWritten(one) for one in written),
        PlanApplied(Applied(written, plan.changes[2:], seconds=21.0)),
        AppVerified(
            Verified(
                functions=("identity", "score"),
                scoring_url="https://iris.azurewebsites.net/api/score",
                answer='{"class": "setosa"}',
                attempts=3,
                seconds=42.0,
                app_url="https://iris.azurewebsites.net",
                host_version="4.1",
                scored=True,
            )
        ),
        StageEnded("Verify", 185.0, succeeded=True),
    ]
