"""Layers: what one will hold, what it is once its bytes are known, and the one pass over its files that makes it.

Files are read, packed and hashed while they go out. Reading, hashing and compressing all let go of the interpreter, so
threads are enough for them to overlap; what waits between them is bounded: a slow receiver slows the reading down.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Self, cast

from functions_model.core.references import Digest, parse_digest
from functions_model.core.work import Progress, Report, silent
from functions_model.image.compression import Choice, Compression, choose, pack, packed_size
from functions_model.image.files import FileTree
from functions_model.image.manifests import OCI_LAYER_GZIP, OCI_LAYER_TAR, Descriptor
from functions_model.image.tar import tar_size, write_tar


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """What a layer will hold.

    Attributes:
        name: For people: `dependencies`, `model`.
        tree: Its files.
        compression: How it is packed.
        epoch: The time of every file in it, in seconds since 1970.
    """

    name: str
    tree: FileTree
    compression: Compression = Compression.AUTO
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer whose bytes are known.

    Attributes:
        name: The plan's name.
        digest: Of the bytes that are sent.
        diff_id: Of the plain tar.
        size: Bytes that are sent.
        media_type: OCI's or Docker's; `assemble` changes it to the base's family.
        open: A new stream of the bytes that are sent. Reads at most what it is asked for, so read in a loop.
        tree_size: Bytes in the files of the layer.
        compression: How it is packed: never `AUTO`.
        repository: Where in the target registry it lies already, so that `open` reads it from there; empty for a layer
            that was made on this machine.
        ratio: What a sample shrank to, as a share of its size, when that decided the compression; else None.
    """

    name: str
    digest: Digest
    diff_id: Digest
    size: int
    media_type: str
    open: Callable[[], BinaryIO]
    tree_size: int
    compression: Compression = Compression.GZIP
    repository: str = ""
    ratio: float | None = None

    @property
    def descriptor(self) -> Descriptor:
        """The layer as a manifest names it."""
        return Descriptor(self.media_type, self.digest, self.size)


_WAITING = 2
"""Blocks that wait for a digest at most."""


