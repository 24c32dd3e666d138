"""Records: what is kept of a run, found again, and never needed."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import digest_of
from functions_model.image.assembly import assemble
from functions_model.image.compression import Compression
from functions_model.image.manifests import OCI_CONFIG, OCI_MANIFEST
from functions_model.registry import How, Push, Record, RecordedLayer, RecordToWrite, find_manifest, find_record
from support.images import image_on
from support.registry_server import CORRUPT, TEAR, Fault

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.registry import PushedImage

    from .conftest import World

OWN, CACHE = "package", "functions-model/cache"
TAG = "functions-model-cache"
LARGE = bytes(5_000)


def record_of(world: World, config: bytes = b"{}") -> Record:
    kept = tuple(RecordedLayer(f"key-{layer.name}", layer) for layer in world.image.layers)
    return Record(kept, {"base": world.image.base.digest}, config)


def push(world: World, *records: RecordToWrite) -> PushedImage:
    client = world.client()
    return Push(client, world.target, base_client=client).finish(world.image, records=records)


def kept(world: World, repository: str = OWN, config: bytes = b"{}") -> PushedImage:
    return push(world, RecordToWrite(repository, TAG, record_of(world, config)))


class TestFinding:
    def test_what_was_kept_is_found_again(self, world: World) -> None:
        """Every fact about every layer, in one request."""
        kept(world, config=b'{"os":"linux"}')
        world.server.seen.clear()
        client = world.client()
        record = find_record(client, OWN, TAG)

        assert record is not None
        assert ({"base": world.image.base.digest}, b'{"os":"linux"}') == (record.annotations, record.config)
        assert OCI_CONFIG == record.config_type
        assert [replace(each, open=BytesIO, repository=OWN) for each in world.image.layers] == [
            replace(recorded.layer, open=BytesIO) for recorded in record.layers
        ]
        assert ["/v2/", f"/v2/{OWN}/manifests/{TAG}"] == [seen.path for seen in world.server.seen]

    def test_a_large_configuration_is_a_blob_of_its_own(self, world: World) -> None:
        """A changed script sends the record again, and not what it keeps."""
        kept(world, config=LARGE)
        record = find_record(world.client(), OWN, TAG)

        assert record is not None
        assert LARGE == record.config
        assert len(world.server.manifests[OWN, TAG][1]) < len(LARGE)

    @pytest.mark.parametrize("damage", ["gone", "longer"])
    def test_without_its_configuration_there_is_none(self, world: World, damage: str) -> None:
        """The layers are made again, and so is the record."""
        kept(world, config=LARGE)
        if damage == "gone":
            del world.server.blobs[OWN, digest_of(LARGE)]
        else:
            kind, content = world.server.manifests[OWN, TAG]
            world.server.manifests[OWN, TAG] = (kind, content.replace(str(len(LARGE)).encode(), b"99999999999"))

        assert None is find_record(world.client(), OWN, TAG)

    def test_a_layer_is_found_by_its_key(self, world: World) -> None:
        """And by no other."""
        kept(world)
        record = find_record(world.client(), OWN, TAG)

        assert record is not None
        assert world.image.layers[1].digest == record.find("key-code").digest  # type: ignore[union-attr]
        assert None is record.find("key-other")

    def test_a_found_layer_can_be_read(self, world: World) -> None:
        """From the repository that has it."""
        kept(world)
        record = find_record(world.client(), OWN, TAG)
        assert record is not None
        with record.layers[0].layer.open() as stream:
            content = b"".join(iter(lambda: stream.read(1 << 20), b""))

        assert world.image.layers[0].digest == digest_of(content)

    def test_a_found_layer_that_is_damaged_is_told(self, world: World) -> None:
        """Its digest is checked at the end."""
        kept(world)
        record = find_record(world.client(), OWN, TAG)
        layer = world.image.layers[1]
        world.server.blobs[OWN, layer.digest] = bytes(layer.size)
        assert record is not None

        with record.layers[1].layer.open() as stream, pytest.raises(RegistryFailed, match="sent other bytes"):
            b"".join(iter(lambda: stream.read(1 << 20), b""))

    def test_there_is_none_at_first(self, world: World) -> None:
        """As in a repository that does not exist."""
        assert None is find_record(world.client(), "nowhere", TAG)

    @pytest.mark.parametrize("status", [401, 403, 404])
    def test_one_that_may_not_be_read_is_none(self, world: World, status: int) -> None:
        """A cache is no condition."""
        kept(world)
        world.server.faults.append(Fault("GET", "manifests", status))

        assert None is find_record(world.client(), OWN, TAG)

    @pytest.mark.parametrize(
        "damage",
        [
            (b"record.v1", b"record.v2"),
            (b'"artifactType"', b'"artifactTyp"'),
            (b"functions-model.layer.key", b"functions-model.layer.kex"),
            (b'"functions-model.layer.compression":"stored"', b'"functions-model.layer.compression":"zstd"'),
            (b'"data":"', b'"data":"AAAA'),
            (b'layer.diff-id":"sha256:', b'layer.diff-id":"sha512:'),
            (b"{", b"["),
            (b'"size":', b'"size":"x","siz":'),
        ],
    )
    def test_one_that_is_not_understood_is_none(self, world: World, damage: tuple[bytes, bytes]) -> None:
        """The layers are made again, and so is the record."""
        kept(world, config=b'{"os":"linux"}')
        content = world.server.manifests[OWN, TAG][1]
        world.server.manifests[OWN, TAG] = (OCI_MANIFEST, content.replace(*damage))

        assert damage[0] in content
        assert None is find_record(world.client(), OWN, TAG)

    def test_a_tag_that_is_an_image_is_none(self, world: World) -> None:
        """Somebody may have used the tag for something else."""
        push(world)

        assert None is find_record(world.client(), OWN, "v1")

    def test_a_registry_in_trouble_is_told(self, world: World) -> None:
        """It would not take the image either."""
        world.server.faults += [Fault("GET", "manifests", 503) for _ in range(5)]

        with pytest.raises(RegistryFailed, match="answered 503"):
            find_record(world.client(), OWN, TAG)


class TestFoundLayersInAnImage:
    def test_those_of_the_same_repository_cost_no_request(self, world: World, tmp_path: Path) -> None:
        """The record keeps them there."""
        kept(world)
        record = find_record(world.client(), OWN, TAG)
        assert record is not None
        found = [recorded.layer for recorded in record.layers]
        world.image = assemble(world.image.base, found, env={"B": "2"}, labels={})
        world.server.seen.clear()
        pushed = push(world)

        assert {How.PRESENT} == {blob.how for blob in pushed.blobs if blob.name in {"model", "code"}}
        assert [] == [seen for seen in world.server.seen if seen.path.rpartition("/")[2] in {x.digest for x in found}]

    @pytest.mark.parametrize(("mounts", "how"), [(True, How.MOUNTED), (False, How.SENT)])
    def test_those_of_another_repository_are_mounted(self, world: World, mounts: bool, how: How) -> None:
        """Or, where the registry does not mount, read from there and sent."""
        kept(world, CACHE)
        record = find_record(world.client(), CACHE, TAG)
        assert record is not None
        world.image = assemble(world.image.base, [each.layer for each in record.layers], env={}, labels={})
        world.target, world.server.mounts = replace(world.target, repository="second"), mounts
        pushed = push(world)

        assert {how} == {blob.how for blob in pushed.blobs if blob.name in {"model", "code"}}
        assert ("second", "v1") in world.server.manifests

    def test_one_that_is_gone_is_told(self, world: World) -> None:
        """The registry refuses the manifest, and the layer cannot be had from anywhere."""
        kept(world)
        record = find_record(world.client(), OWN, TAG)
        assert record is not None
        world.image = assemble(world.image.base, [each.layer for each in record.layers], env={"B": "2"}, labels={})
        del world.server.blobs[OWN, record.layers[0].layer.digest]
        old = world.server.manifests[OWN, "v1"]

        with pytest.raises(RegistryFailed, match="Could not read the layer"):
            push(world)
        assert old == world.server.manifests[OWN, "v1"]


class TestWriting:
    def test_a_record_elsewhere_brings_its_layers_along(self, world: World) -> None:
        """They are mounted, so that they stay when the image goes."""
        kept(world, CACHE)
        mounted = [seen for seen in world.server.seen if "mount" in seen.query and CACHE in seen.path]

        assert {layer.digest for layer in world.image.layers} == {seen.query["mount"] for seen in mounted}
        assert all((CACHE, layer.digest) in world.server.blobs for layer in world.image.layers)

    def test_one_that_is_there_already_is_left_alone(self, world: World, tmp_path: Path) -> None:
        """Questions, and nothing written."""
        record = RecordToWrite(CACHE, TAG, record_of(world))
        push(world, record)
        world.server.seen.clear()
        world.image = image_on(world.image.base, tmp_path, b"another")
        push(world, record)

        assert {"HEAD"} == {seen.method for seen in world.server.seen if CACHE in seen.path}

    def test_a_layer_that_was_lost_below_one_comes_back(self, world: World, tmp_path: Path) -> None:
        """Else the record would be there, and of no use, for ever."""
        record = RecordToWrite(CACHE, TAG, record_of(world))
        push(world, record)
        lost = record.record.layers[0].layer.digest
        del world.server.blobs[CACHE, lost]
        world.image = image_on(world.image.base, tmp_path, b"another")
        push(world, record)

        assert (CACHE, lost) in world.server.blobs

    @pytest.mark.parametrize("repository", [OWN, CACHE])
    def test_one_that_may_not_be_written_is_noted(self, world: World, repository: str) -> None:
        """The image is there all the same."""
        world.server.faults.append(Fault("PUT", f"manifests/{TAG}", 403))
        pushed = kept(world, repository)

        assert ("package", "v1") in world.server.manifests
        assert f"is not kept for later runs in `{world.server.host}/{repository}:{TAG}`" in pushed.notes[0]

    def test_a_repository_without_any_right_is_noted(self, world: World) -> None:
        """As for a login that may push to the image's repository alone."""
        world.server.unwritable.add(CACHE)
        world.server.unreadable.add(CACHE)

        assert 1 == len(kept(world, CACHE).notes)
        assert ("package", "v1") in world.server.manifests

    @pytest.mark.parametrize("fault", [TEAR, 500, 429])
    def test_one_fault_loses_no_record(self, world: World, fault: str | int) -> None:
        """It is written again like anything else."""
        world.server.faults.append(Fault("PUT", f"manifests/{TAG}", fault))
        pushed = kept(world)

        assert ((), ()) == (pushed.notes, tuple(world.server.faults))
        assert find_record(world.client(), OWN, TAG) is not None

    def test_damage_on_the_way_into_the_cache_is_mended(self, world: World) -> None:
        """Where layers must be sent again, they are held to their digests."""
        world.server.mounts = False
        world.server.faults.append(Fault("PATCH", CACHE, CORRUPT))
        kept(world, CACHE)

        assert find_manifest(world.client(), replace(world.target, repository=CACHE, tag=TAG)) is not None

    def test_the_image_is_tagged_last(self, world: World) -> None:
        """After its records."""
        kept(world)
        puts = [path for path in world.server.paths("PUT") if "/manifests/" in path]

        assert [f"/v2/{OWN}/manifests/{TAG}", f"/v2/{OWN}/manifests/v1"] == puts

    def test_the_same_record_has_the_same_bytes(self, world: World) -> None:
        """Whatever order its notes came in."""
        layers = record_of(world).layers
        one, two = Record(layers, {"a": "1", "b": "2"}), Record(layers, {"b": "2", "a": "1"})

        assert one.as_manifest() == two.as_manifest()
        assert Compression.STORED is layers[0].layer.compression

    def test_a_record_without_layers_can_be_kept(self, world: World) -> None:
        """It says that there is nothing to find."""
        push(world, RecordToWrite(OWN, TAG, Record((), {"a": "1"})))

        assert Record((), {"a": "1"}) == find_record(world.client(), OWN, TAG)
