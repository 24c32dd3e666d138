"""Makes a layer from a tree: its digest, its size, and a way to read its bytes as often as needed.

One pass over the files. A compressed layer is kept in a spool file, as compressing again would cost more; a stored or
raw layer is read from the files again, as writing it down would cost more. Memory stays flat either way.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from functions_model.core.digests import Digest, parse_digest
from functions_model.image.compression import Compression, choose, pack
from functions_model.image.manifests import OCI_LAYER_GZIP, OCI_LAYER_TAR
from functions_model.image.plans import Layer, LayerPlan
from functions_model.image.tar import write_tar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


__all__ = ["Layer", "LayerPlan", "build_layer"]


def build_layer(plan: LayerPlan, spool: Path) -> Layer:
    """The layer of a plan. The same tree gives the same bytes, wherever, whenever and by whomever it is built.

    Args:
        plan: What it holds.
        spool: A folder for the compressed form; made when it is missing. It must last as long as the layer is used.

    Raises:
        BundleFailed: A file changed while it was read.
    """
    compression = choose(plan.tree) if plan.compression is Compression.AUTO else plan.compression
    diff, packed = _Hash(), _Hash()
    with ThreadPoolExecutor(1, "diff-id") as beside:
        pieces = pack(_hashed(write_tar(plan.tree, epoch=plan.epoch), diff, beside), compression)
        kept = _spooled(pieces, packed, spool) if compression is Compression.GZIP else None
        packed.take(pieces)  # nothing is left of a spooled layer
    return Layer(
        name=plan.name,
        digest=packed.digest,
        diff_id=diff.digest,
        size=packed.size,
        media_type=OCI_LAYER_TAR if compression is Compression.RAW else OCI_LAYER_GZIP,
        open=_opener(plan, compression, kept),
        tree_size=sum(file.size for file in plan.tree.files),
        compression=compression,
    )


class _Hash:
    """A digest that grows, and counts."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    def update(self, piece: bytes) -> None:
        self._hash.update(piece)
        self.size += len(piece)

    def take(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            self.update(piece)

    @property
    def digest(self) -> Digest:
        return parse_digest(f"sha256:{self._hash.hexdigest()}")


def _hashed(pieces: Iterable[bytes], digest: _Hash, beside: ThreadPoolExecutor) -> Iterator[bytes]:
    """The pieces, hashed on another core while the caller packs them: hashlib and isal let go of the interpreter."""
    running: Future[None] | None = None
    for piece in _gathered(pieces):
        if running:
            running.result()
        running = beside.submit(digest.update, piece)
        yield piece
    if running:
        running.result()


def _gathered(pieces: Iterable[bytes], enough: int = 1 << 18) -> Iterator[bytes]:
    """Small pieces joined, so that a hundred thousand small files do not mean as many hand-overs."""
    waiting: list[bytes] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= enough:
            yield b"".join(waiting) if len(waiting) > 1 else piece
            waiting, length = [], 0
    if length:
        yield b"".join(waiting)


def _spooled(pieces: Iterable[bytes], digest: _Hash, spool: Path) -> Path:
    spool.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="layer-", suffix=".part", dir=spool)
    with os.fdopen(handle, "wb", buffering=0) as stream:
        for piece in pieces:
            digest.update(piece)
            _write_all(stream, piece)
    kept = spool / f"{digest.digest.removeprefix('sha256:')}.tar.gz"
    return Path(name).replace(kept)


def _write_all(stream: io.FileIO, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[stream.write(left) :]


def _opener(plan: LayerPlan, compression: Compression, kept: Path | None) -> Callable[[], BinaryIO]:
    if kept is not None:
        spooled = kept
        return lambda: spooled.open("rb")
    return lambda: cast("BinaryIO", _PieceStream(pack(write_tar(plan.tree, epoch=plan.epoch), compression)))


class _PieceStream(io.RawIOBase):
    """A stream over pieces that are made as it is read.

    Args:
        pieces: Consumed once.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        room = memoryview(cast("bytearray", buffer)).cast("B")
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        count = min(len(room), len(self._rest))
        room[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count
