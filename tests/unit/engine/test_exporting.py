"""Layers are found in what engines of each kind save."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.references import digest_of
from functions_model.engine.connecting import EngineSession
from functions_model.engine.loading import export_layers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

OURS, BASE = b"ours" * 5000, b"base" * 5000
PACKED = gzip.compress(OURS)
ROW = gzip.compress(OURS[:9000]) + gzip.compress(OURS[9000:])


class Engine:
    """Saves one image, in small pieces."""

    def __init__(self, files: dict[str, bytes]) -> None:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
        self._saved = stream.getvalue()

    def get_image(self, image: str, size: int) -> Iterator[bytes]:
        assert ("image", 1 << 20) == (image, size)
        yield b""
        for start in range(0, len(self._saved), 7001):
            yield self._saved[start : start + 7001]


def blob(content: bytes) -> str:
    return f"blobs/sha256/{digest_of(content).removeprefix('sha256:')}"


def session(files: dict[str, bytes], work: Path) -> EngineSession:
    return EngineSession(Engine(files), work, lambda _: None, {})


class TestForms:
    @pytest.mark.parametrize(
        "files",
        [
            {"1/VERSION": b"1.0", "1/layer.tar": BASE, "2/layer.tar": OURS, "manifest.json": b"[]"},
            {"oci-layout": b"{}", blob(BASE): BASE, blob(OURS): OURS, "manifest.json": b"[]"},
            {blob(b"{}"): b"{}", blob(BASE): BASE, blob(PACKED): PACKED, "index.json": b"{}"},
            {blob(b"{}"): b"{}", blob(BASE): BASE, blob(ROW): ROW, "index.json": b"{}"},
        ],
        ids=["before-25", "from-25", "containerd", "containerd, a row of gzip members"],
    )
    def test_a_wanted_layer_is_packed_by_our_code(self, files: dict[str, bytes], tmp_path: Path) -> None:
        """The same layer whichever engine gave it; others are left."""
        wanted = digest_of(OURS)

        found = export_layers(session(files, tmp_path), "image", {wanted: "dockerfile"}, known={digest_of(BASE)})

        layer = found[wanted]
        content = _read(layer.open())
        assert [wanted] == list(found)
        assert ("dockerfile", wanted, len(OURS)) == (layer.name, layer.diff_id, layer.tree_size)
        assert (digest_of(content), len(content)) == (layer.digest, layer.size)
        assert OURS == gzip.decompress(content)

    @pytest.mark.parametrize(
        "content",
        [PACKED[:-9], PACKED[:40] + b"x" * 40, PACKED + PACKED[:4] + b"x" * 40],
        ids=["cut", "garbled", "a second member is garbled"],
    )
    def test_a_layer_whose_gzip_is_broken_ends_it(self, content: bytes, tmp_path: Path) -> None:
        """What the engine gave, in the product's own words."""
        with pytest.raises(EnvironmentFailed, match="container engine"):
            export_layers(session({blob(content): content}, tmp_path), "image", {digest_of(OURS): "dockerfile"})

    def test_a_layer_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        """Also when the engine broke off."""
        wanted = digest_of(OURS)

        with pytest.raises(EnvironmentFailed, match=f"does not give the layer {wanted}"):
            export_layers(session({"1/layer.tar": BASE}, tmp_path), "image", {wanted: "dockerfile"})


def _read(stream: BinaryIO) -> bytes:
    with stream:
        return stream.read()
