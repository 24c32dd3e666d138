"""Images in the hands of other tools: Docker Engine and skopeo."""

from __future__ import annotations

import io
import subprocess
import tarfile
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import docker

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def docker_pulled(image: str) -> Iterator[Any]:
    """A container of an image that the engine pulls; it does not run. Image and container are removed at the end."""
    with closing(docker.from_env()) as client:
        client.images.pull(image)
        try:
            container = client.containers.create(image)
            try:
                yield container
            finally:
                container.remove()
        finally:
            client.images.remove(image, force=True)


def file_of(container: Any, path: str) -> bytes:
    """The content of a file in a container."""
    blocks, _ = container.get_archive(path)
    with tarfile.open(fileobj=io.BytesIO(b"".join(blocks))) as archive:
        [entry] = archive.getmembers()
        file = archive.extractfile(entry)
        assert file is not None
        return file.read()


def skopeo(command: str, *words: str) -> None:
    """`skopeo copy` and the like, with registries that speak plain HTTP."""
    plain_http = ("--src-tls-verify=false", "--dest-tls-verify=false")
    subprocess.run(["skopeo", "--insecure-policy", command, "--quiet", *plain_http, *words], check=True)
