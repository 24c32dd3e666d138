"""Microsoft's own image as the system below the sandbox's host."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.base_images.debian import DebianUnavailable
from azure_sandbox.base_images.microsoft import microsoft_layers

from .images import tar_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPOSITORY = "mcr.microsoft.com/azure-functions/python"


@pytest.fixture
def image() -> Iterator[str]:
    """A minor for which the engine has an image of that name."""
    import docker

    client: Any = docker.from_env()
    client.api.import_image_from_data(tar_of({"usr/local/bin/python3": "a"}), repository=REPOSITORY, tag="4-python3.99")
    yield "3.99"
    client.images.remove(f"{REPOSITORY}:4-python3.99", force=True)
    client.close()


@pytest.mark.needs("docker")
class TestMicrosoftLayers:
    """`microsoft_layers`."""

    def test_are_those_that_the_engine_has(self, image: str, tmp_path: Path) -> None:
        """Each as it lies in the image; they are packed once."""
        told: list[str] = []

        first, again = (microsoft_layers(image, tmp_path, told.append) for _ in range(2))

        with tarfile.open(tmp_path / first[0].digest.removeprefix("sha256:")) as tar:
            assert "usr/local/bin/python3" in tar.getnames()
        assert (1, first, 1) == (len(first), again, len(told))

    def test_that_cannot_be_pulled_are_told(self, tmp_path: Path) -> None:
        """With the image's name and the engine's words."""
        with pytest.raises(DebianUnavailable, match=r"python:4-python3\.98 cannot be pulled"):
            microsoft_layers("3.98", tmp_path, lambda _: None)
