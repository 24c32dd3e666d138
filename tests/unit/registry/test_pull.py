"""Looking at images: bases, tags, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import ImageReference, digest_of
from functions_model.image.manifests import OCI_INDEX, OCI_MANIFEST, Platform
from functions_model.registry import find_manifest, pull_base
from support.registry_server import TEAR, Fault, RegistryServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import World


@pytest.fixture
def storage() -> Iterator[RegistryServer]:
    """A place that blobs are redirected to."""
    yield from serving()


class TestPullBase:
    def test_an_index_leads_to_the_manifest_for_the_platform(self, world: World) -> None:
        """Three requests: the index, the manifest, the configuration."""
        reference = ImageReference(world.server.host, "base", "4")
        base = pull_base(world.client(), reference)

        assert 2 == len(base.manifest.layers) == len(base.config.diff_ids)
        assert digest_of(base.manifest.as_bytes()) == base.digest
        assert 3 == len([path for path in world.server.paths("GET") if path != "/v2/"])

    def test_a_digest_is_held_to(self, world: World) -> None:
        """Other bytes under a pinned digest are refused."""
        pinned = ImageReference(world.server.host, "base", digest=digest_of(b"wanted"))
        world.server.manifests["base", pinned.tag_or_digest] = (OCI_MANIFEST, b"{}")

        with pytest.raises(RegistryFailed, match="sent other bytes than"):
            pull_base(world.client(), pinned)

    def test_what_is_no_base_is_not_called_one(self, world: World) -> None:
        """An image that is deployed is read in the same way."""
        with pytest.raises(RegistryFailed, match=r"Could not read the image .* Use one for linux/arm64"):
            pull_base(world.client(), world.image.base.reference, Platform(architecture="arm64"), kind="image")

    def test_another_platform_is_refused(self, world: World) -> None:
        """The platforms that there are get named."""
        with pytest.raises(RegistryFailed, match="not for linux/arm64, only for linux/amd64"):
            pull_base(world.client(), ImageReference(world.server.host, "base", "4"), Platform("linux", "arm64"))

    def test_a_missing_image_is_told(self, world: World) -> None:
        """With the registry's own code and what to check."""
        with pytest.raises(RegistryFailed, match=r"answered 404: MANIFEST_UNKNOWN.* Check the name and the tag of"):
            pull_base(world.client(), ImageReference(world.server.host, "base", "5"))

    @pytest.mark.parametrize("content", [b"<html>", b"[1]", json.dumps({"schemaVersion": 1}).encode()])
    def test_what_is_no_image_is_told(self, world: World, content: bytes) -> None:
        """A proxy's page, or a format of long ago."""
        world.server.manifests["base", "odd"] = ("text/html", content)

        with pytest.raises(RegistryFailed, match="Could not read the base image"):
            pull_base(world.client(), ImageReference(world.server.host, "base", "odd"))

    def test_an_index_of_indexes_is_refused(self, world: World) -> None:
        """It would never end."""
        server = world.server
        inner = json.dumps({"mediaType": OCI_INDEX, "manifests": []}).encode()
        entry = {"mediaType": OCI_INDEX, "digest": digest_of(inner), "size": len(inner)}
        outer = {"manifests": [{**entry, "platform": {"os": "linux", "architecture": "amd64"}}]}
        server.manifests["base", digest_of(inner)] = (OCI_INDEX, inner)
        server.manifests["base", "deep"] = (OCI_INDEX, json.dumps(outer).encode())

        with pytest.raises(RegistryFailed, match="an index of indexes"):
            pull_base(world.client(), ImageReference(server.host, "base", "deep"))

    def test_a_blob_may_lie_elsewhere_and_gets_no_token_there(self, world: World, storage: RegistryServer) -> None:
        """Azure redirects to the storage behind the registry."""
        reference = ImageReference(world.server.host, "base", "4")
        base = pull_base(world.client(), reference)
        config = base.manifest.config.digest
        storage.manifests["x", config] = ("any", world.server.blobs["base", config])
        world.server.auth = "bearer"
        world.server.blob_redirect = f"http://{storage.host}/v2/x/manifests"

        assert base == pull_base(world.client(), reference)
        assert [""] == [seen.authorization for seen in storage.seen]

    @pytest.mark.parametrize("what", [TEAR, 500])
    def test_a_broken_answer_is_asked_for_again(self, world: World, what: int | str) -> None:
        """Reading is retried like writing."""
        world.server.faults.append(Fault("GET", "blobs", what))
        pull_base(world.client(), ImageReference(world.server.host, "base", "4"))

        assert [0.5] == world.time.slept


class TestFindManifest:
    def test_a_tag_gives_its_digest_or_nothing(self, world: World) -> None:
        """An unknown tag or repository is no failure."""
        there = ImageReference(world.server.host, "base", "4")
        _, index = world.server.manifests["base", "4"]

        assert digest_of(index) == find_manifest(world.client(), there)
        assert None is find_manifest(world.client(), replace(there, tag="5"))
        assert None is find_manifest(world.client(), replace(there, repository="gone"))
