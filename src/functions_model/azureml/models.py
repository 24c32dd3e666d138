"""Registered models and environments, as files on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError

from functions_model.azure.clients import AzureClients
from functions_model.azure.misread import understood
from functions_model.azureml.access import StorageAccess, last_part
from functions_model.azureml.arm import ENVIRONMENT, MODEL, AssetVersion, find_version, refused
from functions_model.azureml.locations import BlobPath, DatastorePath, UnknownLocation, find_blobs, parse_model_uri
from functions_model.azureml.transfer import Transfer
from functions_model.azureml.transfer_settings import Progress, TransferSettings, shown
from functions_model.core.failures import PlanRefused, Problem
from functions_model.core.registered import RegisteredAsset
from functions_model.core.spec import Model

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
        report(f"Note: the model `{named}` is archived in `{asset.workspace.name}`. It is used anyway.")
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
        with understood():
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


def fetch_environment(
    asset: RegisteredAsset, clients: AzureClients, folder: Path, *, report: Callable[[str], None] = lambda _: None
) -> Path:
    """Write a registered environment's conda file to `folder/<name>/<version>/conda.yml`.

    Args:
        asset: Which environment, and in which workspace.
        clients: For Resource Manager.
        folder: Made when it is not there.
        report: Takes a line: what was found, and what of it is not used.

    Returns:
        The file.

    Raises:
        PlanRefused: The workspace, the environment or the version is not there or may not be read, or it has no conda
            file.
    """
    version = find_version(asset, ENVIRONMENT, clients)
    named = f"azureml:{asset.name}:{version.version}"
    conda = str(version.properties.get("condaFile") or "")
    if not conda.strip():
        raise _no_conda_file(named, version)
    if version.is_archived:
        report(f"Note: the environment `{named}` is archived in `{asset.workspace.name}`. It is used anyway.")
    report(f"The conda file of the environment `{named}` gives the packages.{_image_note(version)}")
    file = folder / asset.name / version.version / "conda.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(conda, encoding="utf-8")
    return file


def _image_note(version: AssetVersion) -> str:
    image = version.properties.get("image")
    return f" Its image `{image}` is not used here: the app runs on the Functions base image." if image else ""


def _no_conda_file(named: str, version: AssetVersion) -> PlanRefused:
    made_of = "a Docker build context" if version.properties.get("build") else "only an image"
    remedy = (
        "Give the packages as a conda file or a requirements file of the repository in `environment-file`. "
        "What must be in the image besides Python packages goes into an image of your own, named in `base-image`."
    )
    what = f"it was built from {made_of}, which does not list its packages"
    return PlanRefused(f"use the environment `{named}`", [Problem(what, remedy, "environment-file")])
