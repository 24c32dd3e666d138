"""The shared libraries of a base image: read from its layers once, and then found in the registry."""

from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.core.references import digest_of
from functions_model.image.manifests import OCI_LAYER_GZIP, OCI_LAYER_TAR, Descriptor
from functions_model.pipeline.base_libraries import BaseLibraries
from functions_model.registry import Push

if TYPE_CHECKING:
    from functions_model.image.assembly import Base

    from .conftest import World

CACHE = "functions-model/cache"
LOWER = ("usr/lib/x86_64-linux-gnu/libGL.so.1", "usr/lib/x86_64-linux-gnu/libGL.so.1.7.0", "etc/ld.so.conf", "bin/sh")
UPPER = ("usr/lib/x86_64-linux-gnu/libgomp.so.1", "usr/lib/.wh.libold.so.1")


def _tar(*names: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name in names:
            archive.addfile(tarfile.TarInfo(name))
    return content.getvalue()


@pytest.fixture
def base(world: World) -> Base:
    """A base of two layers, one of them compressed."""
    contents = ((OCI_LAYER_TAR, _tar(*LOWER)), (OCI_LAYER_GZIP, gzip.compress(_tar(*UPPER))))
    layers = tuple(Descriptor(kind, digest_of(content), len(content)) for kind, content in contents)
    for layer, (_, content) in zip(layers, contents, strict=True):
        world.server.blobs["base", layer.digest] = content
    return replace(world.image.base, manifest=replace(world.image.base.manifest, layers=layers))


def _libraries(world: World, base: Base, **given: bool) -> BaseLibraries:
    facts = {"keeps": True, **given}
    return BaseLibraries(base, lambda _: world.client(), world.server.host, CACHE, **facts, tell=lambda _: None)


class TestBaseLibraries:
    def test_are_read_from_the_layers(self, world: World, base: Base) -> None:
        """By the names of their files; folders and other files are left out."""
        assert frozenset({"libGL.so.1", "libGL.so.1.7.0", "libgomp.so.1"}) == _libraries(world, base).names()

    def test_are_kept(self, world: World, base: Base) -> None:
        """The next run asks for one manifest, and for no layer."""
        first = _libraries(world, base)
        first.names()
        record, client = first.record(), world.client()
        assert record is not None
        Push(client, world.target, base_client=client).finish(world.image, records=[record])
        world.server.seen.clear()
        second = _libraries(world, base)

        assert first.names() == second.names()
        assert second.record() is None
        assert not [seen.path for seen in world.server.seen if "/blobs/" in seen.path]

    @pytest.mark.parametrize(("given", "known"), [({"keeps": False}, False), ({"keeps": False, "insists": True}, True)])
    def test_are_read_where_somebody_keeps_them(
        self, world: World, base: Base, given: dict[str, bool], known: bool
    ) -> None:
        """Or where whoever asks insists: it takes the time of a pull. A plan writes nothing."""
        libraries = _libraries(world, base, **given)

        assert known == (libraries.names() is not None)
        assert libraries.record() is None

    def test_are_not_known_of_a_layer_that_nobody_here_can_unpack(self, world: World, base: Base) -> None:
        """Zstandard, as the standard library cannot read it."""
        content = b"\x28\xb5\x2f\xfd noise"
        layer = Descriptor(OCI_LAYER_GZIP, digest_of(content), len(content))
        world.server.blobs["base", layer.digest] = content
        base = replace(base, manifest=replace(base.manifest, layers=(layer,)))

        assert _libraries(world, base).names() is None
