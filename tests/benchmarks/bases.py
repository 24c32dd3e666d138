"""The base image of both sides: a small Python with the one variable that a Functions base image says its Python by."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import requests

from azure_sandbox.base_images import Flavour, prepare
from benchmarks.commands import DOCKER
from support.engine import PYTHON_SLIM, ensure_images

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "3.13"
"""The Python minor of the image that it is made from."""
REPOSITORY = "bases/python"
_FILLER = 390
"""Pieces of 3 MiB, on top of the 130 MB of the small base."""
_CHANGES = (
    "ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV FUNCTIONS_WORKER_RUNTIME=python",
    f"ENV FUNCTIONS_WORKER_RUNTIME_VERSION={VERSION}",
    'CMD ["python3"]',
)


def python_base(host: str) -> str:
    """Put the base into a registry, and give its name there.

    It shares no layer with an image that the engine keeps: when the engine forgets it, the next build pulls it.
    """
    ensure_images()
    image = f"{host}/{REPOSITORY}:{VERSION}"
    container = _told(DOCKER, "create", PYTHON_SLIM.tag, "true")
    changes = [word for change in _CHANGES for word in ("--change", change)]
    with subprocess.Popen((DOCKER, "export", container), stdout=subprocess.PIPE) as export:
        subprocess.run((DOCKER, "import", *changes, "-", image), stdin=export.stdout, check=True, capture_output=True)
    _told(DOCKER, "rm", container)
    _told(DOCKER, "push", "--quiet", image)
    return image


def sized_base(host: str, folder: Path) -> str:
    """The same base with as many bytes as Microsoft's Functions base for Python has (1.3 GB on disk), and its name.

    A third of the bytes on top cannot be compressed, which is about what the files of a Linux image shrink to.
    """
    image = f"{host}/{REPOSITORY}:{VERSION}-sized"
    folder.mkdir(parents=True)
    with (folder / "filler").open("wb") as file:
        for _ in range(_FILLER):
            file.write(os.urandom(1 << 20) + bytes(2 << 20))
    (folder / "Dockerfile").write_text(f"FROM {python_base(host)}\nCOPY filler /usr/share/filler\n")
    _told(DOCKER, "build", "--quiet", "--tag", image, str(folder))
    _told(DOCKER, "push", "--quiet", image)
    return image


def forget_base(image: str) -> None:
    """Remove it from the engine again."""
    subprocess.run((DOCKER, "rmi", "--force", image), check=False, capture_output=True)


def _told(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def functions_base(host: str) -> str:
    """Put the sandbox's stand-in for Microsoft's base image into a registry, and give its name there."""
    base = prepare(VERSION, Flavour.DOCKER)
    url = f"http://{host}/v2/{base.repository}"
    for digest, path in base.blobs.items():
        begun = requests.post(f"{url}/blobs/uploads/", timeout=30)
        begun.raise_for_status()
        with path.open("rb") as blob:
            sent = requests.put(begun.headers["Location"], params={"digest": digest}, data=blob, timeout=300)
        sent.raise_for_status()
    head = {"Content-Type": str(json.loads(base.manifest)["mediaType"])}
    requests.put(f"{url}/manifests/{base.tag}", base.manifest, headers=head, timeout=30).raise_for_status()
    return f"{host}/{base.repository}:{base.tag}"
