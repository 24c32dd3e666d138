"""A registered model, as files on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from functions_model.azureml.access import StorageAccess
from functions_model.azureml.datastores import find_blobs
from functions_model.azureml.listing import last_part
from functions_model.azureml.locations import BlobPath, DatastorePath, UnknownLocation, parse_model_uri
from functions_model.azureml.progress import Progress, shown
from functions_model.azureml.refusals import refused
from functions_model.azureml.transfer import Transfer
from functions_model.azureml.transfer_settings import TransferSettings
from functions_model.azureml.versions import MODEL, find_version
from functions_model.core.failures import PlanRefused, Problem
from functions_model.core.spec import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from azure.core.credentials import TokenCredential

    from functions_model.azure.clients import AzureClients
    from functions_model.azureml.versions import AssetVersion
    from functions_model.core.registered import RegisteredAsset

_AS_USUAL = TransferSettings()


def download_model(
    asset: RegisteredAsset,
    clients: AzureClients,
    folder: Path,
    *,
    report: Callable[[str], None] = lambda _: None,
    mask: Callable[[str], None] = lambda _: None,
    credential: TokenCredential | None = None,
    settings: TransferSettings = _AS_USUAL,
    options: Mapping[str, Any] | None = None,
) -> Model:
    """Fetch a registered model's files into `folder/<name>/<version>/`.

    Args:
        asset: Which model, and in which workspace.
        clients: For Resource Manager.
        folder: Files go below it; a model that is there already is fetched again.
        report: Takes a line: what is fetched, how far it is, what is odd.
        mask: Takes each key or signature before it is used.
        credential: Reads the files with the login's own rights on the storage account. Without it, or when they are
            not enough, the key or signature that the workspace keeps for its datastore is asked for.
        settings: How many pieces at once, how often again.
        options: More keyword arguments for the storage client, such as `connection_verify`.

    Returns:
        The model with the version that `@latest` meant. Its path is the file or folder that was registered.

    Raises:
        PlanRefused: The workspace, the model, the version or its files are not there, or may not be read.
        BundleFailed: The transfer broke off, the content is not what was listed, or the disk is full.
        LoginFailed: No token for storage could be had.
    """
    version = find_version(asset, MODEL, clients)
    named = f"azureml:{asset.name}:{version.version}"
    action = f"download the model `{named}`"
    if version.is_archived:
        report(f"Note: the model `{named}` is archived in `{asset.workspace.name}`. It is used all the same.")
    place, datastore = _place(asset, version, clients, action)
    access = StorageAccess(clients, credential, mask, settings, options or {})
    client, files = access.open(place, datastore, action)
    with client:
        if not files:
            raise _nothing_there(place, action)
        total = sum(file.size for file in files)
        count = f"{len(files)} file{'' if len(files) == 1 else 's'}"
        report(f"Fetch the model `{named}` from `{asset.workspace.name}`: {count}, {shown(total)}.")
        progress = Progress(f"`{named}`", total, report, settings.report_seconds, settings.clock)
        target = folder / asset.name / version.version
        Transfer(client, action, settings, progress).fetch(files, target, folder / ".part" / asset.name)
    return Model(asset.name, version.version, (target / last_part(place.path)).absolute(), version.id)


def _place(
    asset: RegisteredAsset, version: AssetVersion, clients: AzureClients, action: str
) -> tuple[BlobPath, DatastorePath | None]:
    """Where its files are, and the datastore that leads there, where one does."""
    uri = str(version.properties.get("modelUri") or "")
    try:
        place = parse_model_uri(uri, asset.workspace, clients.cloud.storage_suffix)
        if isinstance(place, BlobPath):
            return place, None
        return find_blobs(place, clients), place
    except UnknownLocation as unknown:
        remedy = "Download it (`az ml model download`), register the files themselves (`az ml model create --path`)."
        raise PlanRefused(action, [Problem(str(unknown), remedy, MODEL.subject)]) from unknown
    except AzureError as exc:
        raise refused(exc, action, asset.workspace, MODEL.subject) from exc


def _nothing_there(place: BlobPath, action: str) -> PlanRefused:
    what = f"there are no files at `{place.path}` in the container `{place.container}` of `{place.endpoint}`"
    return PlanRefused(action, [Problem(what, "They may have been deleted: register the model again.", MODEL.subject)])
