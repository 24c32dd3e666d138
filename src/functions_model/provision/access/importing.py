"""Lets an Azure Container Registry fetch a base image by itself, so that no byte of it crosses this machine."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from azure.core.exceptions import AzureError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.core.cancel import CANCEL
from functions_model.core.references import ImageReference
from functions_model.provision.nouns import RegistryResource

LONGEST = 600.0
"""Seconds. A base of a gigabyte takes well under a minute; streaming it through this machine takes less than this."""


def import_base(
    clients: AzureClients,
    registry: RegistryResource,
    source: ImageReference,
    target: str,
    *,
    report: Callable[[str], None] = lambda _: None,
    longest: float = LONGEST,
) -> bool:
    """Have a registry import an image from another one.

    Needs the right `Microsoft.ContainerRegistry/registries/importImage/action` on the registry (role Contributor, or
    Container Registry Data Importer and Data Reader), which AcrPush does not hold.

    Args:
        clients: Of the registry's subscription.
        registry: Where the image goes.
        source: The image, with its digest; its registry is a public one, or one that the login may read.
        target: `repository:tag`; a tag of that name is written over.
        report: Told why it was not possible.
        longest: Seconds to wait for the service.

    Returns:
        False when the right is missing, when Azure cannot read the source, or when the service refuses or takes too
        long: the image can be sent in another way.

    Raises:
        ValueError: The source has no digest: an error of the caller.
    """
    parameters = _parameters(source, target)
    place = f"`{registry.login_server}/{target}`"
    try:
        with CANCEL.work(f"the import of {place}"):
            poller = clients.registries.registries.begin_import_image(*_names(registry.id), parameters)
        poller.wait(longest)
        if not poller.done():
            report(f"{place} was not imported: the service took more than {longest:.0f} seconds.")
            return False
        poller.result()
    except AzureError as exc:
        report(f"{place} was not imported: {explain(exc, f'import {place}').reason}.")
        return False
    return True


def _parameters(source: ImageReference, target: str) -> Any:
    """By digest, so that it is the very image that was looked at, whatever its tag means by then."""
    from azure.mgmt.containerregistry.models import ImportImageParameters, ImportSource

    image = source.pinned.partition("/")[2]
    asked = ImportSource(registry_uri=source.registry, source_image=image)
    # Force: two runs may import the same base at the same time, and the second must not fail for it.
    return ImportImageParameters(source=asked, target_tags=[target], mode="Force")


def _names(resource_id: str) -> tuple[str, str]:
    """Resource group and name."""
    parts = resource_id.strip("/").split("/")
    return parts[3], parts[-1]
