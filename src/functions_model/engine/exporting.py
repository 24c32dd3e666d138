"""Takes layers out of the engine: the tar of `docker save`, read as it comes, packed by our own code."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import tempfile
import zlib
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import requests
from docker.errors import APIError

from functions_model.core.digests import Digest, parse_digest
from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.image.compression import Compression, pack
from functions_model.image.layers import Layer
from functions_model.image.manifests import OCI_LAYER_GZIP

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from typing import BinaryIO

    from functions_model.engine.connecting import EngineSession

_BLOCK = 1 << 20
_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
"""Engines from version 25 on name each layer by its digest; older ones by a random folder."""
_LAYER = re.compile(r".+/layer\.tar")
_GZIP = b"\x1f\x8b"


def export_layers(
    session: EngineSession, image: str, wanted: Mapping[Digest, str], *, known: Collection[str] = ()
) -> dict[Digest, Layer]:
    """Some layers of an image. Memory stays flat; one layer at a time lies unpacked in the session's `work`.

    Args:
        session: The engine. Its `work` must last as long as the layers are used.
        image: Its ID.
        wanted: The name of each wanted layer, by the digest of its tar.
        known: Digests of what is not wanted, packed or not, so that a large base is not read for nothing.

    Raises:
        EnvironmentFailed: The engine broke off, or does not give a layer.
    """
    found: dict[Digest, Layer] = {}
    try:
        with tarfile.open(fileobj=_Blocks(session.api.get_image(image, _BLOCK)), mode="r|") as archive:
            for member in archive:
                if member.isreg() and _may_be_wanted(member.name, known):
                    content = cast("IO[bytes]", archive.extractfile(member))
                    found |= _layer(content, wanted, session.work)
    except (APIError, requests.RequestException, tarfile.TarError, zlib.error) as error:
        raise _failure(str(error)) from error
    if missing := wanted.keys() - found.keys():
        raise _failure(f"the engine does not give the layer {min(missing)}")
    return found


def _may_be_wanted(name: str, known: Collection[str]) -> bool:
    blob = _BLOB.fullmatch(name)
    return f"sha256:{blob[1]}" not in known if blob else bool(_LAYER.fullmatch(name))


def _layer(content: IO[bytes], wanted: Mapping[Digest, str], work: Path) -> dict[Digest, Layer]:
    """The layer of a tar, when it is wanted. Which it is shows at its end, so it is written down first."""
    check = hashlib.sha256()
    with tempfile.TemporaryFile(dir=work) as plain:
        for block in _unpacked(content):
            check.update(block)
            plain.write(block)
        diff_id = parse_digest(f"sha256:{check.hexdigest()}")
        if diff_id not in wanted:
            return {}
        size = plain.tell()
        plain.seek(0)
        path, digest = _packed(plain, work)
    return {diff_id: _described(wanted[diff_id], digest, diff_id, path, size)}


def _unpacked(content: IO[bytes]) -> Iterator[bytes]:
    """The plain tar: engines with containerd's store give layers as they keep them, with gzip."""
    head = content.read(len(_GZIP))
    if head != _GZIP:
        yield head
        yield from _pieces(content)
        return
    inflater = zlib.decompressobj(wbits=31)
    for block in chain([head], _pieces(content)):
        yield inflater.decompress(block)


def _packed(plain: IO[bytes], work: Path) -> tuple[Path, Digest]:
    check = hashlib.sha256()
    with tempfile.NamedTemporaryFile(prefix="below-", suffix=".tar.gz", dir=work, delete=False) as packed:
        for piece in pack(_pieces(plain), Compression.GZIP):
            check.update(piece)
            packed.write(piece)
    return Path(packed.name), parse_digest(f"sha256:{check.hexdigest()}")


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _described(name: str, digest: Digest, diff_id: Digest, path: Path, plain_size: int) -> Layer:
    def opened() -> BinaryIO:
        return path.open("rb")

    opener: Callable[[], BinaryIO] = opened
    return Layer(
        name=name,
        digest=digest,
        diff_id=diff_id,
        size=path.stat().st_size,
        media_type=OCI_LAYER_GZIP,
        open=opener,
        tree_size=plain_size,
        compression=Compression.GZIP,
    )


class _Blocks(io.RawIOBase):
    """Blocks of the engine's answer as a stream that is read from its beginning to its end."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        super().__init__()
        self._blocks = iter(blocks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        room = memoryview(cast("bytearray", buffer)).cast("B")
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._rest = memoryview(block)
        count = min(len(room), len(self._rest))
        room[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _failure(said: str) -> EnvironmentFailed:
    action = "take the built layers out of the container engine"
    return EnvironmentFailed(action, [Problem(said.rstrip("."), "Check the engine's disk, and run again.", "builder")])
