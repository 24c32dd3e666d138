"""Pull an image over HTTP, with the registry's own token flow, into a folder of blobs."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from azure_sandbox.apps.engine import PullFailed

if TYPE_CHECKING:
    from azure_sandbox.certificates import TlsFiles

AS_ENGINE = {"User-Agent": "docker/24.0.9"}
"""App Service pulls with a container engine: that is how a registry knows who comes."""
_IMAGE_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
_LAYER_ENDINGS = ("tar", "tar+gzip", "tar.gzip")
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class PulledImage:
    """An image whose blobs lie in the folder.

    Attributes:
        config: The image configuration.
        layers: Files, lowest first.
    """

    config: dict[str, Any]
    layers: tuple[Path, ...]


def check_pull(image: str, login: tuple[str, str] | None, tls: TlsFiles) -> None:
    """Ask the sandbox's registry for the manifest, as a worker does that has never seen the image.

    An engine that has an image by its digest starts it without asking anybody.

    Raises:
        PullFailed: The registry refused.
    """
    host, _, path = image.partition("/")
    if host.partition(":")[0] != tls.address:
        return
    repository, reference = _split(path)
    with _client(host, repository, tls.ca_file) as client:
        try:
            _log_in(client, login, repository)
            _manifest(client, reference)
        except httpx.HTTPError as error:
            message = f"Get https://{host}/v2/: {error}"
            raise PullFailed(message) from error


def pull_image(image: str, login: tuple[str, str] | None, blobs: Path, ca_file: Path) -> PulledImage:
    """Pull `host/repository@digest` or `host/repository:tag`. Blobs that are there are not fetched again.

    Raises:
        PullFailed: The registry refused, or sent something else than it promised.
    """
    host, _, path = image.partition("/")
    repository, reference = _split(path)
    blobs.mkdir(parents=True, exist_ok=True)
    try:
        with _client(host, repository, ca_file) as client:
            _log_in(client, login, repository)
            return _fetch(client, reference, blobs)
    except httpx.HTTPError as error:
        message = f"Get https://{host}/v2/: {error}"
        raise PullFailed(message) from error


def _client(host: str, repository: str, ca_file: Path) -> httpx.Client:
    trust = ssl.create_default_context(cafile=ca_file)
    return httpx.Client(
        base_url=f"https://{host}/v2/{repository}", verify=trust, trust_env=False, timeout=60, headers=AS_ENGINE
    )


def _split(path: str) -> tuple[str, str]:
    if "@" in path:
        repository, _, digest = path.partition("@")
        return repository.partition(":")[0], digest
    repository, _, tag = path.partition(":")
    return repository, tag or "latest"


def _log_in(client: httpx.Client, login: tuple[str, str] | None, repository: str) -> None:
    """Answer the challenge, as a container engine does: a token for pulling from this repository."""
    challenge = client.get(client.base_url.copy_with(path="/v2/"))
    if challenge.status_code == 403:
        message = f"denied: {said(challenge)}"
        raise PullFailed(message)
    if challenge.status_code != 401:
        return
    given = dict(_PARAMETER.findall(challenge.headers.get("www-authenticate", "")))
    query = {"service": given.get("service", ""), "scope": f"repository:{repository}:pull"}
    answer = client.get(given.get("realm", ""), params=query, auth=login or httpx.USE_CLIENT_DEFAULT)
    if answer.status_code != 200:
        message = f"unauthorized: {said(answer)}"
        raise PullFailed(message)
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def _fetch(client: httpx.Client, reference: str, blobs: Path) -> PulledImage:
    manifest = _manifest(client, reference)
    if manifest.get("mediaType") in _INDEX_TYPES or "manifests" in manifest:
        entries = [e for e in manifest["manifests"] if e.get("platform", {}).get("os", "linux") == "linux"]
        if not entries:
            message = "no matching manifest for linux in the manifest list entries"
            raise PullFailed(message)
        manifest = _manifest(client, entries[0]["digest"])
    for layer in manifest["layers"]:
        if not layer["mediaType"].endswith(_LAYER_ENDINGS):
            message = f"layers of type {layer['mediaType']} cannot be unpacked here"
            raise PullFailed(message)
    config = json.loads(_blob(client, manifest["config"], blobs).read_bytes())
    return PulledImage(config, tuple(_blob(client, layer, blobs) for layer in manifest["layers"]))


def _manifest(client: httpx.Client, reference: str) -> dict[str, Any]:
    accept = ", ".join(_IMAGE_TYPES + _INDEX_TYPES)
    answer = client.get(f"/manifests/{reference}", headers={"Accept": accept})
    if answer.status_code != 200:
        kind = {401: "unauthorized", 403: "denied"}.get(answer.status_code, "manifest unknown")
        message = f"{kind}: {said(answer)}"
        raise PullFailed(message)
    if reference.startswith("sha256:") and f"sha256:{hashlib.sha256(answer.content).hexdigest()}" != reference:
        message = f"manifest {reference} does not match its digest"
        raise PullFailed(message)
    return dict(answer.json())


def _blob(client: httpx.Client, descriptor: dict[str, Any], blobs: Path) -> Path:
    digest = str(descriptor["digest"])
    target = blobs / digest.removeprefix("sha256:")
    if target.exists():
        return target
    hasher = hashlib.sha256()
    with client.stream("GET", f"/blobs/{digest}") as answer:
        if answer.status_code != 200:
            answer.read()
            message = f"blob {digest}: {said(answer)}"
            raise PullFailed(message)
        with tempfile.NamedTemporaryFile(dir=blobs, delete=False) as file:
            for block in answer.iter_bytes(1 << 20):
                hasher.update(block)
                file.write(block)
    if f"sha256:{hasher.hexdigest()}" != digest:
        Path(file.name).unlink()
        message = f"filesystem layer verification failed for digest {digest}"
        raise PullFailed(message)
    Path(file.name).replace(target)
    return target


def said(answer: httpx.Response) -> str:
    """The registry's own words."""
    try:
        return str(answer.json()["errors"][0]["message"])
    except (ValueError, KeyError, IndexError, TypeError):
        return f"HTTP {answer.status_code}"
