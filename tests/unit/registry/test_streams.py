"""One pass: layers that are sent while they are made, and what happens when the registry misbehaves meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import BundleFailed, RegistryFailed
from functions_model.core.references import digest_of
from functions_model.core.work import Progress
from functions_model.image.assembly import assemble
from functions_model.image.compression import Compression
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import Layer, LayerPlan, LayerStream, build_layer
from functions_model.registry import How, Push
from functions_model.registry.access import EntraExchange
from support.images import NOISE
from support.registry_server import CORRUPT, EXPIRE, TEAR, UNHEARD, Fault

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from functions_model.image.assembly import Image

    from .conftest import World

FORMS = [Compression.RAW, Compression.STORED, Compression.GZIP]


def plan(folder: Path, form: Compression = Compression.RAW, name: str = "model") -> LayerPlan:
    path = folder / f"{name}.bin"
    if not path.exists():
        path.write_bytes(NOISE)
    return LayerPlan(name, FileTree.of([TreeFile(f"m/{name}.bin", path)]), form)


def opened(world: World, credential: object = None, **options: Any) -> Push:
    client = world.client(credential)
    return Push(client, world.target, base_client=client, **options)


def image_of(world: World, *layers: Layer) -> Image:
    return assemble(world.image.base, layers, env={"A": "1"}, labels={})


def uploads(world: World) -> list[str]:
    return [seen.path for seen in world.server.seen if seen.method == "PATCH"]


class TestOnePass:
    @pytest.mark.parametrize("form", FORMS)
    def test_a_layer_arrives_as_it_would_have_been_built(self, world: World, tmp_path: Path, form: Compression) -> None:
        """Its digest is known at the end, and is that of the layer built first and sent then."""
        sent = opened(world).send(LayerStream(plan(tmp_path, form)))
        built = build_layer(plan(tmp_path, form), tmp_path / "spool")

        assert (built.digest, built.diff_id, built.size) == (sent.digest, sent.diff_id, sent.size)
        assert built.digest == digest_of(world.server.blobs["package", sent.digest])

    @pytest.mark.parametrize("form", FORMS)
    def test_three_requests_send_it(self, world: World, tmp_path: Path, form: Compression) -> None:
        """Its length goes ahead where it is known; else each piece tells its own."""
        opened(world).send(LayerStream(plan(tmp_path, form)))
        _, begun, patched, closed = world.server.seen  # the first asks how the registry speaks

        assert ["POST", "PATCH", "PUT"] == [begun.method, patched.method, closed.method]
        assert patched.chunked == (form is Compression.GZIP)

    def test_what_was_sent_is_not_asked_for_again(self, world: World, tmp_path: Path) -> None:
        """The image's push counts it as sent, and makes no request for it."""
        push = opened(world)
        layer = push.send(LayerStream(plan(tmp_path)))
        pushed = push.finish(image_of(world, layer))

        assert [] == [seen for seen in world.server.seen if seen.path.endswith(layer.digest)]
        assert {"model": How.SENT, "config": How.SENT, "base layer 1": How.MOUNTED, "base layer 2": How.MOUNTED} == {
            blob.name: blob.how for blob in pushed.blobs
        }
        assert sum(seen.received for seen in world.server.seen) == pushed.bytes_sent

    def test_several_are_sent_at_the_same_time(self, world: World, tmp_path: Path) -> None:
        """Each waits until all have begun, which they would do for ever one after the other."""
        meeting = threading.Barrier(4, timeout=20)

        class Meeting(LayerStream):
            def blocks(self) -> Generator[bytes, None, None]:
                meeting.wait()
                yield from super().blocks()

        push = opened(world)
        with ThreadPoolExecutor(4) as pool:
            layers = list(pool.map(push.send, [Meeting(plan(tmp_path, name=name)) for name in "abcd"]))

        assert {"a", "b", "c", "d"} == {layer.name for layer in layers}
        assert all(("package", layer.digest) in world.server.blobs for layer in layers)

    def test_a_finished_layer_is_sent_only_when_it_is_missing(self, world: World, tmp_path: Path) -> None:
        """Hashed first, then asked for."""
        layer = build_layer(plan(tmp_path), tmp_path / "spool")
        opened(world).send(layer)
        before = len(uploads(world))
        opened(world).send(layer)

        assert (1, 1) == (before, len(uploads(world)))

    def test_progress_is_told_up_to_the_end(self, world: World, tmp_path: Path) -> None:
        """Of how much, when that is known."""
        told: list[Progress] = []
        layer = opened(world, report=told.append).send(LayerStream(plan(tmp_path)))

        assert Progress("send model", layer.size, layer.size, finished=True) == told[-1]
        assert 3 <= len([each for each in told if each.task == "send model" and not each.finished])


