"""An image that is in another registry, or another repository: the app's registry takes it from there by itself.

Whether it must is known before anything is planned, as the image's label has to be read where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions_model.azure.finishing import finished
from functions_model.core.references import ImageReference
from functions_model.core.secrets import RegistryLogin
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.host import Kind, Wanted, Writing
from functions_model.provision.observed import Observed, Piece
from functions_model.provision.places import subscription_in

KIND = "image import"
RIGHT = "Microsoft.ContainerRegistry/registries/importImage/action"
IMPORTER = "Container Registry Data Importer and Data Reader"
"""The least built-in role with that right: learn.microsoft.com/azure/role-based-access-control/built-in-roles."""


@dataclass(frozen=True, slots=True)
class ImageElsewhere(Piece):
    """The image is not where the app pulls it from, but in another place.

    Attributes:
        source: The image there, with its digest.
        registry_id: ARM id of its registry; empty for one that no subscription of the login has.
        target: What it is called once it is imported: `repository:tag`.
        login: For its registry alone; None where that is read with the login's rights, or by anybody.
    """

    source: ImageReference
    registry_id: str
    target: str
    login: RegistryLogin | None = None


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Import it, where the registry does not have it."""
    given = observed.of(ImageElsewhere)
    if given is None:
        return ()
    source = FieldChange("from", None, f"{given.source.registry}/{given.source.repository}")
    reason = f"`{wanted.registry.login_server}/{given.target.partition(':')[0]}` does not have it"
    return (Change(KIND, wanted.image, Action.CREATE, (source,), reason),)


def key(wanted: Wanted) -> str:
    """What depends on the image waits for it."""
    return key_of(KIND, wanted.image)


def write(writing: Writing, observed: Observed) -> None:
    """Have the registry import it, and wait for it as long as that takes: no byte of it crosses us."""
    given, registry = observed.of(ImageElsewhere), writing.wanted.registry
    if given is None:
        raise TypeError("there is nothing to import")
    parameters = parameters_for(given.source, given.target, given.registry_id, given.login)
    there = writing.clients.of(subscription_in(registry.id))
    finished(there.registries.registries.begin_import_image(*place_in_azure(registry.id), parameters))


def parameters_for(
    source: ImageReference, target: str, registry_id: str = "", login: RegistryLogin | None = None
) -> Any:
    """By digest, so that it is the very image that was looked at, whatever its tag means by then.

    Args:
        source: The image, with its digest.
        target: `repository:tag`.
        registry_id: ARM id of its registry, which is read with the login's own rights; empty: as anybody reads it.
        login: For its registry alone, in place of the id.
    """
    from azure.mgmt.containerregistry import models  # noqa: PLC0415 - a run that needs no Azure must start fast

    asked = models.ImportSource(source_image=source.pinned.partition("/")[2])
    if registry_id:
        asked.resource_id = registry_id
    else:
        asked.registry_uri = source.registry
    if login:
        password = login.password.reveal()
        asked.credentials = models.ImportSourceCredentials(username=login.username, password=password)
    # Force: two runs may import the same image at the same time, and the second must not fail for it.
    return models.ImportImageParameters(source=asked, target_tags=[target], mode="Force")


def place_in_azure(resource_id: str) -> tuple[str, str]:
    """Resource group and name."""
    parts = resource_id.strip("/").split("/")
    return parts[3], parts[-1]


IMAGE_IMPORT = Kind(name=KIND, difference=difference, write=write)
