"""Pushing: what is sent, in which order, and what happens when the registry misbehaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import BundleFailed, RegistryFailed
from functions_model.core.references import digest_of
from functions_model.registry import How
from support.images import NOISE, image_on, push_image
from support.registry_server import CORRUPT, TEAR, UNHEARD, Fault, RegistryServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.core.work import Progress
    from functions_model.registry import PushedImage
    from functions_model.registry.client import RegistryClient

    from .conftest import World

MODEL_SIZE = len(NOISE)


@pytest.fixture
def other() -> Iterator[RegistryServer]:
    """A second registry, without the base."""
    yield from serving()


def push(world: World, client: RegistryClient | None = None) -> PushedImage:
    client = client or world.client()
    return push_image(client, world.image, world.target, base_client=client)


def hows(pushed: PushedImage) -> dict[str, str]:
    return {blob.name: blob.how for blob in pushed.blobs}


def whole(world: World) -> bool:
    """Whether the tag means the image, and every blob of it is there."""
    _, manifest = world.server.manifests["package", "v1"]
    base, ours = world.image.base.manifest.layers, world.image.layers
    stack = [*(layer.digest for layer in base), *(layer.digest for layer in ours), world.image.config_descriptor.digest]
    return digest_of(manifest) == world.image.digest and all(
        digest_of(world.server.blobs["package", digest]) == digest for digest in stack
    )


class TestWhatIsSent:
    def test_the_base_is_mounted_and_our_layers_are_sent(self, world: World) -> None:
        """The base's bytes stay in the registry that has them."""
        pushed = push(world)

        assert {
            "base layer 1": How.MOUNTED,
            "base layer 2": How.MOUNTED,
            "model": How.SENT,
            "code": How.SENT,
            "config": How.SENT,
        } == hows(pushed)
        assert whole(world)
        assert f"{world.server.host}/package:v1@{world.image.digest}" == str(pushed.reference)

    def test_sizes_are_counted(self, world: World) -> None:
        """What the result says is what the registry received."""
        client = world.client()
        pushed = push(world, client)

        assert sum(seen.received for seen in world.server.seen) == pushed.bytes_sent
        assert len(world.server.seen) == pushed.requests  # the attempt to speak https was none
        assert client.request_count == pushed.requests
        assert pushed.manifest_written

    def test_the_tag_is_the_last_thing_written(self, world: World) -> None:
        """Blobs, then the manifest, once and under its tag."""
        push(world)
        writes = [seen.path for seen in world.server.seen if seen.method == "PUT"]

        assert "/v2/package/manifests/v1" == writes[-1]
        assert all("/uploads/" in path for path in writes[:-1])

    def test_a_tag_that_means_the_image_costs_one_question(self, world: World) -> None:
        """Nothing is sent the second time."""
        push(world)
        world.server.seen.clear()
        pushed = push(world)

        assert ["/v2/package/manifests/v1"] == world.server.paths("HEAD")
        assert [] == [seen for seen in world.server.seen if seen.method not in {"HEAD", "GET"}]
        assert (0, False) == (pushed.bytes_sent, pushed.manifest_written)
        assert {How.PRESENT} == set(hows(pushed).values())

    def test_a_changed_model_sends_the_model_alone(self, world: World, tmp_path: Path) -> None:
        """All else is there already."""
        push(world)
        world.image = image_on(world.image.base, tmp_path, b"another model")
        pushed = push(world)

        assert {"model", "config"} == {name for name, how in hows(pushed).items() if how is How.SENT}
        assert pushed.bytes_sent < 10_000

    def test_without_a_tag_the_digest_alone_is_written(self, world: World) -> None:
        """And asked for the next time."""
        world.target = type(world.target)(world.server.host, "package")
        push(world)
        again = push(world)

        assert [("package", world.image.digest)] == [key for key in world.server.manifests if key[0] == "package"]
        assert not again.manifest_written

    def test_a_base_from_elsewhere_is_streamed_through(self, world: World, other: RegistryServer) -> None:
        """Another registry cannot be mounted from; its layers go through memory."""
        target = type(world.target)(other.host, "package", "v1")
        client = world.client(host=other.host)
        pushed = push_image(client, world.image, target, base_client=world.client())

        assert {How.SENT} == set(hows(pushed).values())
        assert b"lower" * 1000 == other.blobs["package", world.image.base.manifest.layers[0].digest]

    def test_progress_is_told_for_what_is_sent(self, world: World) -> None:
        """A layer is told of on its way and at its end; what is mounted takes no time."""
        told: list[Progress] = []
        client = world.client()
        push_image(client, world.image, world.target, base_client=client, report=told.append)
        size = world.image.layers[0].size

        assert {"send model", "send code"} == {each.task for each in told}
        assert {"send model", "send code"} == {each.task for each in told if each.finished and each.done == each.total}
        assert 3 <= len([each for each in told if each.task == "send model" and each.total == size])


