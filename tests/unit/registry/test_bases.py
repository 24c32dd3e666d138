"""Base images: the shortest way into a repository, and that a cache repository is never a condition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.references import ImageReference, digest_of, short
from functions_model.image.manifests import OCI_MANIFEST
from functions_model.registry import How, Push, PushedImage, find_manifest
from support.images import image_on
from support.registry_server import Fault, RegistryServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.registry.client import RegistryClient

    from .conftest import World

CACHE = "functions-model/cache"
BASE_LAYERS = {"base layer 1", "base layer 2"}


@pytest.fixture
def other() -> Iterator[RegistryServer]:
    """The target: a registry without the base."""
    yield from serving()


def push(world: World, other: RegistryServer, repository: str = "package", **options: Any) -> PushedImage:
    target = ImageReference(other.host, repository, "v1")
    client = world.client(host=other.host)
    return Push(client, target, base_client=world.client(), cache_repository=CACHE, **options).finish(world.image)


def hows(pushed: PushedImage) -> set[How]:
    return {blob.how for blob in pushed.blobs if blob.name in BASE_LAYERS}


def tag(world: World) -> str:
    return f"base-{short(world.image.base.digest)}"


class TestCache:
    def test_a_base_crosses_this_machine_once(self, world: World, other: RegistryServer, tmp_path: Path) -> None:
        """The first image streams it into the cache repository; the second mounts it, with another model."""
        first = push(world, other)
        world.server.seen.clear()
        world.image = image_on(world.image.base, tmp_path, b"another")
        second = push(world, other, "second")

        assert ({How.SENT}, {How.MOUNTED}) == (hows(first), hows(second))
        assert [] == world.server.seen
        assert ("second", "v1") in other.manifests

    def test_the_cache_has_the_whole_base(self, world: World, other: RegistryServer) -> None:
        """Under a tag that names it, as the same manifest that was looked at."""
        push(world, other)
        held = find_manifest(world.client(host=other.host), ImageReference(other.host, CACHE, tag(world)))

        assert world.image.base.digest == held

    def test_the_image_counts_no_layer_twice(self, world: World, other: RegistryServer) -> None:
        """What was sent to the cache and then mounted was sent once."""
        pushed = push(world, other)
        received = [seen for seen in other.seen if seen.method == "PATCH"]

        assert 4 == len(received)
        assert sum(seen.received for seen in other.seen) == pushed.bytes_sent

    @pytest.mark.parametrize("status", [401, 403, 404])
    def test_a_cache_that_may_not_be_written_is_gone_without(
        self, world: World, other: RegistryServer, status: int
    ) -> None:
        """The base goes straight into the target, and a note says why."""
        other.faults.append(Fault("POST", f"/v2/{CACHE}/blobs", status))
        pushed = push(world, other)

        assert {How.SENT} == hows(pushed)
        assert (
            f"The base image is not kept in `{other.host}/{CACHE}`: `{other.host}` answered {status}"
            in (pushed.notes[0])
        )
        assert ("package", "v1") in other.manifests

    def test_a_cache_that_may_not_be_read_is_gone_without(self, world: World, other: RegistryServer) -> None:
        """Even when nothing at all is allowed there."""
        other.unreadable.add(CACHE)
        other.unwritable.add(CACHE)

        assert {How.SENT} == hows(push(world, other))
        assert ("package", "v1") in other.manifests

    def test_a_base_of_the_same_registry_needs_no_cache(self, world: World) -> None:
        """It is mounted from its own repository."""
        pushed = push(world, world.server)

        assert {How.MOUNTED} == hows(pushed)
        assert [] == [key for key in world.server.manifests if key[0] == CACHE]

    def test_the_cache_repository_itself_may_be_the_target(self, world: World, other: RegistryServer) -> None:
        """There is nothing to mount then."""
        assert {How.SENT} == hows(push(world, other, CACHE))

    def test_a_registry_that_does_not_mount_gets_the_bytes(self, world: World, other: RegistryServer) -> None:
        """202 in answer to a mount is the address of an upload."""
        other.mounts = False
        pushed = push(world, other)

        assert {How.SENT} == hows(pushed)
        assert b"lower" * 1000 == other.blobs["package", world.image.base.manifest.layers[0].digest]


class TestImport:
    def test_a_base_that_the_registry_imports_never_crosses_this_machine(
        self, world: World, other: RegistryServer
    ) -> None:
        """It is asked for by digest, and mounted from where it was imported to."""
        asked: list[tuple[str, str]] = []

        def import_base(source: ImageReference, target: str) -> bool:
            asked.append((str(source), target))
            for (repository, digest), content in world.server.blobs.items():
                other.blobs[repository.replace("base", CACHE), digest] = content
            return True

        pushed = push(world, other, import_base=import_base)
        base = world.image.base

        assert [(f"{world.server.host}/base@{base.digest}", f"{CACHE}:{tag(world)}")] == asked
        assert {How.IMPORTED} == hows(pushed)
        assert [] == world.server.seen

    def test_an_import_that_is_not_possible_becomes_a_stream(self, world: World, other: RegistryServer) -> None:
        """False is an answer, not a failure."""
        assert {How.SENT} == hows(push(world, other, import_base=lambda *_: False))

    def test_a_base_that_is_kept_already_is_not_imported_again(self, world: World, other: RegistryServer) -> None:
        """The tag in the cache repository says it."""
        push(world, other)

        assert {How.MOUNTED} == hows(push(world, other, "second", import_base=lambda *_: pytest.fail("asked")))


class TestKnown:
    def test_layers_that_a_record_names_cost_no_request(
        self, world: World, other: RegistryServer, tmp_path: Path
    ) -> None:
        """The caller knows that the repository has them."""
        client = world.client(host=other.host)
        push(world, other)
        other.seen.clear()
        world.image = image_on(world.image.base, tmp_path, b"another")
        present = [layer.digest for layer in world.image.base.manifest.layers]
        changed(world, client).finish(world.image, present=present)

        assert [] == [seen for seen in other.seen if seen.path.rpartition("/")[2] in present]

    def test_a_record_that_is_wrong_costs_a_second_look(self, world: World, other: RegistryServer) -> None:
        """When the registry misses a blob, each is looked for, and what is missing is sent."""
        client = world.client(host=other.host)
        present = [layer.digest for layer in world.image.base.manifest.layers]
        pushed = changed(world, client).finish(world.image, present=present)

        assert ("package", "v1") in other.manifests
        assert {How.SENT} == hows(pushed)

    def test_the_base_can_be_brought_ahead(self, world: World, other: RegistryServer) -> None:
        """While layers are still made; the push does not look for it again."""
        client = world.client(host=other.host)
        push = changed(world, client)
        push.bring_base(world.image.base)
        other.seen.clear()
        pushed = push.finish(world.image)

        assert {How.SENT} == hows(pushed)
        assert [] == [seen for seen in other.seen if seen.path.endswith(world.image.base.manifest.layers[0].digest)]

    def test_a_kept_base_is_a_plain_image(self, world: World, other: RegistryServer) -> None:
        """Anybody can pull it."""
        push(world, other)
        kind, manifest = other.manifests[CACHE, tag(world)]

        assert (OCI_MANIFEST, world.image.base.digest) == (kind, digest_of(manifest))


def changed(world: World, client: RegistryClient) -> Push:
    return Push(client, ImageReference(client.host, "package", "v1"), base_client=world.client())
