"""One pass over the files of a layer for somebody who sends it: read, packed and hashed while it goes out."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

from functions_model.core.progress import Progress, Report, silent
from functions_model.image.compression import Choice, Compression, choose, pack, packed_size
from functions_model.image.manifests import OCI_LAYER_GZIP, OCI_LAYER_TAR
from functions_model.image.overlap import RunningDigest, ahead
from functions_model.image.plans import Layer, LayerPlan
from functions_model.image.tar import tar_size, write_tar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from functions_model.core.digests import Digest


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
            message = f"`{self.name}` has not been packed to its end"
            raise RuntimeError(message)
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