class TestMisbehaviour:
    @pytest.mark.parametrize(
        "fault",
        [
            Fault("PATCH", "uploads", 500),
            Fault("PATCH", "uploads", 429, {"Retry-After": "7"}),
            Fault("PATCH", "uploads", 404),
            Fault("PATCH", "uploads", TEAR),
            Fault("PATCH", "uploads", CORRUPT),
            Fault("PUT", "uploads", 503),
            Fault("PUT", "uploads", UNHEARD),
            Fault("POST", "uploads", 502),
            Fault("POST", "uploads/$", 202),
            Fault("HEAD", "blobs", 500),
            Fault("HEAD", "manifests", TEAR),
            Fault("PUT", "manifests/v1", 500),
            Fault("PUT", "manifests/v1", UNHEARD),
        ],
        ids=lambda fault: f"{fault.method}-{fault.path.replace('/', '.')}-{fault.what}",
    )
    def test_one_fault_loses_nothing(self, world: World, fault: Fault) -> None:
        """Whatever breaks once is done again, and the image is whole."""
        world.server.faults.append(fault)
        push(world)

        assert [] == world.server.faults
        assert whole(world)
        assert (7.0 if fault.what == 429 else 0.5) == sum(world.time.slept)

    def test_a_broken_upload_starts_with_a_new_one(self, world: World) -> None:
        """No address of a broken upload is used again, and the whole blob is sent."""
        world.server.faults += [Fault("PATCH", "uploads", TEAR)] * 2
        pushed = push(world)
        patched = world.server.paths("PATCH")

        assert len(set(patched)) == len(patched)
        assert whole(world)
        assert pushed.bytes_sent >= MODEL_SIZE

    def test_what_the_registry_asks_to_wait_is_waited(self, world: World) -> None:
        """Retry-After wins over our own shorter wait."""
        world.server.faults.append(Fault("PUT", "manifests/v1", 429, {"Retry-After": "42"}))
        push(world)

        assert [42.0] == world.time.slept

    def test_waits_grow(self, world: World) -> None:
        """Half a second, then twice as long each time."""
        world.server.faults += [Fault("HEAD", "manifests/v1", 503) for _ in range(4)]
        push(world)

        assert [0.5, 1.0, 2.0, 4.0] == world.time.slept

    def test_the_fifth_failure_is_told_and_the_tag_stays(self, world: World) -> None:
        """A registry in trouble is left alone in the end."""
        world.server.faults += [Fault("PATCH", "uploads", 500) for _ in range(40)]

        with pytest.raises(RegistryFailed, match=r"Could not send .* answered 500: FAULT: told to") as failed:
            push(world)
        assert "run again later" in failed.value.remedy
        assert ("package", "v1") not in world.server.manifests

    def test_a_wait_beyond_patience_is_not_waited(self, world: World) -> None:
        """An hour is for a person to decide."""
        world.server.faults.append(Fault("HEAD", "manifests/v1", 429, {"Retry-After": "3600"}))

        with pytest.raises(RegistryFailed, match="limits how often"):
            push(world)
        assert [] == world.time.slept

    def test_a_mount_that_is_refused_becomes_an_upload(self, world: World) -> None:
        """Reading the neighbour may be forbidden; sending is not."""
        world.server.faults += [Fault("POST", "mount=", 403)]
        how = hows(push(world))

        assert whole(world)
        assert {How.SENT, How.MOUNTED} == {how["base layer 1"], how["base layer 2"]}

    def test_a_model_that_changes_after_it_was_read_is_not_pushed(self, world: World, tmp_path: Path) -> None:
        """The digest is checked on the way out, and no attempt is wasted on it."""
        (tmp_path / "model.bin").write_bytes(bytes(MODEL_SIZE))

        with pytest.raises(RegistryFailed, match="its bytes are no longer those of"):
            push(world)
        assert ("package", "v1") not in world.server.manifests

    def test_a_model_that_vanishes_is_told(self, world: World, tmp_path: Path) -> None:
        """A file that is shorter than its header says is told as such."""
        (tmp_path / "model.bin").write_bytes(b"short")

        with pytest.raises((RegistryFailed, BundleFailed)):
            push(world)
        assert ("package", "v1") not in world.server.manifests

    def test_a_base_that_breaks_off_is_read_again(self, world: World, other: RegistryServer) -> None:
        """The source of a stream may tear as well as its target."""
        world.server.faults.append(Fault("GET", "blobs", 503))
        target = type(world.target)(other.host, "package", "v1")
        push_image(world.client(host=other.host), world.image, target, base_client=world.client())

        assert ("package", "v1") in other.manifests
        assert [] == world.server.faults

    def test_a_proxy_that_changes_the_manifest_is_noticed(self, world: World) -> None:
        """The registry's digest must be ours."""
        headers: dict[str, str] = {"Docker-Content-Digest": digest_of(b"other")}
        world.server.faults.append(Fault("PUT", "manifests/v1", 201, headers))

        with pytest.raises(RegistryFailed, match="no proxy changes"):
            push(world)
