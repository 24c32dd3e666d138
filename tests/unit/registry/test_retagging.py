"""A second tag for an image that is there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import RegistryFailed
from functions_model.registry import find_manifest
from functions_model.registry.retagging import retag
from support.images import push_image

if TYPE_CHECKING:
    from functions_model.core.references import ImageReference

    from .conftest import World


@pytest.fixture
def image(world: World) -> ImageReference:
    """One that was pushed, by digest."""
    push_image(world.client(), world.image, world.target, base_client=world.client())
    world.server.seen.clear()
    return replace(world.target, tag=None, digest=world.image.digest)


class TestRetag:
    def test_the_tag_means_the_very_image(self, world: World, image: ImageReference) -> None:
        """The same bytes: no blob moves."""
        moved = retag(world.client(), image, "live-1")

        assert moved
        assert image.digest == find_manifest(world.client(), replace(image, tag="live-1", digest=None))
        assert ["/v2/package/manifests/live-1"] == world.server.paths("PUT")

    def test_a_tag_that_means_it_already_is_not_written(self, world: World, image: ImageReference) -> None:
        """One question, and no more."""
        retag(world.client(), image, "live-1")
        world.server.seen.clear()

        assert not retag(world.client(), image, "live-1")
        assert [["/v2/package/manifests/live-1"], []] == [world.server.paths("HEAD"), world.server.paths("PUT")]

    def test_a_tag_of_another_image_moves(self, world: World, image: ImageReference) -> None:
        """It was the version before."""
        world.server.manifests["package", "live-1"] = world.server.manifests["base", "4"]

        assert retag(world.client(), image, "live-1")
        assert image.digest == find_manifest(world.client(), replace(image, tag="live-1", digest=None))

    def test_an_image_that_is_gone_is_told(self, world: World, image: ImageReference) -> None:
        """Somebody has deleted it."""
        world.server.manifests.clear()

        with pytest.raises(RegistryFailed, match="Could not read the manifest"):
            retag(world.client(), image, "live-1")
