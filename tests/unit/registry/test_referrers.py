"""Attachments: beside the image, found by its digest, on registries of both kinds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import digest_of
from functions_model.image.manifests import OCI_INDEX, OCI_MANIFEST
from functions_model.registry import Attachment, Push
from support.images import image_on
from support.referrers import list_referrers
from support.registry_server import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.registry import PushedImage

    from .conftest import World

CYCLONEDX = "application/vnd.cyclonedx+json"
BILL = Attachment(CYCLONEDX, CYCLONEDX, b'{"bomFormat":"CycloneDX"}', {"org.opencontainers.image.revision": "abc"})
OTHER = Attachment("application/vnd.example", "text/plain", b"other")


def push(world: World, *attachments: Attachment) -> PushedImage:
    client = world.client()
    return Push(client, world.target, base_client=client).finish(world.image, attachments=attachments)


def fallback(world: World) -> str:
    return world.image.digest.replace(":", "-")


@pytest.mark.parametrize("referrers", [True, False], ids=["listed by the registry", "listed by clients"])
class TestBothKinds:
    def test_an_attachment_is_found_by_the_images_digest(self, world: World, referrers: bool) -> None:
        """With its type, and its content as it was."""
        world.server.referrers = referrers
        push(world, BILL)
        (found,) = list_referrers(world.client(), "package", world.image.digest)
        manifest = json.loads(world.server.manifests["package", found.digest][1])

        assert (OCI_MANIFEST, CYCLONEDX) == (found.media_type, found.artifact_type)
        assert (world.image.digest, CYCLONEDX) == (manifest["subject"]["digest"], manifest["artifactType"])
        assert BILL.content == world.server.blobs["package", manifest["layers"][0]["digest"]]
        assert dict(BILL.annotations) == manifest["annotations"]

    def test_several_are_all_kept(self, world: World, referrers: bool) -> None:
        """And can be looked for by type."""
        world.server.referrers = referrers
        push(world, BILL, OTHER)
        client = world.client()

        assert 2 == len(list_referrers(client, "package", world.image.digest))
        assert 1 == len(list_referrers(client, "package", world.image.digest, artifact_type=CYCLONEDX))

    def test_the_same_one_is_kept_once(self, world: World, referrers: bool) -> None:
        """When the image gets a second tag."""
        world.server.referrers = referrers
        push(world, BILL)
        world.target = type(world.target)(world.server.host, "package", "v2")
        push(world, BILL)

        assert 1 == len(list_referrers(world.client(), "package", world.image.digest))

    def test_an_image_without_any_has_an_empty_list(self, world: World, referrers: bool) -> None:
        """That is no failure."""
        world.server.referrers = referrers
        push(world)

        assert () == list_referrers(world.client(), "package", world.image.digest)

    def test_the_image_is_tagged_last_and_stays_plain(self, world: World, referrers: bool) -> None:
        """The tag means a manifest, not an index."""
        world.server.referrers = referrers
        push(world, BILL)

        assert "/v2/package/manifests/v1" == world.server.paths("PUT")[-1]
        assert world.image.digest == digest_of(world.server.manifests["package", "v1"][1])


class TestFallback:
    def test_no_tag_is_made_where_the_registry_keeps_the_list(self, world: World) -> None:
        """Its answer says that it does."""
        world.server.referrers = True
        push(world, BILL)

        assert ("package", fallback(world)) not in world.server.manifests

    def test_the_tag_is_an_index_that_grows(self, world: World) -> None:
        """What others have attached stays in it."""
        push(world, OTHER)
        world.target = type(world.target)(world.server.host, "package", "v2")
        push(world, BILL)
        kind, content = world.server.manifests["package", fallback(world)]

        assert OCI_INDEX == kind
        assert [OTHER.artifact_type, CYCLONEDX] == [each["artifactType"] for each in json.loads(content)["manifests"]]

    def test_a_tag_that_is_no_index_is_told(self, world: World) -> None:
        """It is not written over."""
        world.server.manifests["package", fallback(world)] = (OCI_MANIFEST, b'{"mediaType":"strange"}')

        with pytest.raises(RegistryFailed, match="unknown kind"):
            push(world, BILL)
        assert ("package", "v1") not in world.server.manifests


class TestTrouble:
    @pytest.mark.parametrize("status", [400, 404, 405, 415])
    def test_a_registry_that_takes_no_attachments_is_noted(self, world: World, status: int) -> None:
        """The image is there all the same."""
        world.server.faults.append(Fault("PUT", "manifests/sha256:", status))
        pushed = push(world, BILL)

        assert ("package", "v1") in world.server.manifests
        assert pushed.notes[0].startswith(f"`{CYCLONEDX}` is not attached to the image: ")

    @pytest.mark.parametrize("fault", [500, 429, "tear", "unheard"])
    def test_one_fault_loses_no_attachment(self, world: World, fault: int | str) -> None:
        """It is written again like anything else."""
        world.server.faults.append(Fault("PUT", "manifests/sha256", fault))
        push(world, BILL)

        assert [] == world.server.faults
        assert 1 == len(list_referrers(world.client(), "package", world.image.digest))

    def test_a_registry_that_stays_in_trouble_leaves_the_tag(self, world: World, tmp_path: Path) -> None:
        """No image without what belongs to it."""
        push(world)
        old = world.server.manifests["package", "v1"]
        world.image = image_on(world.image.base, tmp_path, b"another")
        world.server.faults += [Fault("PUT", "manifests/sha256", 500) for _ in range(5)]

        with pytest.raises(RegistryFailed, match="answered 500"):
            push(world, BILL)
        assert old == world.server.manifests["package", "v1"]
