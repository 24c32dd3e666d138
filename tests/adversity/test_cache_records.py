"""What somebody can do to a record of the cache, by accident or on purpose, and what must come of it.

Whoever may write a record may also write the layers that it names: SECURITY.md says what they can still do.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from functions_model.core.references import digest_of
from functions_model.image.manifests import OCI_CONFIG, OCI_MANIFEST
from functions_model.pipeline.parts import find_part
from functions_model.preflight.inventory import Inventory
from functions_model.registry import Push, Record, RecordedLayer, RecordToWrite, find_record, pull_base
from functions_model.registry.client import RegistryClient
from support.adversity import Row, each
from support.fuzzing import DEEP
from support.images import image_on, stored_base
from support.packager import Packager
from support.registry_server import RegistryServer, serving
from support.stored_images import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from functions_model.image.assembly import Base
    from functions_model.pipeline.parts import Part
    from functions_model.pipeline.prepare import Making

CACHE, OWN, KEY, TAG = "functions-model/cache", "package", "k" * 32, f"env-{'k' * 32}"
NONE = "there is no record: what it keeps is made again, and the record with it"


@dataclass
class Kept:
    """A record below its tag in a registry, and what reads it."""

    server: RegistryServer
    base: Base
    record: Record
    told: list[Any] = field(default_factory=list)

    @property
    def client(self) -> RegistryClient:
        return RegistryClient(self.server.host, sleep=lambda _: None)

    @property
    def document(self) -> dict[str, Any]:
        """The record's manifest."""
        return cast("dict[str, Any]", json.loads(self.server.manifests[CACHE, TAG][1]))

    def write(self, content: bytes) -> None:
        self.server.manifests[CACHE, TAG] = (OCI_MANIFEST, content)

    def keep(self, config: bytes, kind: str = OCI_CONFIG) -> None:
        """Write the record anew, with something else beside its layers."""
        record = Record(self.record.layers, self.record.annotations, config, kind)
        self.server.blobs[CACHE, digest_of(config)] = config
        self.write(record.as_manifest())

    def found(self) -> Record | None:
        return find_record(self.client, CACHE, TAG)

    def part(self, *, last: Record | None = None, configured: bool = False) -> Part | None:
        """What a run finds that needs the part."""
        session = SimpleNamespace(host=self.server.host, client_of=lambda _: self.client)
        making = SimpleNamespace(
            spec=SimpleNamespace(build=SimpleNamespace(cache_repository=CACHE)),
            session=session,
            world=SimpleNamespace(tell=self.told.append),
            base=self.base,
            last_record=last,
        )
        return find_part(KEY, cast("Making", making), configured=configured)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    for server in serving():
        client = RegistryClient(server.host)
        base = pull_base(client, stored_base(server))
        image = image_on(base, tmp_path_factory.mktemp("image"))
        record = Record(tuple(RecordedLayer(KEY, layer) for layer in image.layers), {"base": base.digest}, b'{"a":1}')
        written = RecordToWrite(CACHE, TAG, record)
        Push(client, base.reference, base_client=client).finish(image, tag="v1", records=[written])
        yield Kept(server, base, record)


@pytest.fixture
def kept(stored: Kept) -> Iterator[Kept]:
    """What was stored, and is again after the test."""
    with stored.server.as_it_was():
        yield stored


def layer(**changes: Any) -> Callable[[dict[str, Any]], None]:
    """Changes the first layer's entry; a name with `_` is one of its facts."""

    def change(document: dict[str, Any]) -> None:
        entry = document["layers"][0]
        for name, value in changes.items():
            if name.startswith("_"):
                entry["annotations"][f"functions-model.layer.{name[1:].replace('_', '-')}"] = value
            else:
                entry[name] = value

    return change


