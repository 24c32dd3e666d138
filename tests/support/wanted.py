"""A deployment to plan in unit tests, without files."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from functions_model.core.names import Names, Resources
from functions_model.core.references import Digest, ImageReference
from functions_model.core.secrets import Secret
from functions_model.core.spec import (
    BlobTrigger,
    Code,
    DeploymentSpec,
    HttpTrigger,
    ImageTarget,
    Mode,
    OnPlan,
    RemovalSpec,
    ServiceBusQueueTrigger,
    Target,
)
from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.provision import RegistryResource, wanted_for
from support.fake_arm import SUBSCRIPTION

if TYPE_CHECKING:
    from functions_model.core.spec import Trigger
    from functions_model.provision import Wanted

REGISTRY = RegistryResource(
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shared/providers/Microsoft.ContainerRegistry/registries/contoso",
    "contoso.azurecr.io",
)
TARGET = Target(
    names=Names(SUBSCRIPTION, "iris-rg", "iris"),
    location="westeurope",
    resources=Resources("iris-plan", "irisstorage", "iris-identity"),
    hosting=OnPlan("EP1"),
    app_settings={"GREETING": Secret("good morning")},
)


HTTP = HttpTrigger()
BLOB = BlobTrigger("input/{name}.json", "output/{name}_out.json")
QUEUE = ServiceBusQueueTrigger("orders", "answers")


Named = TypeVar("Named", Target, RemovalSpec)
_PARTS = {
    "names": {
        "subscription_id": "subscription",
        "resource_group": "group",
        "app_name": "app",
        "slot_name": "candidate",
    },
    "resources": {
        "plan_name": "plan",
        "identity_name": "identity",
        **{one.name: one.name for one in fields(Resources) if one.name not in {"plan", "identity"}},
    },
    "hosting": {"swap": "swap", **{f"plan_{one.name}": one.name for one in fields(OnPlan)}},
}


def changed(noun: Named, **changes: Any) -> Named:
    """A target, or a removal, with other values; names are given as inputs have them."""
    parts = {}
    for part, names in _PARTS.items():
        if given := {names[name]: changes.pop(name) for name in list(changes) if name in names}:
            parts[part] = replace(getattr(noun, part), **given)
    return replace(noun, **parts, **changes)


def spec_for(registry: RegistryResource = REGISTRY, trigger: Trigger = HTTP, **target: Any) -> DeploymentSpec:
    """A deployment; keywords change its target."""
    root = Path("/workspace")
    return DeploymentSpec(
        mode=Mode.DEPLOY,
        workspace=root,
        models=(),
        code=Code(root / "score.py", root, "score.py"),
        environment_file=None,
        python_version=None,
        base_image=None,
        trigger=trigger,
        image=ImageTarget(registry.login_server, "package"),
        login=None,
        target=changed(TARGET, **{**_of_trigger(trigger), **target}),
        sample_request=None,
        verify_timeout=60,
    )


def _of_trigger(trigger: Trigger) -> dict[str, Any]:
    """What the inputs derive for a trigger."""
    match trigger:
        case BlobTrigger():
            return {"data_storage_account": "irisdata"}
        case ServiceBusQueueTrigger():
            return {"service_bus_namespace": "iris-bus"}
        case HttpTrigger():
            return {}


def wanted(digit: str = "a", registry: RegistryResource = REGISTRY, trigger: Trigger = HTTP, **target: Any) -> Wanted:
    """What a deployment wants; `digit` makes the image, keywords change the target."""
    image = ImageReference(registry.login_server, "package", "1", Digest(f"sha256:{digit * 64}"))
    return wanted_for(spec_for(registry, trigger, **target), image.pinned, registry, APP_SERVICE)