class TestMisbehaviour:
    @pytest.mark.parametrize("form", [Compression.RAW, Compression.GZIP])
    @pytest.mark.parametrize(
        "fault",
        [
            Fault("POST", "uploads", 502),
            Fault("POST", "uploads", 202),
            Fault("POST", "uploads", 429, {"Retry-After": "7"}),
            Fault("PATCH", "uploads", 500),
            Fault("PATCH", "uploads", 429, {"Retry-After": "7"}),
            Fault("PATCH", "uploads", 404),
            Fault("PATCH", "uploads", TEAR),
            Fault("PATCH", "uploads", CORRUPT),
            Fault("PATCH", "uploads", UNHEARD),
            Fault("PUT", "uploads", 503),
            Fault("PUT", "uploads", UNHEARD),
        ],
        ids=lambda fault: f"{fault.method}-{fault.what}",
    )
    def test_one_fault_loses_nothing(self, world: World, tmp_path: Path, fault: Fault, form: Compression) -> None:
        """The whole layer goes out again, and the image arrives whole."""
        world.server.faults.append(replace(fault))
        push = opened(world)
        layer = push.send(LayerStream(plan(tmp_path, form)))
        push.finish(image_of(world, layer))

        assert [] == world.server.faults
        assert layer.digest == digest_of(world.server.blobs["package", layer.digest])
        assert ("package", "v1") in world.server.manifests
        assert (7.0 if fault.what == 429 else 0.5) == sum(world.time.slept)

    def test_a_token_that_ends_in_mid_upload_is_replaced(self, world: World, tmp_path: Path) -> None:
        """A new token, a new upload, and every byte again."""
        world.server.auth = "bearer"
        world.server.faults.append(Fault("PATCH", "uploads", EXPIRE))
        push = opened(world, EntraExchange(lambda: "entra-token"))
        layer = push.send(LayerStream(plan(tmp_path)))

        assert layer.digest == digest_of(world.server.blobs["package", layer.digest])
        assert 2 == len(set(uploads(world))) == len(uploads(world))

    def test_an_answer_that_was_lost_costs_no_second_pass(self, world: World, tmp_path: Path) -> None:
        """The registry is asked whether it has the layer before it is sent again."""
        world.server.faults.append(Fault("PUT", "uploads", UNHEARD))
        opened(world).send(LayerStream(plan(tmp_path)))

        assert 1 == len(uploads(world))

    def test_a_registry_that_stays_in_trouble_leaves_the_tag(self, world: World, tmp_path: Path) -> None:
        """After five attempts the push is over, and the old image is what the tag means."""
        old = opened(world).finish(world.image).reference.digest
        world.server.faults += [Fault("PATCH", "uploads", TEAR) for _ in range(5)]
        push = opened(world)

        with pytest.raises(RegistryFailed, match="Could not send model to"):
            push.send(LayerStream(plan(tmp_path)))
        with pytest.raises(RegistryFailed, match="Could not send model to"):
            push.finish(image_of(world, build_layer(plan(tmp_path), tmp_path / "spool")))
        assert old == digest_of(world.server.manifests["package", "v1"][1])

    def test_the_first_failure_ends_the_others_and_is_told_by_all(self, world: World, tmp_path: Path) -> None:
        """Whichever is asked, it tells what went wrong, not that it was ended."""
        begun = threading.Event()

        class Endless(LayerStream):
            def __init__(self) -> None:
                self.name, self.size = "endless", None

            def blocks(self) -> Generator[bytes, None, None]:
                while True:
                    begun.set()
                    yield bytes(1000)

        class Broken(LayerStream):
            def __init__(self) -> None:
                self.name, self.size = "broken", 3

            def blocks(self) -> Generator[bytes, None, None]:
                begun.wait(20)
                raise PermissionError(13, "Permission denied")
                yield b""

        push = opened(world)
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(push.send, Endless()), pool.submit(push.send, Broken())]
            errors = [str(future.exception()) for future in futures]

        assert ["Could not send broken: its files cannot be read (Permission denied)"] * 2 == [
            error.partition(". ")[0] for error in errors
        ]

    def test_a_push_that_is_closed_ends(self, world: World, tmp_path: Path) -> None:
        """As when a layer cannot be packed: what is under way is given up, and the tag stays away."""
        push = opened(world)

        class Closing(LayerStream):
            def blocks(self) -> Generator[bytes, None, None]:
                for number, block in enumerate(super().blocks()):
                    if number == 1:
                        push.close()
                    yield block

        with pytest.raises(RegistryFailed, match="the push was stopped"):
            push.send(Closing(plan(tmp_path)))
        with pytest.raises(RegistryFailed, match="the push was stopped"):
            push.finish(world.image)
        assert ("package", "v1") not in world.server.manifests

    def test_a_push_that_is_closed_waits_no_longer(self, world: World, tmp_path: Path) -> None:
        """A registry may ask for minutes; what was ended meanwhile does not wait for them."""
        world.server.faults.append(Fault("PATCH", "uploads", 429, {"Retry-After": "200"}))
        client = world.client()
        push = Push(client, world.target, base_client=client)

        def sleep(seconds: float) -> None:
            world.time.sleep(seconds)
            push.close()

        client.sleep = sleep
        with pytest.raises(RegistryFailed, match="the push was stopped"):
            push.send(LayerStream(plan(tmp_path)))

        assert [1.0] == world.time.slept

    def test_a_crash_in_the_middle_leaves_the_tag(self, world: World, tmp_path: Path) -> None:
        """An interrupt goes through as it is; the tag means the old image."""
        old = opened(world).finish(world.image).reference.digest

        class Interrupted(LayerStream):
            def blocks(self) -> Generator[bytes, None, None]:
                yield bytes(1000)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            opened(world).send(Interrupted(plan(tmp_path)))
        assert old == digest_of(world.server.manifests["package", "v1"][1])

    def test_a_file_that_grows_is_no_half_layer(self, world: World, tmp_path: Path) -> None:
        """What no longer fits what was announced is refused, and not tried again."""
        stream = LayerStream(plan(tmp_path))
        (tmp_path / "model.bin").write_bytes(NOISE + b"more")

        with pytest.raises((BundleFailed, RegistryFailed)):
            opened(world).send(stream)
        assert [] == world.time.slept
        assert {"base"} == {repository for repository, _ in world.server.blobs}
