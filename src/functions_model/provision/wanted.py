"""From a spec to the resources that it asks for."""

from __future__ import annotations

from collections.abc import Mapping

from functions_model.core.blob_paths import parse_blob_path
from functions_model.core.spec import (
    Access,
    BlobTrigger,
    DeploymentSpec,
    HttpTrigger,
    ServiceBusQueueTrigger,
    Target,
    Trigger,
)
from functions_model.provision.access.roles import roles_for
from functions_model.provision.host import Host, Wanted
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.nouns import BlobData, QueueData, RegistryResource, place_of
from functions_model.provision.tags import tags_for


def wanted_for(
    spec: DeploymentSpec,
    image: str,
    registry: RegistryResource,
    host: Host,
    provenance: Mapping[str, str] | None = None,
) -> Wanted:
    """The resources that a deployment needs.

    Args:
        spec: Its `target` is set.
        image: What the app shall run, with its digest; any text while that is not known.
        registry: Where the image is pulled from.
        host: Where the app runs.
        provenance: OCI annotations that say which repository and commit the run is about, for tags.

    Raises:
        ValueError: The spec has no target, or the target lacks what the trigger works on: an error of the caller.
    """
    if spec.target is None:
        message = "a deployment needs a target"
        raise ValueError(message)
    target = spec.target
    data = _data(spec.trigger, target)
    return Wanted(
        target=target,
        host=host,
        image=image,
        registry=registry,
        roles=() if target.access is Access.KEYS else roles_for(target, registry, data),
        tags={**target.tags, **tags_for(provenance or {})},
        data=data,
        other_groups=_other_groups(target, host),
    )


def _other_groups(target: Target, host: Host) -> dict[str, str]:
    """Where to look for what is not in the target's group, by type and name."""
    named = {
        given: (kind.type, name_of(target.resources))
        for kind in kinds_of(host)
        for given, name_of in kind.named_by.items()
    }
    places = (
        (*named[given], target.resources.group_id_of(given, target.names)) for given in target.resources.other_groups
    )
    return {place_of(resource_type, name): group for resource_type, name, group in places if name}


def _data(trigger: Trigger, target: Target) -> BlobData | QueueData | None:
    match trigger:
        case HttpTrigger():
            return None
        case BlobTrigger():
            output = None if trigger.output_path is None else parse_blob_path(trigger.output_path)
            account = _given(target.resources.data_storage_account, "a blob trigger needs a storage account")
            return BlobData(account, parse_blob_path(trigger.input_path), output)
        case ServiceBusQueueTrigger():
            namespace = _given(target.resources.service_bus_namespace, "a queue trigger needs a namespace")
            return QueueData(namespace, target.service_bus_sku, trigger.input_queue, trigger.output_queue)


def _given(name: str | None, message: str) -> str:
    if name is None:
        raise ValueError(message)
    return name
