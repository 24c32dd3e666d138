"""Make or reuse a stand-in for `azure-functions/python:4-python<minor>`."""

from __future__ import annotations

import enum
import hashlib
import io
import json
import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_sandbox.base_images.cache import cache_folder
from azure_sandbox.base_images.debian import SUITES, DebianUnavailable, PackedLayer, debian_layer, pack
from azure_sandbox.base_images.host_files import START, environment, host_tar
from azure_sandbox.base_images.interpreters import find_interpreter, running_minor
from azure_sandbox.base_images.microsoft import PYTHON, microsoft_layers
from azure_sandbox.base_images.python_tree import debian_below, python_layer
from azure_sandbox.base_images.wheels import WheelsUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.registry.content import ContentStore

REPOSITORY = "azure-functions/python"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_CREATED = "1970-01-01T00:00:00Z"
"""The same in each image, so that its digest is; the epoch says what it says elsewhere: the time is not known."""


class BaseImageUnavailable(Exception):
    """The image cannot be made here. The text says why and what to do."""


class Flavour(enum.StrEnum):
    """What the image is run with."""

    DOCKER = "docker"
    """With an operating system, for a Docker engine."""
    PROCESS = "process"
    """The host's files alone, for the running interpreter."""


@dataclass(frozen=True, slots=True)
class BaseImage:
    """An image that lies in the cache.

    Attributes:
        repository: `azure-functions/python`.
        tag: `4-python3.11`.
        digest: Of the manifest.
        manifest: The manifest's bytes.
        blobs: Digest -> file of the config and each layer.
    """

    repository: str
    tag: str
    digest: str
    manifest: bytes
    blobs: dict[str, Path]

    def publish(self, store: ContentStore) -> None:
        """Put the image into a registry's content, under its repository and tag."""
        for digest, path in self.blobs.items():
            store.import_blob(self.repository, digest, path)
        store.keep_manifest(self.repository, _MANIFEST, self.manifest, self.tag)


def prepare(
    minor: str,
    flavour: Flavour = Flavour.DOCKER,
    *,
    cache: Path | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> BaseImage:
    """The stand-in for a Python minor. The first time takes 40 seconds for Docker, a second for processes.

    Args:
        minor: `3.11`.
        flavour: For which engine.
        cache: Where it is kept; `$XDG_CACHE_HOME/functions-model-sandbox` when left out.
        report: Told about slow steps.

    Raises:
        BaseImageUnavailable: It cannot be made here.
    """
    folder = cache or cache_folder()
    blobs = folder / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    linux = flavour is Flavour.DOCKER
    if not linux and find_interpreter(minor) is None:
        message = (
            f"Could not offer a base image for Python {minor}: without Docker, apps run on a Python of this machine, "
            f"which has no {minor} that works. Use Docker, install it (`uv python install {minor}`), or ask for "
            f"{running_minor()}"
        )
        raise BaseImageUnavailable(f"{message}.")
    try:
        layers, python = _system(minor, blobs, report) if linux else ([], _host_python(minor))
        layers = [*layers, pack(io.BytesIO(host_tar(minor, folder, linux=linux, python=python)), blobs)]
    except (DebianUnavailable, WheelsUnavailable) as unavailable:
        message = f"Could not make the base image for Python {minor}: {unavailable}."
        raise BaseImageUnavailable(message) from unavailable
    return _image(minor, layers, blobs)


def _system(minor: str, blobs: Path, report: Callable[[str], None]) -> tuple[list[PackedLayer], str]:
    """The layers below the host's, and the program in them that is the worker's Python.

    Raises:
        DebianUnavailable: There is no such Python to be had.
    """
    if minor in SUITES:
        return [debian_layer(minor, blobs, report)], "/usr/bin/python3"
    found = find_interpreter(minor)
    if found is None:
        try:
            return microsoft_layers(minor, blobs, report), PYTHON
        except DebianUnavailable as unavailable:
            message = (
                f"Debian's own Python is {' or '.join(SUITES)}, this machine has no {minor} that works "
                f"(`uv python install {minor}` installs one), and {unavailable}"
            )
            raise DebianUnavailable(message) from unavailable
    layers = [debian_layer(debian_below(), blobs, report), python_layer(found, blobs, report)]
    return layers, str(found.prefix / "bin" / f"python{minor}")


def _host_python(minor: str) -> str:
    """Without Docker: what runs the host, which needs a Python that the sandbox runs on."""
    return "python" if minor == running_minor() else str(find_interpreter(running_minor()).path)  # type: ignore[union-attr]


def _image(minor: str, layers: list[PackedLayer], blobs: Path) -> BaseImage:
    config = json.dumps(_config(minor, layers), sort_keys=True).encode()
    config_digest = hashlib.sha256(config).hexdigest()
    (blobs / config_digest).write_bytes(config)
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, "digest": f"sha256:{config_digest}", "size": len(config)},
            "layers": [{"mediaType": _LAYER, "digest": layer.digest, "size": layer.size} for layer in layers],
        },
        sort_keys=True,
    ).encode()
    digests = [f"sha256:{config_digest}", *(layer.digest for layer in layers)]
    files = {digest: blobs / digest.removeprefix("sha256:") for digest in digests}
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    return BaseImage(REPOSITORY, f"4-python{minor}", digest, manifest, files)


def _config(minor: str, layers: list[PackedLayer]) -> dict[str, Any]:
    machine = platform.machine().lower()
    return {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine),
        "os": "linux",
        "created": _CREATED,
        "config": {
            "Env": environment(minor),
            "Cmd": [f"/{START}"],
            "ExposedPorts": {"80/tcp": {}},
            "WorkingDir": "/",
            "Labels": {"functions-model-sandbox.stand-in": REPOSITORY},
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        "history": [{"created": _CREATED, "created_by": "functions-model sandbox"} for _ in layers],
    }
