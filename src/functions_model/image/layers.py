"""Makes a layer without sending it: its digest, its size, and a way to read its bytes as often as needed.

One pass over the files. A compressed layer is kept in a spool file, as compressing again would cost more; a stored or
raw layer is read from the files again, as writing it down would cost more. Memory stays flat either way.
"""

from __future__ import annotations

import os
import tempfile
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from functions_model.core.progress import Report, silent
from functions_model.image.compression import Compression
from functions_model.image.plans import Layer, LayerPlan
from functions_model.image.streams import LayerStream

if TYPE_CHECKING:
    import io

__all__ = ["Layer", "LayerPlan", "build_layer"]


def build_layer(plan: LayerPlan, spool: Path, *, report: Report = silent) -> Layer:
    """The layer of a plan. The same tree gives the same bytes, wherever, whenever and by whomever it is built.

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
