"""Microsoft's own base image as the system below the sandbox's host: for a Python that is nowhere else to be had.

Never seen with the real image where this was written; what is believed of it is in the README of this folder.
"""

from __future__ import annotations

import gzip
import json
import tarfile
import tempfile
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

import docker
import docker.errors

from azure_sandbox.base_images.debian import DebianUnavailable, PackedLayer, pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import BinaryIO

PYTHON = "/usr/local/bin/python3"
"""Its Python: it is made from `python:3.x-slim` (Azure/azure-functions-docker, host/4/bookworm/python/python312)."""
_GZIP = b"\x1f\x8b"


def microsoft_layers(minor: str, blobs: Path, report: Callable[[str], None]) -> list[PackedLayer]:
    """The image's layers, the lowest first: of the engine, or pulled now, which is more than a gigabyte.

    Raises:
        DebianUnavailable: The engine cannot have it.
    """
    name = f"mcr.microsoft.com/azure-functions/python:4-python{minor}"
    try:
        image = _image(name, report)
        note = blobs / f"microsoft-{image.id.removeprefix('sha256:')}.json"
        if note.exists():
            layers = [PackedLayer(**one) for one in json.loads(note.read_text())]
            if all((blobs / layer.digest.removeprefix("sha256:")).exists() for layer in layers):
                return layers
        report(f"Packing the layers of {name}. This happens once.")
        layers = list(_packed(image, blobs))
    except docker.errors.DockerException as error:
        message = f"{name} cannot be pulled ({getattr(error, 'explanation', None) or error})"
        raise DebianUnavailable(message) from error
    note.write_text(json.dumps([asdict(layer) for layer in layers]))
    return layers


def _image(name: str, report: Callable[[str], None]) -> Any:
    client = docker.from_env(timeout=600)
    try:
        return client.images.get(name)
    except docker.errors.ImageNotFound:
        report(f"Pulling {name}. This happens once.")
        return client.images.pull(name)


def _packed(image: Any, blobs: Path) -> Iterator[PackedLayer]:
    """Each layer of what `docker save` gives, which may be packed there already."""
    with tempfile.TemporaryFile(dir=blobs) as saved:
        for block in image.save():
            saved.write(block)
        saved.seek(0)
        with tarfile.open(fileobj=saved) as tar:
            listed = tar.extractfile("manifest.json")
            for name in json.load(listed)[0]["Layers"] if listed else ():
                stream = cast("BinaryIO", tar.extractfile(name))
                begins = stream.read(len(_GZIP))
                stream.seek(0)
                plain = cast("BinaryIO", gzip.GzipFile(fileobj=stream)) if begins == _GZIP else stream
                yield pack(plain, blobs)