def top(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update(changes)


def configuration(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["config"].update(changes)


def many(document: dict[str, Any]) -> None:
    document["layers"] = document["layers"][:1] * 200


CHANGED: list[Row[Callable[[dict[str, Any]], None]]] = [
    Row("a record's ratio is `nan`", NONE, layer(_ratio="nan"), "R2"),
    Row("a record's ratio is `inf`", NONE, layer(_ratio="inf"), "R2"),
    Row("a record's ratio is below zero", NONE, layer(_ratio="-0.5"), "R2"),
    Row("a record's ratio is a list", NONE, layer(_ratio=[0.5]), "R2"),
    Row("a record's layer has fewer bytes than none", NONE, layer(size=-1), "R2"),
    Row("a record's layer has infinitely many bytes", NONE, layer(size=float("inf")), "R2"),
    Row("a record's layer is as large as `true`", NONE, layer(size=True), "R2"),
    Row("a record's layer is larger than any registry takes", NONE, layer(size=1 << 50), "R13"),
    Row("a record's tree is `²` bytes large", NONE, layer(_tree_size="²"), "R2"),
    Row("a record's tree has 5,000 digits", NONE, layer(_tree_size="9" * 5000), "R13"),
    Row("a record's layer is called by two lines", NONE, layer(_name="model\n::error::told"), "R18"),
    Row("a record's layer is called by escape codes", NONE, layer(_name="\x1b[2J"), "R18"),
    Row("a record's layer has a name of 10,000 letters", NONE, layer(_name="A" * 10_000), "R13"),
    Row("a record's layer has a digest `nonsense`", NONE, layer(digest="nonsense"), "R2"),
    Row("a record's layer has a digest in capitals", NONE, layer(digest="sha256:" + "A" * 64), "R2"),
    Row("a record's layer is packed in a way that was not decided", NONE, layer(_compression="auto"), "R2"),
    Row("a record's layer is of another kind than its compression", NONE, layer(mediaType=OCI_CONFIG), "R2"),
    Row("a record's layer has no facts", NONE, layer(annotations=None), "R2"),
    Row("a record has more layers than an image can have", NONE, many, "R13"),
    Row("a record's layers are a mapping", NONE, top(layers={"a": 1}), "R2"),
    Row("a record's annotations are a list", NONE, top(annotations=[1]), "R2"),
    Row("a record's annotation is a number", NONE, top(annotations={"base": 1}), "R2"),
    Row("a record's configuration is announced with 40 GB", NONE, configuration(size=40 << 30, data=None), "R13"),
    Row("a record's configuration has fewer bytes than none", NONE, configuration(size=-1), "R13"),
    Row("a record's configuration is not what its digest says", NONE, configuration(data="e30="), "R14"),
    Row("a record's configuration is no base64", NONE, configuration(data="\u0660"), "R2"),
    Row("a record's configuration is of a kind that is a number", NONE, configuration(mediaType=5), "R2"),
]


@each(CHANGED)
def test_a_record_that_is_not_as_we_write_it(row: Row[Callable[[dict[str, Any]], None]], kept: Kept) -> None:
    """It is none. Whatever stands in it, no run ends for it."""
    document = kept.document
    row.case(document)
    if document["config"].get("data", "") is None:
        del document["config"]["data"]
    kept.write(json.dumps(document).encode())

    assert kept.found() is None
    assert kept.part() is None


BYTES = [
    Row("a record is 100,000 nested `[`", NONE, DEEP.encode(), "R2"),
    Row("a record is `null`", NONE, b"null", "R2"),
    Row("a record is empty", NONE, b"", "R2"),
    Row("a record is HTML", NONE, b"<html><body>Sign in</body></html>", "R2"),
    Row("a record is UTF-16 without a mark", NONE, '{"artifactType":"'.encode("utf-16-le"), "R2"),
    Row("a record is cut off", NONE, b'{"artifactType":"application/vnd.functions-model.record.v1', "R2"),
]


@each(BYTES)
def test_a_record_that_is_no_document(row: Row[bytes], kept: Kept) -> None:
    """It is none."""
    kept.write(row.case)

    assert kept.found() is None


def gone(kept: Kept) -> None:
    del kept.server.blobs[CACHE, kept.record.layers[0].layer.digest]


def last_gone(kept: Kept) -> None:
    del kept.server.blobs[CACHE, kept.record.layers[-1].layer.digest]


def shorter(kept: Kept) -> None:
    kept.server.blobs[CACHE, kept.record.layers[0].layer.digest] = b"short"


def other_size(kept: Kept) -> None:
    document = kept.document
    document["layers"][0]["size"] += 1
    kept.write(json.dumps(document).encode())


def other_key(kept: Kept) -> None:
    """As `az acr import`, or a tag that is moved by hand, does it."""
    kept.write(kept.server.manifests[CACHE, TAG][1].replace(KEY.encode(), b"o" * 32))


def unreadable(kept: Kept) -> None:
    kept.server.unreadable.add(CACHE)


def redirected(kept: Kept) -> None:
    """To a storage that lost what the registry thinks that it has."""
    kept.server.blob_redirect = f"http://{kept.server.host}/v2/elsewhere/blobs"


def an_image(kept: Kept) -> None:
    kept.server.manifests[CACHE, TAG] = kept.server.manifests[
        OWN if (OWN, "v1") in kept.server.manifests else "base", "v1"
    ]


LOST = [
    Row("a record names a blob that is gone", NONE, gone, "R14"),
    Row("a record names two blobs, and the last one is gone", NONE, last_gone, "R14"),
    Row("a blob of a record was cut short in the storage", NONE, shorter, "R14"),
    Row("a record says another size than its blob has", NONE, other_size, "R14"),
    Row("the storage behind a registry has lost a blob of a record", NONE, redirected, "R14"),
    Row("a record of another lock lies below a lock's tag", NONE, other_key, "R14"),
    Row("a repository of records may not be read", NONE, unreadable, "R14"),
    Row("an image lies below the tag of a record", NONE, an_image, "R14"),
]


@each(LOST)
def test_a_record_without_what_it_names(row: Row[Callable[[Kept], None]], kept: Kept) -> None:
    """It is none: in the cache repository, and as the last record of an image."""
    before = kept.found()
    assert before is not None
    assert kept.part() is not None
    row.case(kept)

    assert kept.part() is None
    assert kept.part(last=kept.found()) is None


def test_a_record_is_believed_in_a_registry_that_redirects(kept: Kept) -> None:
    """Azure's does: the size is what the storage says."""
    for (repository, digest), content in list(kept.server.blobs.items()):
        if repository == CACHE:
            kept.server.blobs["elsewhere", digest] = content
    with_storage = next(serving())
    with_storage.blobs.update(kept.server.blobs)
    kept.server.blob_redirect = f"http://{with_storage.host}/v2/elsewhere/blobs"

    assert kept.part() is not None
    with_storage.stop()


def engine(change: Callable[[dict[str, Any], Base], None]) -> Callable[[Base], bytes]:
    def made(base: Base) -> bytes:
        document = json.loads(json.dumps(dict(base.config.document)))
        change(document, base)
        return json.dumps(document).encode()

    return made


def other_base(document: dict[str, Any], base: Base) -> None:
    document["rootfs"]["diff_ids"] = [digest_of(b"other")] * len(base.config.diff_ids)


def more_layers(document: dict[str, Any], base: Base) -> None:
    document["rootfs"]["diff_ids"] += [digest_of(b"more")]


def other_platform(document: dict[str, Any], base: Base) -> None:
    document["architecture"] = "arm64"


ENGINE = [
    Row("an engine's record is of another base", NONE, engine(other_base), "R14"),
    Row("an engine's record speaks of more layers than its base has", NONE, engine(more_layers), "R14"),
    Row("an engine's record is for arm64", NONE, engine(other_platform), "R14"),
    Row("an engine's record keeps no configuration", NONE, lambda _: b"{}", "R14"),
    Row("an engine's record keeps bytes that are no JSON", NONE, lambda _: b"\xff\xfe", "R2"),
    Row(
        "an engine's record has variables that are a text",
        NONE,
        engine(lambda document, _: document.update(config={"Env": "PATH=/bin"})),
        "R2",
    ),
]


@each(ENGINE)
def test_what_an_engine_made(row: Row[Callable[[Base], bytes]], kept: Kept) -> None:
    """It is believed only with the configuration of an image from this base."""
    kept.keep(json.dumps(dict(kept.base.config.document)).encode())
    assert kept.part(configured=True) is not None
    kept.keep(row.case(kept.base))

    assert kept.part(configured=True) is None


def packed(document: Any) -> bytes:
    return zlib.compress(json.dumps(document).encode())


def inventory(**changes: Any) -> bytes:
    document = json.loads(zlib.decompress(Inventory(files=("six.py",)).as_bytes()))
    return packed(document | changes)


INVENTORIES = [
    Row("a kept inventory unpacks to 200 MB", NONE, zlib.compress(b" " * (200 << 20), 9), "R13"),
    Row("a kept inventory is not packed", NONE, b'{"version":3}', "R2"),
    Row("a kept inventory is cut off", NONE, inventory()[:-8], "R14"),
    Row("a kept inventory is 100,000 nested `[`", NONE, zlib.compress(DEEP.encode()), "R2"),
    Row("a kept inventory is `null`", NONE, packed(None), "R2"),
    Row(
        "a kept inventory has a package of infinite size",
        NONE,
        inventory(distributions=[["a", "1", 1e999, [], [], []]]),
        "R2",
    ),
    Row("a kept inventory has a package that is a number", NONE, inventory(distributions=[5]), "R2"),
    Row("a kept inventory's files are `null`", NONE, inventory(files=None), "R2"),
    Row(
        "a kept inventory has half a pair of UTF-16 for a file", "it can be shown", inventory(files=["\ud800.py"]), "R2"
    ),
]


@each(INVENTORIES)
def test_what_is_kept_of_an_environment(row: Row[bytes]) -> None:
    """It is read within bounds, and what is none is made again."""
    found = Inventory.from_bytes(row.case)

    if row.comes == NONE:
        assert found is None
    else:
        assert found is not None
        assert "".join(found.files).encode()


class TestWholeRuns:
    """A registry from which somebody has cleaned by hand, between two runs."""

    @pytest.mark.parametrize("cache", ["none", "team/cache"])
    @pytest.mark.exhaustive
    def test_the_next_run_makes_it_anew_and_overwrites_the_record(self, cache: str, tmp_path: Path) -> None:
        """R14: it failed each time, and nothing said which tag to delete."""
        for server in serving():
            stored_base(server)
            packager = Packager.of(tmp_path / "workspace", server.host, f"{server.host}/base:4")
            packager.package(image_tag="v1", cache_repository=cache)
            lost = Reader(f"http://{server.host}").image("package", "v1").layers["dependencies"]["digest"]
            for place in [place for place in server.blobs if place[1] == lost]:
                del server.blobs[place]
            packager.model.write_bytes(b"second")
            second = packager.package(image_tag="v2", cache_repository=cache)
            server.seen.clear()
            packager.model.write_bytes(b"third")
            third = packager.package(image_tag="v3", cache_repository=cache)

            assert "reused, not installed" not in second.log
            assert lost in {digest for repository, digest in server.blobs if repository == "package"}
            assert "reused, not installed" in third.log
