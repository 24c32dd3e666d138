"""A registered environment, as the conda file that it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.azureml.versions import ENVIRONMENT, find_version
from functions_model.core.failures import PlanRefused, Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_model.azure.clients import AzureClients
    from functions_model.azureml.versions import AssetVersion
    from functions_model.core.registered import RegisteredAsset


def fetch_environment(
    asset: RegisteredAsset,
    clients: AzureClients,
    folder: Path,
    *,
    report: Callable[[str], None] = lambda _: None,
) -> Path:
    """Write a registered environment's conda file to `folder/<name>-<version>/conda.yml`.

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
        report(f"Note: the environment `{named}` is archived in `{asset.workspace.name}`. It is used all the same.")
    report(f"The conda file of the environment `{named}` gives the packages.{_image_note(version)}")
    file = folder / f"{asset.name}-{version.version}" / "conda.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(conda, encoding="utf-8")
    return file


def _image_note(version: AssetVersion) -> str:
    image = version.properties.get("image")
    return f" Its image `{image}` is not used here: the app runs on the Functions base image." if image else ""


def _no_conda_file(named: str, version: AssetVersion) -> PlanRefused:
    made_of = "a Docker build context" if version.properties.get("build") else "an image alone"
    remedy = (
        "Give the packages as a conda file or a requirements file of the repository in `environment-file`. "
        "What must be in the image besides Python packages goes into an image of your own, named in `base-image`."
    )
    what = f"it was made of {made_of}, so it does not say which packages it has"
    return PlanRefused(f"use the environment `{named}`", [Problem(what, remedy, "environment-file")])
