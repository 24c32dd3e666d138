"""What a layer will hold, and what it is once its bytes are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from functions_model.image.compression import Compression
from functions_model.image.manifests import Descriptor

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.core.digests import Digest
    from functions_model.image.files import FileTree


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