def ahead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; the next one is made while this one is used."""
    with ThreadPoolExecutor(1, "read") as beside:
        coming = beside.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = beside.submit(next, pieces, None)
            yield piece


class RunningDigest:
    """A digest that grows in a thread of its own. Use it as a context, which ends the thread.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._beside = ThreadPoolExecutor(1, "digest")
        self._waiting: deque[Future[None]] = deque()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.shutdown(cancel_futures=True)

    def update(self, block: bytes) -> None:
        """Take one more block; waits when too many are waiting."""
        if len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._beside.submit(self._hash.update, block))
        self.size += len(block)

    def over(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, each taken before it is passed on."""
        for piece in pieces:
            self.update(piece)
            yield piece

    def finish(self) -> Digest:
        """The digest of everything so far."""
        while self._waiting:
            self._waiting.popleft().result()
        return parse_digest(f"sha256:{self._hash.hexdigest()}")


class LayerStream:
    """A layer on its way. Its digest is known when the last block has gone out.

    Attributes:
        name: The plan's name.
        compression: How it is packed: never `AUTO`.
        ratio: What a sample shrank to, as a share of its size, when that decided the compression; else None.
        size: Bytes that are sent; None with `gzip`, where only packing can tell.

    Args:
        plan: What the layer holds.
        report: Told after every block how much of the files has been read, as the task `pack <name>`.

    Raises:
        BundleFailed: A file is gone, or may not be read.
    """

    def __init__(self, plan: LayerPlan, *, report: Report = silent) -> None:
        self._tar_size = tar_size(plan.tree)
        undecided = plan.compression is Compression.AUTO
        choice = choose(plan.tree, size=self._tar_size) if undecided else Choice(plan.compression)
        self.name = plan.name
        self.compression = choice.compression
        self.ratio = choice.ratio
        self._plan = plan
        self._report = report
        self._tree_size = plan.tree.size
        self._layer: Layer | None = None
        self.size = packed_size(self._tar_size, self.compression)

    def blocks(self) -> Generator[bytes, None, None]:
        """The bytes to send, in blocks of up to about 1 MiB. Each call begins anew, with fresh digests.

        A few blocks are held at a time. Whoever stops in the middle should close the iterator, which ends its threads.

        Raises:
            BundleFailed: A file's length changed, or it vanished, since its folder was read.
        """
        done = 0
        try:
            with RunningDigest() as sent, RunningDigest() as plain:
                tar = ahead(write_tar(self._plan.tree, epoch=self._plan.epoch))
                raw = self.compression is Compression.RAW
                for block in pack(tar if raw else plain.over(tar), self.compression):
                    sent.update(block)
                    yield block
                    done = self._tell(sent.size if raw else plain.size)
                self._layer = self._made(sent, sent if raw else plain)
        finally:
            self._report(Progress(f"pack {self.name}", done, self._tree_size, finished=True))

    def layer(self) -> Layer:
        """The layer, as the last pass of `blocks` that ran to its end found it. Its `open` packs again.

        Raises:
            RuntimeError: No pass has run to its end: an error of the caller.
        """
        if self._layer is None:
            raise RuntimeError(f"`{self.name}` has not been packed to its end")
        return self._layer

    def _tell(self, packed: int) -> int:
        """Bytes of the files that so much of the tar stands for."""
        done = self._tree_size * packed // self._tar_size
        self._report(Progress(f"pack {self.name}", done, self._tree_size))
        return done

    def _made(self, sent: RunningDigest, plain: RunningDigest) -> Layer:
        diff_id: Digest = plain.finish()
        return Layer(
            name=self.name,
            digest=sent.finish(),
            diff_id=diff_id,
            size=sent.size,
            media_type=OCI_LAYER_TAR if self.compression is Compression.RAW else OCI_LAYER_GZIP,
            open=partial(_packed_again, self._plan, self.compression),
            tree_size=self._tree_size,
            compression=self.compression,
            ratio=self.ratio,
        )


def _packed_again(plan: LayerPlan, compression: Compression) -> BinaryIO:
    return cast("BinaryIO", PieceStream(pack(write_tar(plan.tree, epoch=plan.epoch), compression)))


class PieceStream(io.RawIOBase):
    """A stream over pieces that are made as it is read.

    Args:
        pieces: Consumed once.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill the buffer with what is at hand; 0 at the end."""
        room = memoryview(cast("bytearray", buffer)).cast("B")
        taken = self._take(len(room))
        room[: len(taken)] = taken
        return len(taken)

    def read(self, size: int = -1, /) -> bytes:
        """As of any raw stream, with one copy less."""
        return self.readall() if size < 0 else bytes(self._take(size))

    def _take(self, most: int) -> memoryview:
        while not self._rest and (piece := next(self._pieces, None)) is not None:
            self._rest = memoryview(piece)
        taken, self._rest = self._rest[:most], self._rest[most:]
        return taken


def build_layer(plan: LayerPlan, spool: Path, *, report: Report = silent) -> Layer:
    """The layer of a plan. The same tree gives the same bytes, wherever, whenever and by whomever it is built.

    One pass over the files, and memory stays flat. A compressed layer is kept in a spool file, as compressing again
    would cost more; a stored or raw layer is read from the files again, as writing it down would cost more.

    Args:
        plan: What it holds.
        spool: A folder for the compressed form; made when it is missing. It must last as long as the layer is used.
        report: Told after every block how much of the files has been read, as the task `pack <name>`.

    Raises:
        BundleFailed: A file changed while it was read.
    """
    stream = LayerStream(plan, report=report)
    if stream.compression is Compression.GZIP:
        return _spooled(stream, spool)
    deque(stream.blocks(), maxlen=0)
    return stream.layer()


def _spooled(stream: LayerStream, spool: Path) -> Layer:
    spool.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix="layer-", suffix=".part", dir=spool)
    with os.fdopen(handle, "wb", buffering=0) as writing:
        for block in stream.blocks():
            _write_all(writing, block)
    layer = stream.layer()
    kept = Path(name).replace(spool / f"{layer.digest.removeprefix('sha256:')}.tar.gz")
    return replace(layer, open=lambda: kept.open("rb"))


def _write_all(stream: io.FileIO, block: bytes) -> None:
    left = memoryview(block)
    while left:
        left = left[stream.write(left) :]
